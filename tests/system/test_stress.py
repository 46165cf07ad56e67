"""stress-ng in a Linux guest, with its own verification of what it does: context switches, pipes,
processes, timers, memory. No wrong result, and nothing in the kernel's log."""
import re

import pytest

from machine import BOOT, QUICK, SERVICE, WAIT, linux, on_cpus

SECONDS = {"bochs": 1, "qemu": 15}   # of the guest's time
DISK = "module: {build}/linux/linux1.img"


def stress(boot, emulator, args=(), **keys):
    words = f"task=stress seconds={SECONDS[emulator]} {QUICK}"
    m = boot([SERVICE, linux("linux1", words, DISK, initrd="stress.img", memory="256M", **keys)],
             args=args)
    m.expect("linux1: up, disk verified", timeout=BOOT)
    verdict = m.expect(r"linux1: (stress ok|STRESS FAILED[^\r]*)", timeout=BOOT + WAIT).group(1)
    assert verdict == "stress ok"
    assert m.end() == 0
    done = dict(re.findall(r"linux1: stress ([a-z-]+) +([0-9]+)", m.seen()))
    assert {"switch", "pipe", "fork", "timer", "vm", "tlb-shootdown", "futex"} <= done.keys()
    # Bochs' second is too short for a round of vm.
    assert all(int(count) > 0 for name, count in done.items() if name != "vm")


@pytest.mark.seconds(40)
def test_stress_in_a_guest_shows_no_wrong_result(boot, emulator):
    stress(boot, emulator)


@pytest.mark.seconds(80)
def test_stress_on_two_cpus_shows_no_wrong_result(boot, emulator):
    stress(boot, emulator, on_cpus(2), vcpus=2)
