"""The service domain drives an IDE disk in compatibility mode, which is the disk that Bochs has: by
bus-master DMA, with ISA interrupts, and through deaths of the service domain."""
import os
import re

import pytest

import test_service_death as death
from machine import BOOT


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


def test_deaths_at_every_store_lose_nothing(ide):
    deaths = [4000, *death.STEPS]
    for n in death.RECOVERY:
        deaths += [n, 1300 + n]
    death.die_at_stores(ide, deaths, writes=6000, depth=32)


def test_deaths_at_every_store_lose_no_kick_and_no_interrupt(ide):
    death.die_at_stores(ide, range(150, 180), writes=900, depth=1)


def test_after_deaths_by_the_shell_it_works_and_no_byte_and_no_line_is_lost(ide):
    death.test_after_deaths_by_the_shell_it_works_and_no_byte_and_no_line_is_lost(ide)


def test_guest_and_service_domain_die_by_turns(ide):
    death.test_guest_and_service_domain_die_by_turns(ide)


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
