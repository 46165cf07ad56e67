"""One boot of the campaign: guests that check their disks while the service domain dies again and
again, as a function of a seed; and the watch over it."""
import os
import re
import selectors
import shutil
import subprocess
import time

from deaths import ledger, points

KINDS = {"qemu": ("ram", "nvme", "ram", "virtio"), "bochs": ("ram", "ide")}
DEVICES = {"ram": "class: disk, optional: yes", "nvme": "class: nvme", "ide": "class: ide",
           "virtio": 'id: "1af4:1042"'}
# An instruction is a nanosecond in QEMU with --icount, 20 in Bochs.
TIMES = {"qemu": "killns=200000 killearly=300000 killidle=30",
         "bochs": "killns=4000000 killearly=6000000 killidle=600"}
MIB = 1 << 20
PATIENCE = 60       # deaths in which a guest must have got on
SILENCE = 300       # seconds of wall time without a line: something hangs

BAD = re.compile(r"WRONG|FAILED|DISK BAD|was acknowledged|[Pp]anic|assert|Oops|BUG:|gave up|no disk"
                 r"|stays off|does not|is damaged|exception|I/O error|contradicts|left out")
STOPPED = re.compile(r"(\S+): stopped: (.*)")
ENDED = re.compile(r"it ended with status (\d{5})$")
VERDICT = re.compile(r"(\w+): disk ok, (\d+) writes")
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
    cmdline: "{words}"
    devices:
      - {{ name: main, {device} }}
"""

GUEST = """  - name: {name}
    type: native
    image: {build}/guests/disktest.elf
    memory: 4M
    cmdline: "{words}"
    disks:
      - {{ from: service, {disk} }}
"""


class Failure(Exception):
    """What the campaign is there to find."""


class Boot:
    """A machine with two guests: `one` on the machine's disk, `two` on a RAM disk; `two` is reset
    with some deaths."""

    def __init__(self, args, seed, emulator, last=None):
        kinds = KINDS[emulator]
        self.args, self.seed, self.emulator = args, seed, emulator
        self.kind = args.disk or kinds[seed % len(kinds)]
        self.folder = os.path.join(args.build, "campaign", f"{emulator}-{seed}")
        self.tally = points.Tally()
        self.tally.boots = 1
        self.ledgers = {"one": ledger.Ledger(), "two": ledger.Ledger()}
        self.verdicts, self.waits, self.last_lines, self.part = {}, {}, [], ""
        self.got_on = {"one": 0, "two": 0}  # the death at which each was heard last
        self.heard = self.begin = time.time()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.write_config(last)

    def path(self, name):
        return os.path.join(self.folder, name)

    def service_words(self, last):
        words = [f"killseed={self.seed}", "killguest=2", f"killresets={self.args.resets}",
                 "killpoints=" + points.numbers(points.WORK),
                 "killsetup=" + points.numbers(points.SETUP),
                 "killfirst=" + points.first(), "shuffle", "diskdelay=30",
                 TIMES[self.emulator]]
        return " ".join(words + ([f"killlast={last}"] if last else []))

    def write_config(self, last):
        for name in ("one", "two"):
            with open(self.path(name + ".img"), "wb") as f:
                f.truncate(MIB)
        device = self.kind != "ram"
        config = SERVICE.format(image=self.args.service, words=self.service_words(last),
                                device=DEVICES[self.kind])
        words = f"depth=32 writes={self.args.writes} ledger masks"
        config += GUEST.format(name="one", build=self.args.build, words=words + " blocks=256",
                               disk="device: main, size: 1M" if device else "module: one.img")
        config += GUEST.format(name="two", build=self.args.build, words=words + " blocks=64 again",
                               disk="module: two.img")
        with open(self.path("config.yaml"), "w", encoding="utf-8") as f:
            f.write(config)

    def command(self):
        disk = "none" if self.kind == "ram" else f"{self.kind}:{self.path('one.img')}"
        command = [os.path.join(self.args.build, "bh"), "run", self.path("config.yaml"),
                   "--headless", "--timeout", str(self.args.bound), "--disk", disk]
        if self.emulator == "qemu":
            return command + ["--icount"]
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
        spoke = re.match(r"^\[(\w+)\] ", text)
        if spoke and spoke[1] in self.got_on:
            self.got_on[spoke[1]] = self.tally.points
        for found in ledger.LINE.finditer(said):
            wrong = self.ledgers[found[1]].hear(found[2], found[3])
            if wrong:
                raise Failure(f"{found[1]}: {wrong}")
        verdict, waited = VERDICT.search(text), WAITED.search(text)
        if verdict:
            self.verdicts[verdict[1]] = int(verdict[2])
        if waited:
            self.waits[waited[1]] = int(waited[2])

    def stopped(self, name, why):
        planned = ENDED.match(why)
        if name != "service" or not planned:
            raise Failure(f"{name} stopped: {why}")
        words = self.tally.count(int(planned[1]))
        self.last_lines.append(f"--- death {self.tally.points}: {words}")
        for name, last in self.got_on.items():
            if name not in self.verdicts and self.tally.points - last > PATIENCE:
                raise Failure(f"{name} has not got on for {PATIENCE} deaths: it waits for an answer")

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
        for name, book in self.ledgers.items():
            if name not in self.verdicts:
                raise Failure(f"{name} never came to its end")
            if len(book.holds) != (256 if name == "one" else 64):
                raise Failure(f"{name}: what it holds was not said whole")
        wrong = self.kind != "ram" and self.ledgers["one"].compare(self.path("one.img"), 0)
        if wrong:
            raise Failure(wrong)

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
