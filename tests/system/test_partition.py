"""A system of partitions without any service domain: the hypervisor alone has the console."""
import pytest

from machine import BOOT, WAIT

# In Bochs the idle time of a second CPU is not skipped: there the monitor shares the first one.
CPUS = {"bochs": ["--cpus", "1"], "qemu": []}


@pytest.mark.seconds(30)
def test_partitions_run_beside_each_other_and_keys_go_to_one(boot, emulator):
    m = boot(config="partition", args=CPUS[emulator])
    m.expect_all([r"\[control\] control: beat 3\r", r"\[monitor\] monitor: beat 3\r"], timeout=BOOT)
    m.expect(r"\[linux\] linux: a shell", timeout=BOOT)
    m.line("echo typed $((1 + 1))")
    m.expect("typed 2", timeout=WAIT)
    m.type("\x1d")
    m.expect("console: keys go to control", timeout=WAIT)
    m.type("\x1d\x1d")
    m.expect("console: keys go to linux", timeout=WAIT)
    m.line("poweroff")
    m.expect("linux: powered off", timeout=WAIT)
    m.expect("system: power off", timeout=WAIT)
    assert m.end() == 0
    seen = m.seen()
    assert "[control] control: done" in seen
    assert "[monitor] monitor: done" in seen
