"""A system under test: a configuration booted by `bh run --headless`, watched over its serial
console. Every wait is bounded, and everything that was seen goes to a log file."""
import os
import re
import shutil
import subprocess

import pexpect
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

EMULATORS = ("bochs", "qemu")
only = pytest.mark.only

# Machines under test share the cores with others: a wait is generous, as it only costs when
# something is broken.
BOOT = 120
WAIT = 60
PATIENCE = {"bochs": 4, "qemu": 1}

# What the machine's disk is called by bh --disk where a test does not care which it is.
DISK = {"bochs": "ide", "qemu": "nvme"}

# Words with which a Linux guest boots in half the instructions, where its boot is not the subject.
QUICK = "nokaslr mitigations=off audit=0"

SERVICE = """
  - name: service
    type: service
    image: {build}/guests/service.elf
    memory: 16M
    dma-pool: 4M
    kept: 256K
    rights: [console, control, inspect, power]
    devices:
      - {{ name: main, class: disk, optional: yes }}
"""


def on_cpus(n):
    """So many CPUs; QEMU's take turns, as those that load FPU states beside a first one that runs
    guests spoil its mode once in a while (tools/bh/qemu.c)."""
    return ["--cpus", str(n), "--one-thread"]


def hello(name, cmdline, **keys):
    """A domain that runs guests/hello."""
    lines = [f"  - name: {name}", "    type: native", "    image: {build}/guests/hello.elf",
             "    memory: 2M", f'    cmdline: "{cmdline}"']
    return "\n".join(lines + [f"    {key.replace('_', '-')}: {value}"
                              for key, value in keys.items()]) + "\n"


def linux(name, cmdline="", disk="", kernel="vmlinuz", initrd="initrd.img", **keys):
    """A Linux guest; disk is the flow mapping of its disk, without braces."""
    keys = {"memory": "128M", **keys}
    lines = [f"  - name: {name}", "    type: linux", "    kernel: {build}/linux/" + kernel,
             "    initrd: {build}/linux/" + initrd,
             f'    cmdline: "console=ttyS0 quiet cryptomgr.notests=1 8250.nr_uarts=1 name={name} '
             f'{cmdline}"']
    if disk:
        lines += ["    disks:", "      - {{ from: service, " + disk + " }}"]
    return "\n".join(lines + [f"    {key.replace('_', '-')}: {value}"
                              for key, value in keys.items()]) + "\n"


class Machine:
    """One run of bh. Use through the `boot` fixture."""

    def __init__(self, build, folder, config, args=(), emulator="qemu"):
        self.build = build
        self.folder = folder
        self.config = config
        self.log_path = os.path.join(folder, "serial.log")
        self.log = open(self.log_path, "w", encoding="utf-8", errors="replace")
        self.patience = PATIENCE[emulator]
        command = [config, "--headless", "--timeout", str(400 * self.patience)]
        if emulator == "bochs":
            command += ["--emulator", "bochs", "--log", os.path.join(folder, "bochs.log")]
        command += args
        self.child = pexpect.spawn(os.path.join(build, "bh"), ["run", *command], timeout=WAIT,
                                   encoding="utf-8", codec_errors="replace", echo=False,
                                   cwd=ROOT, logfile=None)
        self.child.logfile_read = self.log

    def expect(self, pattern, timeout=WAIT):
        """Waits for a regular expression; fails if it does not come in time."""
        try:
            self.child.expect(pattern, timeout=timeout * self.patience)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            kind = "in time" if isinstance(error, pexpect.TIMEOUT) else "before the end"
            raise AssertionError(f"{pattern!r} did not come {kind}") from None
        return self.child.match

    def expect_all(self, patterns, timeout=WAIT):
        """Waits for each of several lines, in whatever order they come."""
        left = list(patterns)
        while left:
            try:
                left.pop(self.child.expect(left, timeout=timeout * self.patience))
            except (pexpect.TIMEOUT, pexpect.EOF):
                raise AssertionError(f"these did not come: {left!r}") from None

    def type(self, text):
        self.child.send(text)

    def line(self, text):
        self.child.send(text + "\r")

    def view(self, key):
        """The multiplexer's escape key and a key: a all, s shell, 0 to 9 a domain."""
        self.child.send("\x1d" + key)

    def seen(self):
        """Everything that came so far, without terminal control."""
        self.log.flush()
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", f.read()).replace("\r", "")

    def end(self, timeout=WAIT):
        """Waits until bh ends by itself; returns its exit status."""
        try:
            self.child.expect(pexpect.EOF, timeout=timeout * self.patience)
        except pexpect.TIMEOUT:
            raise AssertionError("the system did not end in time") from None
        self.child.close()
        return self.child.exitstatus

    def stop(self):
        if self.child.isalive():
            self.child.terminate(force=False)
            try:
                self.child.expect(pexpect.EOF, timeout=10)
            except pexpect.TIMEOUT:
                pass
        self.child.close(force=True)
        self.log.close()


def write_config(build, folder, domains, top=""):
    """Writes a configuration of these domains; {build} in it is the build's folder."""
    path = os.path.join(folder, "config.yaml")
    text = "name: test\n" + top + "\ndomains:\n" + "".join(domains)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.format(build=build, folder=folder))
    return path


def project_config(build, folder, name):
    """A copy of configs/NAME.yaml that takes its files from this build."""
    with open(os.path.join(ROOT, "configs", name + ".yaml"), encoding="utf-8") as f:
        text = f.read().replace("../build/", build + "/")
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def copy_disk(build, folder, name):
    """A guest's disk image of its own for a test."""
    return shutil.copy(os.path.join(build, "linux", name), os.path.join(folder, name))


def cut(disk, offset, size=16 << 20):
    """A guest's part of the machine's disk as an image of its own."""
    part = f"{disk}.{offset}"
    with open(disk, "rb") as f, open(part, "wb") as out:
        f.seek(offset)
        out.write(f.read(size))
    return part


def dump(image, path):
    """The bytes of a file inside an ext4 image, read from outside."""
    out = image + ".dump"
    subprocess.run(["debugfs", "-R", f"dump {path} {out}", image], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(out, "rb") as f:
        return f.read()


def pattern(size, first=1):
    """What guests/linux/init writes: numbers, one a line."""
    text = bytearray()
    number = first
    while len(text) < size:
        text += b"%d\n" % number
        number += 1
    return bytes(text[:size])


def difference(got, wanted):
    """None if both are equal, else where they begin to differ: pytest would compare megabytes for
    hours to show it more nicely."""
    if got == wanted:
        return None
    at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
    return f"from byte {at} on: {got[at:at + 40]!r} in place of {wanted[at:at + 40]!r}"
