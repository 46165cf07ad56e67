"""`platform: pc`: the 8259 pair by guests/pic, which drives its own lines through a second domain,
the ports that end a guest, firmware that starts a disk, Linux on fixed ACPI hardware."""
import os
import shutil

import pytest

from machine import BOOT, linux

PIC = """
  - name: wires
    type: service
    image: {build}/guests/pic.elf
    memory: 2M
    cmdline: wires
  - name: pic
    type: native
    platform: pc
    image: {build}/guests/pic.elf
    memory: 2M
"""


def test_the_8259s_do_what_the_data_sheet_says(boot):
    m = boot([PIC])
    m.expect(r"pic: (\d+) checks, (\d+) wrong", timeout=BOOT)
    wrong = [line for line in m.seen().splitlines() if "WRONG" in line]
    assert not wrong
    m.expect("pic: exit with status 85")
    assert m.end() == 0


def ends(name, port):
    return f"""
  - name: {name}
    type: native
    platform: pc
    image: {{build}}/guests/pic.elf
    memory: 1M
    cmdline: "end={port}"
    restart-limit: 1
"""


def test_a_pc_ends_and_resets_by_its_ports(boot):
    m = boot([ends("cf9", 0xcf9), ends("a20", 0x92), ends("keyboard", 0x64),
              ends("shutdown", 0x8900), ends("pm1", 0x60c)])
    m.expect_all(["cf9: reset by itself", "a20: reset by itself", "keyboard: reset by itself",
                  "shutdown: powered off", "pm1: powered off",
                  "cf9: restarted 1 times within a minute: it stays off"], timeout=BOOT)
    assert m.end() == 0
    assert "still there" not in m.seen()


LINUX = """
  - name: service
    type: service
    image: {build}/guests/service.elf
    memory: 8M
    kept: 256K
""" + linux("pc", "task=poweroff loglevel=7", platform="pc", vcpus=2)


@pytest.mark.seconds(90)
def test_linux_finds_a_pc(boot):
    m = boot([LINUX])
    m.expect_all(["ACPI: PM-Timer IO Port: 0x608", r"i8042 KBD port at 0x60,0x64 irq 1",
                  r"rtc_cmos .*: setting system clock to 20"], timeout=3 * BOOT)
    m.expect("reboot: Power down", timeout=BOOT)
    m.expect("pc: powered off")
    assert m.end() == 0


FIRMWARE = """
  - name: service
    type: service
    image: {build}/guests/service.elf
    memory: 8M
    dma-pool: 1M
    kept: 256K
  - name: pc
    type: firmware
    platform: pc
    image: /usr/share/seabios/bios-256k.bin
    memory: 32M
    disks:
      - {{ from: service, module: "{folder}/disk" }}
"""


@pytest.mark.seconds(30)
def test_seabios_starts_a_disk(boot, build, folder):
    disk = os.path.join(folder, "disk")
    shutil.copy(os.path.join(build, "guests", "bootsector.bin"), disk)
    os.truncate(disk, 4 << 20)
    m = boot([FIRMWARE])
    m.expect("SeaBIOS", timeout=BOOT)
    m.expect("bootsector: started", timeout=BOOT)
    m.expect("bootsector: read the second sector")
    m.expect("bootsector: three ticks")
    m.expect("pc: exit with status 43")
    assert m.end() == 0
