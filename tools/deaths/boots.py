"""One boot of the campaign: guests that check their disks while the service domain dies again and
again, as a function of a seed; and the watch over it."""
import os
import re
import selectors
import shutil
import subprocess
import time

from deaths import ledger, points

# What the boots are by turns. "linux": two Linux guests beside a native one; else two native guests,
# the first on such a disk.
KINDS = {"qemu": ("ram", "nvme", "linux", "ram", "virtio", "ram"),
         "bochs": ("ram", "ide", "ram", "ide", "linux", "ide")}
DISK = {"qemu": "nvme", "bochs": "ide"}
DEVICES = {"ram": "class: disk, optional: yes", "nvme": "class: nvme", "ide": "class: ide",
           "virtio": 'id: "1af4:1042"'}
# An instruction is a nanosecond in QEMU with --icount, 20 in Bochs; Linux would take QEMU too long
# so, and goes by the host's time.
TIMES = {"qemu": "killns=200000 killearly=300000 killidle=30",
         "bochs": "killns=4000000 killearly=6000000 killidle=600"}
NETS = ["net1", "net2"]
FRAMES = 2       # each of them sends, for each write of a disk's guest
LINUX_WRITES = 10 # for each of a native guest: it is far faster than its own start
MIB = 1 << 20
LINUX_PATIENCE = 10 # times as many deaths in which it must have got on: it has to boot
BOCHS_PATIENCE = 5  # its serial port takes longer for a restart's lines than many an incarnation lives
SILENCE = 300       # seconds of wall time without a line: something hangs

BAD = re.compile(r"WRONG|FAILED|DISK BAD|NET BAD|COMPLAINT|was acknowledged|[Pp]anic|assert|Oops|BUG:|gave up|no disk"
                 r"|stays off|does not|is damaged|exception|I/O error|contradicts|left out")
STOPPED = re.compile(r"(\S+): stopped: (.*)")
RESTARTED = re.compile(r"service: restarted, incarnation (\d+)$")
ENDED = re.compile(r"it ended with status (\d{5})$")
EXCHANGED = re.compile(r"(\w+): (\d+) of \2 frames")
VERDICT = re.compile(r"(\w+): (disk|net) ok, \d+ ")
WAITED = re.compile(r"(\w+): longest wait (\d+) us")

SERVICE = """name: campaign
domains:
  - name: service
    type: service
    image: {image}
    memory: 16M
    dma-pool: 4M
    kept: 512K
    restart-limit: 1000
    rights: [console, control, inspect, power]
    bridges:
      - {{ name: lan }}
    cmdline: "{words}"
    devices:
      - {{ name: main, {device} }}
"""

GUEST = """  - name: {name}
    type: native
    image: {build}/guests/{program}.elf
    memory: 4M
    cmdline: "{words}"
    {devices}:
      - {{ from: service, {device} }}
"""

LINUX = """  - name: {name}
    type: linux
    kernel: {build}/linux/vmlinuz
    initrd: {build}/linux/generations.img
    memory: 128M
    cmdline: "console=ttyS0 quiet cryptomgr.notests=1 8250.nr_uarts=1 nokaslr mitigations=off audit=0
      name={name} task=generations rounds={writes} mb=2 ip=10.0.0.{n} peer=10.0.0.{peer}"
    disks:
      - {{ from: service, module: {name}-root.img }}
      - {{ from: service, {disk} }}
    nics:
      - {{ from: service, bridge: lan }}
"""


class Failure(Exception):
    """What the campaign is there to find."""


class Boot:
    """A machine with guests that check their disks: `one` on the machine's disk, `two` on a RAM disk;
    `two` is reset with some deaths; beside them two exchange frames. Or Linux in place of all but `one`,
    twice, which does both."""

    def __init__(self, args, seed, emulator, last=None):
        kinds = KINDS[emulator]
        self.args, self.seed, self.emulator = args, seed, emulator
        self.kind = args.disk or kinds[seed % len(kinds)]
        self.folder = os.path.join(args.build, "campaign", f"{emulator}-{seed}")
        self.tally = points.Tally()
        self.tally.boots = 1
        self.linux = self.kind == "linux"
        self.disk = DISK[emulator] if self.linux else self.kind
        # guest: its blocks
        self.guests = ({"one": 256, "linux1": 256, "linux2": 256} if self.linux
                       else {"one": 256, "two": 64})
        self.ledgers = {name: ledger.Ledger() for name in self.guests}
        self.waits, self.last_lines, self.part = {}, [], ""
        # guest: what it has still to find good
        self.awaited = {name: {"disk", "net"} if name.startswith("linux") else {"disk"}
                        for name in self.guests}
        if not self.linux:
            self.awaited.update({name: {"net"} for name in NETS})
        # The incarnation that the console is at: a serial port as slow as a real one tells of what was
        # hundreds of deaths ago. And the one during which each guest was heard last.
        self.shown = 1
        self.got_on = dict.fromkeys(self.awaited, 1)
        self.quiet = set() # has all frames, and stays a while for its twin's sake
        self.heard = self.begin = time.time()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.write_config(last)

    def path(self, name):
        return os.path.join(self.folder, name)

    def service_words(self, last):
        resets = 0 if self.linux else self.args.resets
        words = [f"killseed={self.seed}", "killguest=2", f"killresets={resets}",
                 "killpoints=" + points.numbers(points.WORK),
                 "killsetup=" + points.numbers(points.SETUP),
                 "killfirst=" + points.first(), "shuffle", "diskdelay=30",
                 TIMES["bochs" if self.linux else self.emulator]]
        return " ".join(words + ([f"killlast={last}"] if last else []))

    def write_config(self, last):
        for name in self.guests:
            with open(self.path(name + ".img"), "wb") as f:
                f.truncate(2 * MIB)
            if name.startswith("linux"):
                shutil.copy(os.path.join(self.args.build, "linux", "linux1.img"),
                            self.path(name + "-root.img"))
        build = self.args.build
        writes = self.args.writes * (LINUX_WRITES if self.linux else 1)
        config = SERVICE.format(image=self.args.service, words=self.service_words(last),
                                device=DEVICES[self.disk])
        words = f"depth=32 writes={writes} ledger masks"
        disk = {"program": "disktest", "devices": "disks", "build": build}
        config += GUEST.format(name="one", **disk,
                               words=words + " blocks=256" + (" wait=4000" if self.linux else ""),
                               device="module: one.img" if self.disk == "ram"
                               else "device: main, size: 1M")
        if self.linux:
            config += LINUX.format(name="linux1", n=1, peer=2, build=build, writes=writes,
                                   disk="device: main, offset: 1M, size: 1M")
            config += LINUX.format(name="linux2", n=2, peer=1, build=build, writes=writes,
                                   disk="module: linux2.img")
        else:
            config += GUEST.format(name="two", **disk, words=words + " blocks=64 again halves",
                                   device="module: two.img")
            for name in NETS:
                config += GUEST.format(name=name, program="nettest", devices="nics", build=build,
                                       words=f"frames={writes * FRAMES} steps=50 lossy",
                                       device="bridge: lan")
        with open(self.path("config.yaml"), "w", encoding="utf-8") as f:
            f.write(config)

    def command(self):
        disk = "none" if self.disk == "ram" else f"{self.disk}:{self.path('one.img')}"
        command = [os.path.join(self.args.build, "bh"), "run", self.path("config.yaml"),
                   "--headless", "--timeout", str(self.args.bound), "--disk", disk]
        if self.emulator == "qemu":
            return command + ([] if self.linux else ["--icount"])
        return command + ["--emulator", "bochs", "--log", self.path("bochs.log")]

    def line(self, text):
        """A line of the serial port."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")
        self.heard = time.time()
        self.last_lines = [*self.last_lines[-39:], text]
        stopped, said = STOPPED.search(text), re.sub(r"^\[\w+\] ", "", text)
        if stopped:
            self.stopped(*stopped.groups())
        elif BAD.search(text):
            raise Failure(text)
        spoke, came = re.match(r"^\[(\w+)\] ", text), RESTARTED.search(text)
        if came:
            self.shown = int(came[1])
            self.check_progress()
        if spoke and spoke[1] in self.got_on:
            self.got_on[spoke[1]] = self.shown
        found = ledger.whole(said)
        if found and found[1] in self.ledgers:
            wrong = self.ledgers[found[1]].hear(found[2], found[3])
            if wrong:
                raise Failure(f"{found[1]}: {wrong}")
        exchanged, verdict, waited = (r.search(text) for r in (EXCHANGED, VERDICT, WAITED))
        if exchanged:
            self.quiet.add(exchanged[1])
        if verdict and verdict[1] in self.awaited:
            self.awaited[verdict[1]].discard(verdict[2])
        if waited:
            self.waits[waited[1]] = int(waited[2])

    def stopped(self, name, why):
        planned = ENDED.match(why)
        if name != "service" or not planned:
            raise Failure(f"{name} stopped: {why}")
        words = self.tally.count(int(planned[1]))
        self.last_lines.append(f"--- death {self.tally.points}: {words}")

    def check_progress(self):
        patience = (self.args.patience * (LINUX_PATIENCE if self.linux else 1)
                    * (BOCHS_PATIENCE if self.emulator == "bochs" else 1))
        for name, last in self.got_on.items():
            if name not in self.quiet and self.awaited[name] and self.shown - last > patience:
                raise Failure(f"{name} has not got on for {patience} deaths: it waits for an answer")

    def watch(self, child, log, progress):
        selector = selectors.DefaultSelector()
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=5):
                if time.time() - self.heard > SILENCE:
                    raise Failure(f"nothing was heard for {SILENCE} s: something hangs")
                continue
            data = os.read(child.stdout.fileno(), 65536)
            if not data:
                return
            log.write(data)
            *whole, self.part = (self.part + data.decode(errors="replace")).split("\n")
            for text in whole:
                self.line(text)
            progress(self)

    def check_end(self, status):
        if status != 0:
            raise Failure(f"the machine did not power off in order: bh ended with status {status}")
        for name, kinds in self.awaited.items():
            for kind in sorted(kinds):
                raise Failure(f"{name} never told of its {kind}")
        for name, book in self.ledgers.items():
            # A death may cost console lines that were just being read.
            if len(book.holds) < self.guests[name] * 3 // 4:
                raise Failure(f"{name}: of most blocks it was not heard what they hold")
        outside = [] if self.disk == "ram" else [("one", 0)]
        if self.linux:
            outside.append(("linux1", MIB))
        for name, offset in outside:
            wrong = self.ledgers[name].compare(self.path("one.img"), offset)
            if wrong:
                raise Failure(f"{name}: {wrong}")

    def run(self, progress):
        """The whole boot. Raises Failure."""
        with open(self.path("serial.log"), "wb") as log:
            with subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT) as child:
                try:
                    self.watch(child, log, progress)
                    self.check_end(child.wait(timeout=60))
                finally:
                    if child.poll() is None:
                        child.terminate()
