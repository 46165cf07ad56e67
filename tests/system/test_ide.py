"""IDE disks in compatibility mode, by bus-master DMA and with ISA interrupts. test_service_death.py has
Bochs' IDE disk through every death; here is what Bochs' machine lacks: several disks, none, errors,
memory beyond the controller's reach."""
import os
import re

import pytest

import test_service_death as death
from machine import BOOT, only

pytestmark = only("qemu", "its PIIX3 can be had in all these forms")

# Bochs' own disk takes test_service_death.py through the same.
pytestmark = only("qemu", "Bochs gets its IDE disk by --disk")


class IdeRig(death.Rig):
    """A machine with IDE disks at a PIIX3, the first one empty, and an image beside."""

    def __init__(self, boot, folder, disks=1):
        super().__init__(boot, folder, "ram")
        self.kind = "ide"
        self.device = "class: ide"
        self.disk = "device: main, size: 4M"
        self.args = ["--disk", "none", "--", "-device", "piix3-ide,id=ide"]
        for n, image in enumerate([self.image, os.path.join(folder, "second.img"),
                                   os.path.join(folder, "third.img")][:disks]):
            with open(image, "wb") as f:
                f.truncate(4 * death.MIB)
            self.args += ["-drive", f"if=none,id=d{n},format=raw,file={image}",
                          "-device", f"ide-hd,drive=d{n},bus=ide.{n // 2},unit={n % 2}"]


@pytest.fixture
def ide(boot, folder):
    return IdeRig(boot, folder)


def test_an_ide_disk_keeps_what_a_guest_writes(ide):
    m = ide.start("", [death.disktest("one", "writes=3000 depth=16", ide.disk)])
    m.expect(r"ide 00:0\d.0 disk 0.0: 4 MiB, blocks of 512 bytes", timeout=BOOT)
    crc = death.ends_well(m)
    assert m.end() == 0
    ide.check_outside(crc)
    assert "reset" not in m.seen()


def test_three_disks_on_two_channels_serve_three_guests_through_deaths(boot, folder):
    rig = IdeRig(boot, folder, 3)
    names = ["one", "two", "three"]
    m = rig.start("killstores=3000,700,800", [
        death.disktest(name, "writes=1500 depth=16", f"device: main, unit: {n}, size: 4M")
        for n, name in enumerate(names)])
    m.expect_all([rf"{name}: disk ok, 15\d\d writes" for name in names], timeout=BOOT)
    assert m.end() == 0
    seen = m.seen()
    assert seen.count("service: stopped: ") == 3 and "DISK BAD" not in seen
    images = [open(os.path.join(folder, name), "rb").read(1 << 20)
              for name in ("disk.img", "second.img", "third.img")]
    for name, data in zip(names, images):
        crc = re.search(rf"{name}: disk ok, \d+ writes, crc (\w+)", seen).group(1)
        assert f"{death.crc32c(data):08x}" == crc


def test_a_controller_without_disks_leaves_guests_to_their_fallbacks(boot, folder):
    rig = IdeRig(boot, folder, 0)
    rig.device = "class: disk, optional: yes"
    m = rig.start("killstores=3000,700", [
        death.disktest("one", "writes=1000 depth=16", "device: main, fallback: {folder}/other.img"),
        death.disktest("two", "writes=100", "device: main, unit: 1")])
    m.expect_all([r"one: disk ok, 10\d\d writes", "two: no disk"], timeout=BOOT)
    m.end()
    seen = m.seen()
    assert seen.count("service: stopped: ") == 2
    assert seen.count("device 0 has no disk 0: domain 1 is served its fallback") == 3


def test_an_error_of_the_disk_fails_its_request_and_no_other(boot, folder):
    rig = IdeRig(boot, folder, 0)
    error = '"errno": 5, "once": true, "event": "none"'
    node = (f'{{"driver": "blkdebug", "node-name": "d", "inject-error": ['
            f'{{{error}, "iotype": "write", "sector": 80}}, {{{error}, "iotype": "flush"}}],'
            f'"image": {{"driver": "file", "filename": "{rig.image}"}}}}')
    m = rig.start("", [death.disktest("one", "writes=1000 depth=16", rig.disk)],
                  ["-blockdev", node, "-device",
                   "ide-hd,drive=d,bus=ide.0,werror=report,rerror=report"])
    m.expect_all([r"disk 0.0: write at sector 80 failed: the drive says so, status 0x\w\w41",
                  r"disk 0.0: flush at sector 0 failed: the drive says so, status 0x\w\w41",
                  r"one: DISK BAD: 0 lost, 0 repeated, 0 stale, 0 torn, 2 errors"], timeout=BOOT)
    m.end()


def test_memory_from_4_gib_on_is_served_too_and_survives_deaths(ide):
    """What the controller can't reach goes through a buffer: here the guest lies up there."""
    m = ide.start("killstores=4000,900,901,902,903,904,905,906",
                  [death.disktest("one", "writes=2000 depth=16", ide.disk)],
                  ["-machine", "q35,max-ram-below-4g=128M"])
    crc = death.ends_well(m, timeout=BOOT)
    assert m.end() == 0
    ide.check_outside(crc)
    assert m.seen().count("service: stopped: ") == 8
