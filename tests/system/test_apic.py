"""The local APIC by guests/apic, in each way in which hypervisor and CPU share its work."""
import pytest

from machine import BOOT, only

APIC = """
  - name: apic
    type: native
    image: {build}/guests/apic.elf
    memory: 2M
"""

ONLY_INTEL = only("bochs", "QEMU's AMD CPU has no part in the local APIC")


@pytest.mark.parametrize("words", [
    pytest.param("", id="all-that-the-cpu-has"),
    pytest.param("without=VIRTUAL_IRQ", id="cr8-only", marks=ONLY_INTEL),
    pytest.param("without=TPR_SHADOW", id="nothing-by-the-cpu", marks=ONLY_INTEL),
])
def test_the_local_apic_does_what_the_manual_says(boot, words):
    m = boot([APIC], args=["--append", words] if words else [])
    m.expect(r"apic: (\d+) checks, (\d+) wrong", timeout=BOOT)
    wrong = [line for line in m.seen().splitlines() if "WRONG" in line]
    assert not wrong
    assert m.end() == 0
