"""Domains with several vCPUs: they work together, and end together wherever the fault is. Where there
is a service domain, it has the first of the physical CPUs, and the vCPUs take turns on the others."""
import pytest

from machine import BOOT, SERVICE, hello

LINES = ["each counts", "all count together", "one time for all", "a token goes round",
         "calls are answered", "NMIs arrive", "no stale translation", "all again after INIT"]

TWO_CPUS = ["--cpus", "2"]


def smp(cmdline="", vcpus=2, **keys):
    keys = {"quantum": "500us", **keys}
    return hello("smp", cmdline, vcpus=vcpus, **keys).replace("hello.elf", "smp.elf")


def listed(m, state):
    """The exits of all vCPUs so far, as the shell lists them, once they are in this state: an order
    takes a moment, as it is carried out by other CPUs."""
    for _ in range(40):
        m.line("list")
        now, exits = m.expect(r"smp +(\w+) [^\n]* s +(\d+) ").groups()
        if now == state:
            return int(exits)
    raise AssertionError(f"not {state}")


def check_all(m):
    for line in LINES:
        m.expect(f"smp: {line}: ok", timeout=BOOT)
    m.expect("smp: all done, 0 wrong")


@pytest.mark.parametrize("cmdline", ["", "xapic"])
def test_vcpus_work_together_on_one_cpu(boot, cmdline):
    m = boot([smp(cmdline, vcpus=4)], args=["--cpus", "1"])
    check_all(m)
    assert m.end() == 0


@pytest.mark.parametrize("cmdline", ["", "xapic"])
def test_vcpus_work_together_on_two_cpus(boot, cmdline):
    m = boot([smp(cmdline)], args=TWO_CPUS)
    m.expect("smp: started, [^\n]* on CPU 0, 1", timeout=BOOT)
    check_all(m)
    assert m.end() == 0


def test_a_fault_on_another_cpu_stops_all_vcpus_and_only_them(boot):
    m = boot([smp("fault=1", restart="on-crash", restart_limit=1), hello("good", "forever")],
             args=TWO_CPUS)
    for incarnation in (1, 2):
        m.expect(f"smp: 2 vCPUs, incarnation {incarnation}", timeout=BOOT)
        check_all(m)
        m.expect("smp: stopped: triple fault")
    m.expect("it stays off")
    beat = int(m.expect(r"good: beat (\d+)").group(1))
    m.expect(f"good: beat {beat + 2}")


def test_any_vcpu_switches_the_domain_off(boot):
    m = boot([smp("off=1")], args=TWO_CPUS)
    m.expect("smp: powered off", timeout=BOOT)
    assert m.end() == 0


def order(m, text):
    m.line(text)
    m.expect(text)


@pytest.mark.seconds(50)
def test_orders_reach_all_vcpus(boot):
    m = boot([SERVICE, smp("forever"), hello("good", "forever")],
             args=["--disk", "none", "--cpus", "3"])
    m.expect_all(["keys go to the shell", "smp: beat"], timeout=BOOT)
    order(m, "pause smp")
    exits = [-1, listed(m, "paused")]
    while exits[-1] != exits[-2]:
        assert len(exits) < 20
        exits.append(listed(m, "paused"))
    order(m, "resume smp")
    assert listed(m, "running") < listed(m, "running")
    for text, incarnation in (("restart smp", 2), ("start smp", 3)):
        order(m, text)
        m.expect(f"smp: 2 vCPUs, incarnation {incarnation}")
        m.expect("smp: beat", timeout=BOOT)
        order(m, "kill smp")
        listed(m, "dead")
