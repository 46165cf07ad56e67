"""The service domain drives an IDE disk in compatibility mode, which is the disk that Bochs has: by
bus-master DMA, with ISA interrupts, and through deaths of the service domain."""
import os

import pytest

import test_service_death as death
from machine import BOOT, SERVICE


class IdeRig(death.Rig):
    """A machine with IDE disks at a PIIX3, the first one empty, and an image beside."""

    def __init__(self, boot, folder, disks=1):
        super().__init__(boot, folder, "ram")
        self.kind = "ide"
        self.device = "class: ide"
        self.disk = "device: main, size: 4M"
        self.args = ["--disk", "none", "--", "-device", "piix3-ide,id=ide"]
        for n in range(disks):
            self.args += ["-drive", f"if=none,id=d{n},format=raw,file={self.image}",
                          "-device", f"ide-hd,drive=d{n},bus=ide.0"]


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
