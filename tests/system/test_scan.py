"""No guest sees another's memory, neither while that one lives nor after it has died."""
import pytest

from machine import BOOT


def scan(name, cmdline, memory="4M", more=""):
    return (f"  - name: {name}\n    type: native\n    image: {{build}}/guests/scan.elf\n"
            f"    memory: {memory}\n    cmdline: \"{cmdline}\"\n{more}")


@pytest.mark.seconds(15)
def test_a_guest_finds_only_its_own_memory_wherever_it_looks(boot):
    m = boot([scan("before", "fill"), scan("scanner", "sweep"), scan("behind", "fill")])
    m.expect_all([r"before: \d\d\d+ pages filled", r"behind: \d\d\d+ pages filled",
                  r"scanner: \d+ bits, \d{5} pages: 0 words foreign, 0 secrets"], timeout=BOOT)
    assert "foreign:" not in m.seen()


def test_memory_is_empty_when_it_is_given_again(boot):
    m = boot([scan("again", "scrub", "16M", "    restart: on-crash\n")])
    m.expect(r"again: [1-9]\d\d\d pages filled", timeout=BOOT)
    m.expect(r"again: 0 words of before, 0 pages not empty", timeout=BOOT)
    m.expect(r"again: [1-9]\d\d\d pages filled")
    assert m.end() == 0
