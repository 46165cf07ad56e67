"""SATA disks at an AHCI controller: deaths at depth, several ports, disks without queues of their
own, errors. Linux' disk over AHCI is in test_linux.py."""
import os
import re

import pytest

import test_service_death as death
from machine import BOOT, only

pytestmark = only("qemu", "Bochs has no AHCI")


class AhciRig(death.Rig):
    """A machine with SATA disks behind its CD, the first one empty, and an image beside."""

    def __init__(self, boot, folder, disks=1):
        super().__init__(boot, folder, "ram")
        self.kind = "ahci"
        self.device = "class: ahci"
        self.disk = "device: main, size: 4M"
        self.args = ["--disk", "none", "--"]
        for n, image in enumerate([self.image, os.path.join(folder, "second.img")][:disks]):
            with open(image, "wb") as f:
                f.truncate(4 * death.MIB)
            self.args += ["-drive", f"if=none,id=d{n},format=raw,file={image}",
                          "-device", f"ide-hd,drive=d{n},bus=ide.{n + 2}"]


@pytest.mark.seconds(17)
def test_deaths_at_every_store_lose_nothing(boot, folder):
    rig = AhciRig(boot, folder)
    deaths = [4000, *death.STEPS]
    for n in death.RECOVERY:
        deaths += [n, 1300 + n]
    death.die_at_stores(rig, deaths, writes=6000, depth=32)


def test_two_disks_without_queues_of_their_own_serve_two_guests_through_deaths(boot, folder):
    rig = AhciRig(boot, folder, 2)
    m = rig.start("noncq killstores=3000,700,800", [
        death.disktest(name, "writes=1500 depth=16", f"device: main, unit: {n}, size: 4M")
        for n, name in enumerate(["one", "two"])])
    m.expect(r"ahci 00:1f.2 port 2: 4 MiB, blocks of 512 bytes", timeout=BOOT)
    m.expect_all([r"one: disk ok, 15\d\d writes", r"two: disk ok, 15\d\d writes"], timeout=BOOT)
    assert m.end() == 0
    seen = m.seen()
    assert seen.count("service: stopped: ") == 3 and "DISK BAD" not in seen
    for name, image in (("one", "disk.img"), ("two", "second.img")):
        crc = re.search(rf"{name}: disk ok, \d+ writes, crc (\w+)", seen).group(1)
        with open(os.path.join(folder, image), "rb") as f:
            assert f"{death.crc32c(f.read(1 << 20)):08x}" == crc


def test_an_error_of_the_disk_fails_its_request_and_no_other(boot, folder):
    """The write fails twice: when it is under way with others, and when it is repeated alone. The
    read fails once, so its repetition mends it."""
    rig = AhciRig(boot, folder, 0)
    error = '"errno": 5, "once": true, "event": "none"'
    write = f'{{{error}, "iotype": "write", "sector": 80}}'
    node = (f'{{"driver": "blkdebug", "node-name": "d", "inject-error": [{write}, {write},'
            f'{{{error}, "iotype": "read", "sector": 160}}],'
            f'"image": {{"driver": "file", "filename": "{rig.image}"}}}}')
    m = rig.start("", [death.disktest("one", "writes=1000 depth=16", rig.disk)],
                  ["-blockdev", node, "-device",
                   "ide-hd,drive=d,bus=ide.2,werror=report,rerror=report"])
    m.expect_all([r"port 2: write at sector 80 failed",
                  r"one: DISK BAD: 0 lost, 0 repeated, 0 stale, 0 torn, 1 errors"], timeout=BOOT)
    m.end()
    assert m.seen().count(" failed") == 1
