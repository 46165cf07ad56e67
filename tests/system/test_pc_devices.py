"""The legacy devices of `platform: pc`, which the service domain serves, by guests/pcdev: each clock
against the TSC, each interrupt through the 8259s and the I/O APIC. And while their server dies."""
import pytest

from machine import BOOT, SERVICE

PCDEV = """
  - name: pcdev
    type: native
    platform: pc
    image: {{build}}/guests/pcdev.elf
    memory: 4M
    cmdline: "hz={hz} extra={extra}"
"""


def all_ok(boot, emulator, cmdline="", extra=2):
    """Returns what was seen. Bochs' time is that of its instructions: there no host is too slow."""
    service = SERVICE.replace("    rights:", f'    cmdline: "{cmdline}"\n    restart-limit: 300\n'
                              "    rights:")
    m = boot([service, PCDEV.format(hz=1000 if emulator == "bochs" else 100, extra=extra)])
    m.expect("pcdev: started", timeout=BOOT)
    m.expect(r"pcdev: (\d+) wrong", timeout=BOOT)
    seen = m.seen()
    assert "WRONG" not in seen
    assert seen.count(": ok") == 17
    assert m.end() == 0
    return seen


@pytest.mark.seconds(25)
def test_every_clock_and_every_interrupt_of_a_pc_is_right(boot, emulator):
    all_ok(boot, emulator)


@pytest.mark.seconds(30)
def test_a_pc_does_not_notice_that_its_server_dies(boot, emulator):
    deaths = [7, 31, 61, *range(100, 105), *range(400, 404)]
    seen = all_ok(boot, emulator, "killstores=" + ",".join(str(n) for n in deaths),
                  len(deaths))
    assert seen.count("service: stopped: ") >= 10
