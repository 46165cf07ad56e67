"""A guest that does random things it must not do, beside some that have nothing to do with it."""
import hostility
import pytest

from machine import BOOT, hello, on_cpus

HOSTILE = """
  - name: hostile
    type: native
    image: {{build}}/guests/hostile.elf
    memory: 2M
    cmdline: "seed={seed} actions=4000 quiet"
    restart: on-crash
    restart-limit: 1000
    watchdog: 2s
"""


@pytest.mark.seconds(40)
def test_ten_thousand_random_misdeeds_harm_nobody_else(boot, emulator):
    m = boot(hostility.domains(1, emulator), top=hostility.TOP, args=hostility.ARGS[emulator])
    m.expect(r"innocent: beat 1,", timeout=BOOT)
    before = hostility.held(m)
    m.view("a")
    watch = hostility.Watch(m)
    watch.until(10000)
    assert watch.deaths and watch.neighbour
    assert hostility.held(m) == before
    assert hostility.end(m) == 0


def test_misdeeds_on_other_cpus_harm_nobody_else(boot):
    m = boot([hello("innocent", "beats=30", cpu=0), HOSTILE.format(seed=2) + "    cpu: 1\n",
              HOSTILE.format(seed=3).replace("name: hostile", "name: other") + "    cpu: 2\n"],
             args=on_cpus(3))
    m.expect_all([r"\[hostile\] hostile: done", r"\[other\] other: done",
                  r"\[innocent\] innocent: done"], timeout=BOOT)
    assert m.end() == 0
    assert "panic" not in m.seen()


def raw(name):
    return (f"  - name: {name}\n    type: flat\n    image: {{build}}/guests/{name}.bin\n"
            "    memory: 4M\n    cpu: 0\n")


def test_an_exception_without_a_way_in_stops_its_guest_only(boot):
    m = boot([hello("innocent", "beats=5", cpu=0), raw("nowhere")])
    m.expect_all([r"nowhere: stopped: vector 6 .* device memory at 0x80000030,",
                  r"\[innocent\] innocent: done"], timeout=BOOT)
    assert m.end() == 0


def test_alignment_checks_without_end_leave_others_their_time(boot):
    m = boot([hello("innocent", "beats=5", cpu=0), raw("align")])
    m.expect(r"\[align\] align: checks alignment", timeout=BOOT)
    m.expect(r"\[innocent\] innocent: done", timeout=BOOT)
