"""How guests end: power-off, reset, crash; and that a neighbour does not notice."""
import re

from machine import BOOT, SERVICE, copy_disk, hello, linux


def neighbour_goes_on(m, name="good"):
    """Three more beats of a guest after what happened to the other."""
    beat = int(m.expect(rf"{name}: beat (\d+)").group(1))
    for n in range(1, 4):
        m.expect(rf"{name}: beat {beat + n}\b")


def test_a_triple_fault_stops_that_guest_only(boot):
    m = boot([hello("bad", "fault=triple"), hello("good", "beats=30")])
    m.expect(r"bad: .*triple fault", timeout=BOOT)
    neighbour_goes_on(m)
    m.expect("good: done")
    assert m.end() == 0


def test_a_guest_that_crashes_is_restarted_as_its_config_says(boot):
    m = boot([hello("bad", "fault=triple", restart="on-crash", restart_limit=2),
              hello("good", "beats=60")])
    for incarnation in (1, 2, 3):
        m.expect(rf"bad: hello, incarnation {incarnation}", timeout=BOOT)
    m.expect("good: done")
    assert m.end() == 0
    assert "bad: hello, incarnation 4" not in m.seen()


def test_bad_accesses_are_answered_and_logged_once(boot):
    faults = ("port", "msr", "mmio", "hypercall")
    m = boot([hello(name, f"fault={name} beats=2") for name in faults])
    m.expect_all([rf"\[{name}\] {name}: done" for name in faults], timeout=BOOT)
    assert m.end() == 0
    seen = m.seen()
    assert "port: fault port: read 0xffffffff" in seen
    assert "msr: fault msr: read exception 13, write exception 13" in seen
    assert "mmio: fault mmio: read 0xffffffff" in seen
    assert "hypercall: fault hypercall: unknown call -2, wrong handle -4" in seen
    warnings = [line for line in seen.splitlines() if line.startswith("warning: ")]
    for what in ("warning: port: .*port 0x1234", "warning: msr: read of MSR 0x12345678",
                 "warning: msr: write of MSR 0x12345678", "warning: mmio: .*address 0xc8000000",
                 "warning: hypercall: hypercall .*: no such hypercall",
                     "warning: hypercall: hypercall .*: no such handle",
                     "warning: hypercall: hypercall .*: address is not"):
        assert sum(bool(re.search(what, line)) for line in warnings) == 1, what


def test_a_guest_leaves_nothing_in_the_protection_keys(boot):
    m = boot([hello(name, "fault=keys beats=2") for name in ("one", "two", "three")])
    m.expect_all([rf"\[{name}\] {name}: done" for name in ("one", "two", "three")], timeout=BOOT)
    assert m.end() == 0
    found = re.findall(r"fault keys: \w+, found (\w+)", m.seen())
    assert [int(keys, 0) for keys in found] == [0, 0, 0]


def test_a_strict_guest_is_stopped_by_an_unbacked_access(boot):
    m = boot([hello("bad", "fault=port", strict="yes"), hello("good", "beats=10")])
    m.expect(r"bad: .*port 0x1234", timeout=BOOT)
    m.expect("good: done")
    assert m.end() == 0
    assert "bad: beat" not in m.seen()


def test_a_hanging_guest_leaves_its_neighbour_alone(boot):
    m = boot([SERVICE, hello("bad", "fault=hang"), hello("good", "beats=100")])
    m.expect("bad: fault hang: goodbye", timeout=BOOT)
    neighbour_goes_on(m)
    m.view("s")
    m.line("kill bad")
    m.view("a")
    m.expect("good: done")
    assert m.end() == 0


def test_linux_resets_and_comes_back(boot, build, folder):
    disk = copy_disk(build, folder, "linux1.img")
    m = boot([SERVICE, linux("linux1", "task=reboot",
                             disk="device: main, size: 16M")],
             args=["--disk", disk])
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.expect("linux1: resets")
    m.expect("incarnation 2")
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.expect("linux1: powers off")
    assert m.end() == 0


def test_the_power_button_ends_linux(boot, build, folder):
    disk = copy_disk(build, folder, "linux1.img")
    m = boot([SERVICE, linux("linux1", disk="device: main, size: 16M")], args=["--disk", disk])
    m.expect("linux1: a shell", timeout=BOOT)
    m.view("s")
    m.line("stop linux1")
    m.view("1")
    m.expect("linux1: power button")
    m.expect("system: power off")
    assert m.end() == 0


def test_the_power_button_ends_a_guest_of_ours(boot):
    m = boot([SERVICE, hello("one", "forever"), hello("two", "forever")])
    m.expect_all(["one: beat 1", "two: beat 1"], timeout=BOOT)
    m.view("s")
    m.line("stop one")
    # A console shows what it missed when it is selected; the view of all does not.
    m.view("1")
    m.expect("one: power button")
    m.view("s")
    m.line("list")
    m.expect(r"one +off")
    m.expect(r"two +running")
    m.line("shutdown")
    m.expect("system: power off")
    assert m.end() == 0
