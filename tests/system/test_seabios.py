"""SeaBIOS, as Debian has it, from the reset vector to the end of its search for something to boot."""
import pytest

from machine import BOOT, SERVICE, WAIT

BIOS = """
  - name: bios
    type: firmware
    platform: pc
    image: /usr/share/seabios/bios-256k.bin
    memory: 64M
"""


@pytest.mark.seconds(30)
def test_seabios_finds_no_bootable_device(boot):
    m = boot([SERVICE, BIOS])
    m.expect(r"\[bios\] SeaBIOS \(version", timeout=BOOT)
    m.expect(r"\[bios\] e820 map has", timeout=WAIT)
    m.expect(r"0000000000100000 - 0000000004000000 = 1 RAM")
    m.expect(r"\[bios\] No bootable device", timeout=WAIT)
    m.stop()
