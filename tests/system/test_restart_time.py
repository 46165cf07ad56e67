"""How long a restart takes, from the order until the guest's first exit, by the trace: in virtual
time, so that the host's speed is nothing to it."""
import os
import sys

import pytest

from machine import BOOT, QUICK, ROOT, SERVICE, hello, linux

sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))

import records  # noqa: E402

RUNNING = 1  # enum hv_domain_state
MOST = 100_000  # us


def restart_us(m, name):
    """Restarts the domain from the shell: the time from the service domain's order until the
    guest, whose first instructions lead to an exit, makes one."""
    m.view("s")
    m.line("trace exit,domain")
    m.expect("recorded: EXIT DOMAIN")
    m.line(f"restart {name}")
    m.view("a")
    m.expect(f"{name}: started, incarnation 2")
    m.view("s")
    m.line(f"pause {name}")  # so that the ring holds all since
    m.line("trace dump")
    m.expect(r"trace: end \w+\s", timeout=BOOT)
    trace = records.read(m.seen().splitlines())
    who = f"{name}/0"
    begin = next(i for i, r in enumerate(trace.records)
                 if trace.who(r) == who and r.event == "DOMAIN" and r.values == (RUNNING, 2))
    order = next(r for r in reversed(trace.records[:begin])
                 if trace.who(r) == "service/0" and r.event == "EXIT")
    first = next(r for r in trace.records[begin:] if trace.who(r) == who and r.event == "EXIT")
    return first.us - order.us


# One whose memory is most of the work, and one whose images are 17 MB.
GUESTS = {
    "a native guest of 256 MiB": hello("one", "fault=hang").replace("2M", "256M"),
    "Linux with 128 MiB": linux("one", QUICK),
}


@pytest.mark.parametrize("guest", GUESTS)
@pytest.mark.seconds(20)
def test_a_restart_takes_at_most_a_tenth_of_a_second(boot, emulator, guest):
    args = {"bochs": ["--append", "without=PAUSE_LOOP"], "qemu": ["--icount"]}
    m = boot([SERVICE, GUESTS[guest]], args=args[emulator])
    m.expect("one: started, incarnation 1", timeout=BOOT)
    took = restart_us(m, "one")
    print(f"restart of {guest}: {took:.0f} us")
    assert 0 < took <= MOST
    m.line("kill one")
    m.line("shutdown")
    assert m.end() == 0
