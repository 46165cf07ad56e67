"""A guest's source of random numbers, over a death of the service domain."""
import pytest

from machine import BOOT, QUICK, SERVICE, WAIT, linux


@pytest.mark.seconds(15)
def test_linux_gets_random_numbers_before_and_after_a_death_of_their_server(boot):
    m = boot([SERVICE, linux("linux1", QUICK, rng_from="service")], args=["--disk", "none"])
    m.expect("linux1: 4000 random bytes", timeout=BOOT)
    m.expect("linux1: no disk", timeout=BOOT)
    m.view("s")
    m.line("crash self")
    m.expect("incarnation 2", timeout=WAIT)
    m.view("1")
    m.line("cat /sys/class/misc/hw_random/rng_current; head -c 70001 /dev/hwrng | wc -c")
    m.expect("virtio_rng.0", timeout=WAIT)
    m.expect("70001", timeout=WAIT)
    m.line("poweroff")
    assert m.end() == 0
    assert "no RDSEED" not in m.seen()
