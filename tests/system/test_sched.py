"""The scheduler, by guests/spin: each says how much of a window it got. Windows are 100 periods long.
In QEMU the TSC counts instructions (--icount), so that the host's own load does not count."""
import re

import pytest

from machine import BOOT, WAIT, only


def spin(name, words="", **keys):
    """A domain that runs guests/spin."""
    lines = [f"  - name: {name}", "    type: native", "    image: {build}/guests/spin.elf",
             "    memory: 2M", f'    cmdline: "{words}"']
    return "\n".join(lines + [f"    {key}: {value}" for key, value in keys.items()]) + "\n"


def run(boot, emulator, domains, cpus=1, top="", args=()):
    """Boots and waits for the line of each domain that measures; name -> (share, longest gap)."""
    more = ["--cpus", str(cpus), *(["--icount"] if emulator == "qemu" and cpus == 1 else [])]
    m = boot(domains, top=top, args=[*more, *args])
    wanted = [d for d in domains if "lock" not in d]
    names = [re.search(r"name: (\w+)", d)[1] for d in wanted]
    m.expect_all([rf"\[{n}\] {n}: got \d+ [^\r\n]* us\r" for n in names], timeout=BOOT + WAIT)
    found = re.findall(r"\] (\w+): got (\d+) of (\d+) us, \d+ gaps, longest (\d+) us", m.seen())
    return m, {n: (int(got) / int(of), int(gap)) for n, got, of, gap in found}


def test_guests_that_spin_share_evenly(boot, emulator):
    guests = [spin(n, "ms=300 after=100", quantum="1ms") for n in "abc"]
    _, got = run(boot, emulator, guests)
    print(got)
    mean = sum(share for share, _ in got.values()) / 3
    assert mean == pytest.approx(1 / 3, rel=0.04)  # the rest are switches, each millisecond
    for share, _ in got.values():
        assert share == pytest.approx(mean, rel=0.02)


def test_caps_hold_also_on_an_idle_cpu_and_with_short_exits(boot, emulator):
    _, got = run(boot, emulator, [spin("a", "exits", cap="20%"), spin("b", cap="30%")])
    print(got)
    assert got["a"][0] == pytest.approx(0.20, rel=0.02)
    assert got["b"][0] == pytest.approx(0.30, rel=0.02)


def test_one_that_spins_with_interrupts_off_delays_others_by_its_quantum(boot, emulator):
    guests = [spin("a", "ms=200 after=50", quantum="2ms"), spin("evil", "lock", quantum="3ms")]
    m, got = run(boot, emulator, guests)
    print(got)
    assert got["a"][0] == pytest.approx(2 / 5, rel=0.03)
    assert got["a"][1] <= 3000 * 1.05
    m.stop()


def test_a_higher_priority_goes_first(boot, emulator):
    _, got = run(boot, emulator, [spin("a", "ms=50 after=20 tail=0", priority=5),
                                  spin("b", "ms=50 after=0 tail=0")])
    assert got["a"][0] > 0.98
    assert got["b"][0] > 0.98  # after a's end


SCHEDULE = """
schedule:
  frame: 10ms
  slots:
    - {{ cpu: 0, domain: a, start: 0ms, length: 2ms }}
    - {{ cpu: 0, domain: b, start: 2ms, length: 1ms }}
    - {{ cpu: 0, domain: a, start: 5ms, length: 1ms }}
"""


def test_the_cyclic_table_is_followed(boot, emulator):
    guests = [spin("a", "ms=500 after=100"), spin("b", "ms=500 after=100"),
              spin("c", "ms=500 after=100")]
    _, got = run(boot, emulator, guests, top=SCHEDULE)
    print(got)
    assert got["a"][0] == pytest.approx(0.3, rel=0.03)
    assert got["b"][0] == pytest.approx(0.1, rel=0.05)
    assert got["c"][0] == pytest.approx(0.6, rel=0.02)


@only("bochs", "QEMU's two CPUs share a noisy host")
def test_two_cpus_each_share_their_own(boot, emulator):
    guests = [spin(n, "ms=200 after=100", quantum="1ms", cpu=cpu)
              for n, cpu in (("a", 0), ("b", 0), ("c", 1))]
    guests[2] = guests[2] + "    dedicated: yes\n"
    _, got = run(boot, emulator, guests, cpus=2)
    print(got)
    assert got["a"][0] == pytest.approx(1 / 2, rel=0.03)
    assert got["b"][0] == pytest.approx(got["a"][0], rel=0.02)
    assert got["c"][0] > 0.995
    assert got["c"][1] < 100
