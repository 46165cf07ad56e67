"""A guest that no longer feeds its watchdog is restarted, whoever died meanwhile."""
import pytest

from machine import BOOT, WAIT


@pytest.mark.seconds(40)
def test_an_appliance_that_hangs_is_restarted_by_its_watchdog(boot):
    m = boot(config="appliance", args=["--disk", "none"])
    m.expect("appliance: feeds its watchdog", timeout=BOOT)
    m.view("s")
    m.line("crash self")
    m.expect("service: restarted, incarnation 2", timeout=WAIT)
    m.view("1")
    m.line("for n in 1 2 3 4 5; do sleep 3; done; echo fed for $((5 * 3)) seconds")
    m.expect("fed for 15 seconds", timeout=WAIT)
    m.line("killall -9 watchdog; echo killed $?")
    m.expect("killed 0", timeout=WAIT)
    m.view("a")
    m.expect("appliance: stopped: its watchdog was not fed", timeout=WAIT)
    m.expect("appliance: started, incarnation 2", timeout=WAIT)
    m.view("s")
    m.line("kill appliance")
    m.expect("system: power off", timeout=WAIT)
    assert m.end() == 0
