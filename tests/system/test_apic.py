"""The local APIC by guests/apic, in each way in which hypervisor and CPU share its work; with several
vCPUs, on one CPU and on two, what they send each other and the time that they have in common."""
import pytest

from machine import BOOT, only

APIC = """
  - name: apic
    type: native
    image: {{build}}/guests/apic.elf
    memory: 2M
    vcpus: {vcpus}
    cmdline: "{cmdline}"
"""

ONLY_INTEL = only("bochs", "QEMU's AMD CPU has no part in the local APIC")


def run(boot, vcpus, cpus, words="", counted=False):
    # With one CPU, a vCPU that would run on is preempted while another one looks.
    shared = "shared" if cpus == 1 else ""
    args = ["--cpus", str(cpus)] + (["--append", words] if words else [])
    args += ["--icount"] if counted else []
    m = boot([APIC.format(vcpus=vcpus, cmdline=shared)], args=args)
    m.expect(r"apic: (\d+) checks, (\d+) wrong", timeout=BOOT)
    wrong = [line for line in m.seen().splitlines() if "WRONG" in line]
    assert not wrong
    assert m.end() == 0


@pytest.mark.parametrize("words", [
    pytest.param("", id="as-it-comes"),
    pytest.param("with=VIRTUAL_IRQ", id="all-by-the-cpu", marks=ONLY_INTEL),
    pytest.param("without=TPR_SHADOW", id="nothing-by-the-cpu", marks=ONLY_INTEL),
])
def test_the_local_apic_does_what_the_manual_says(boot, words):
    run(boot, 1, 1, words)


@only("qemu", "Bochs counts instructions as it is")
@pytest.mark.seconds(15)
def test_no_interrupt_comes_twice_where_instructions_are_counted(boot):
    """QEMU stops the guest at each of its timers there, and its VMRUN would deliver again what was
    injected last."""
    run(boot, 1, 1, counted=True)


@pytest.mark.seconds(40)
@pytest.mark.parametrize("vcpus, cpus, words", [
    pytest.param(2, 1, "", id="two-on-one-cpu"),
    pytest.param(2, 1, "with=VIRTUAL_IRQ", id="two-by-the-cpu", marks=ONLY_INTEL),
    pytest.param(4, 2, "", id="four-on-two-cpus",
                 marks=only("bochs", "two emulated CPUs of QEMU go at the host's speed")),
])
def test_vcpus_reach_each_other_and_have_one_time(boot, vcpus, cpus, words):
    run(boot, vcpus, cpus, words)
