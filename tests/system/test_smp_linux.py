"""Linux with several CPUs: guests/linux/tasks/smp visits each, sends interrupts between them, takes
them out of service and back, and looks at the clock and the kernel's log."""
import re

import pytest

from machine import BOOT, QUICK, SERVICE, linux, on_cpus, only

DISK = "module: {build}/linux/linux1.img"


def smp(boot, vcpus, words, cpus=1, **keys):
    return boot([SERVICE, linux("linux1", f"{words} {QUICK}", DISK, vcpus=vcpus, **keys)],
                args=on_cpus(cpus))


def nothing_wrong(m):
    seen = m.seen()
    assert not re.search(r"SMP WRONG|I/O error|WRITE FAILED|CHECKSUM WRONG", seen)


@pytest.mark.seconds(70)
@pytest.mark.parametrize("vcpus,cpus", [(2, 1), (4, 1), (4, 2)])
def test_every_cpu_works_is_unplugged_comes_back_and_powers_off(boot, vcpus, cpus):
    m = smp(boot, vcpus, "task=smp", cpus)
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.expect(f"linux1: {vcpus} CPUs, {vcpus} in cpuinfo, 0-{vcpus - 1} online")
    m.expect("linux1: smp done", timeout=BOOT)
    assert m.end() == 0
    nothing_wrong(m)


@pytest.mark.seconds(70)
def test_the_example_with_two_cpus_on_two_gives_a_shell(boot):
    m = boot(config="smp", args=on_cpus(2))
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.view("1")
    m.expect("linux1:/mnt# ")
    m.line("name=linux1 /tasks/smp")
    m.expect("linux1: 2 CPUs, 2 in cpuinfo, 0-1 online")
    m.expect("linux1: smp done", timeout=BOOT)
    m.line("poweroff")
    assert m.end() == 0
    nothing_wrong(m)


@only("qemu", "two starts with two CPUs take Bochs minutes")
@pytest.mark.seconds(25)
def test_a_guest_with_two_cpus_resets_itself_and_comes_back(boot):
    m = smp(boot, 2, "task=reboot", cpus=2, restart="always")
    m.expect("linux1: resets", timeout=BOOT)
    m.expect("linux1: started, incarnation 2")
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.expect("linux1: powers off")
    m.view("s")
    m.line("shutdown")
    assert m.end() == 0
    nothing_wrong(m)


@only("qemu", "two starts with four CPUs take Bochs minutes")
@pytest.mark.seconds(40)
def test_a_guest_with_four_cpus_is_restarted_and_killed_under_load(boot):
    m = smp(boot, 4, "task=stress seconds=600", 2, initrd="stress.img", memory="256M")
    for incarnation, order in ((1, "restart"), (2, "kill")):
        m.expect(f"linux1: started, incarnation {incarnation}")
        m.expect("linux1: up, disk verified", timeout=BOOT)
        m.view("s")
        m.line("list")
        m.expect(rf"linux1 +running +4 .* {incarnation} ")
        m.line(f"{order} linux1")
        m.view("a")
    assert m.end() == 0
    nothing_wrong(m)
