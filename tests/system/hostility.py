"""A hostile guest beside innocent ones, all on one CPU with one service domain: the system, and
what is watched while it runs. For test_hostile.py and tools/hostile.

Virtual time counts instructions: shares of the CPU are then the same every time, and QEMU loses no
interrupt (its threads race for the word of pending interrupts when the guest leaves very often)."""
import re

import pexpect

ARGS = {"qemu": ["--icount"], "bochs": []}
# Virtual milliseconds: QEMU has 1,000 instructions to the microsecond then, Bochs 50.
BEAT = {"qemu": 20, "bochs": 200}
HANG = {"qemu": 5, "bochs": 50}
ALONE = 3
TOP = "\nemulator: {{ memory: 256M }}\n"

# What the innocent one must get of its 20 % of the CPU, in each beat and on average.
LEAST, MEAN = 30, 65

SYSTEM = """
  - name: service
    type: service
    image: {{build}}/guests/service.elf
    memory: 16M
    dma-pool: 4M
    kept: 256K
    rights: [console, control, inspect, power]
  - name: innocent
    type: native
    image: {{build}}/guests/innocent.elf
    memory: 2M
    cmdline: "alone={alone} period={beat}"
    cap: 20%
  - name: neighbour
    type: native
    image: {{build}}/guests/disktest.elf
    memory: 8M
    cmdline: "forever depth=2 blocks=8 writes=100"
    cap: 10%
    disks:
      - {{{{ from: service, module: {{build}}/guests/blank.img, offset: 0, size: 32K }}}}
  - name: hostile
    type: native
    image: {{build}}/guests/hostile.elf
    memory: 2M
    cmdline: "seed={seed} actions=1000 after={after} hang={hang}"
    restart: always
    restart-limit: 1000
    watchdog: {watchdog}ms
    disks:
      - {{{{ from: service, module: {{build}}/guests/blank.img, offset: 32K, size: 32K }}}}
    consoles:
      - {{{{ from: service }}}}
"""

BAD = re.compile(r"[Pp]anic|assert|SUM WRONG|DISK BAD|stays off|gave up"
                 r"|(service|innocent|neighbour): (stopped|exception|unexpected)")
MISDEEDS = re.compile(r"hostile: (\d+): (\d+) misdeeds")
BEATEN = re.compile(r"innocent: beat (\d+), share (\d+) %, sum good")
MEMORY = re.compile(r"^(\w+) +\d+ KiB +(\d+) KiB +(\d+) KiB *$|^(hypervisor|free)\W+(\d+) KiB",
                    re.MULTILINE)


def domains(seed, emulator):
    beat = BEAT[emulator]
    return [SYSTEM.format(seed=seed, beat=beat, alone=ALONE, after=(ALONE + 2) * beat,
                          hang=HANG[emulator], watchdog=40 * HANG[emulator])]


class Watch:
    """Counts the misdeeds of one boot, and looks at everything that anybody says."""

    def __init__(self, m):
        self.m = m
        self.misdeeds = self.deaths = self.neighbour = 0
        self.shares = []

    def hear(self, line):
        # The hostile one may say anything.
        if BAD.search(line) and not line.startswith("[hostile]"):
            raise AssertionError(f"somebody came to harm: {line.strip()}")
        if MISDEEDS.search(line):
            self.misdeeds += 100
        self.deaths += "hostile: stopped:" in line
        self.neighbour += "neighbour: disk ok" in line
        found = BEATEN.search(line)
        if found and self.misdeeds:
            self.shares.append(int(found[2]))

    def until(self, wanted, timeout=240, show=None):
        """Listens until so many misdeeds were done, and what was in between is judged."""
        while self.misdeeds < wanted:
            try:
                self.m.child.expect(r"[^\n]*\n", timeout=timeout * self.m.patience)
            except (pexpect.TIMEOUT, pexpect.EOF):
                raise AssertionError(f"silence after {self.misdeeds} misdeeds") from None
            self.hear(self.m.child.match[0])
            if show:
                show(self)
        if wanted < 1000:
            return
        assert len(self.shares) >= 3, "the innocent one was hardly seen"
        assert min(self.shares) >= LEAST, f"it got {min(self.shares)} % of its share"
        mean = sum(self.shares) / len(self.shares)
        assert mean >= MEAN, f"it got {mean:.0f} % of its share on average"


def held(m):
    """What the shell's `memory` says, but of how many page tables the hostile one has just now."""
    before = len(m.seen())
    m.view("s")
    m.line("memory")
    m.expect(r"free\W+\d+ KiB")
    words = [found.groups() for found in MEMORY.finditer(m.seen()[before:])]
    assert len(words) == 6, words
    return [word[:2] if word[0] == "hostile" else word for word in words]


def end(m):
    """Everybody is sent away; the service domain still does what it is told."""
    for name in ("hostile", "neighbour", "innocent"):
        m.line(f"kill {name}")
    m.expect("system: power off")
    return m.end()
