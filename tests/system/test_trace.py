"""The trace: what the CPUs record, the ways to read it, and tools/trace, which decodes it."""
import itertools
import os
import subprocess
import sys

import pytest

from machine import BOOT, ROOT, SERVICE, hello

sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))

import records  # noqa: E402
import summary  # noqa: E402

NUMBER = {e.name: i for i, e in enumerate(records.events())}
HEAD = [f"trace: begin events {len(NUMBER):x} cpus 2 khz f4240 start 64",  # 1 GHz: a tick is 1 ns
        "trace: domain 0 one", "trace: domain 1 two"]


def line(cpu, number, ns, event, domain, vcpu=0, a=0, b=0):
    return f"trace: {cpu:x} {number:x} {ns:x} {NUMBER[event]:x} {domain:x} {vcpu:x} {a:x} {b:x}"


EVENTS = [line(0, 7, 1000, "ENTER", 0, 0, 5000, 200), line(0, 8, 1500, "EXIT", 0, 0, 4, 0x1234),
          line(0, 9, 4000, "LEAVE", 0, 0, 3000, 3), line(0, 10, 4100, "IDLE", 0xffff),
          line(0, 11, 9000, "ENTER", 1, 1, 5000, 700), line(0, 12, 11000, "LEAVE", 1, 1, 2000, 3),
          line(1, 0, 500, "WAKE", 1, 1, 1)]


def log(events, count=None):
    return HEAD + events + [f"trace: end {len(events) if count is None else count:x}"]


def tool(folder, lines, *args):
    path = os.path.join(folder, "serial.log")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\r\n".join(lines) + "\r\n")
    done = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "tools", "trace"), path, *args],
                          capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_the_decoder_shows_one_line_an_event_in_order_of_time(folder):
    status, lines, _ = tool(folder, ["[hv] boot", *log(EVENTS), "power off"])
    assert status == 0
    assert lines[0] == "CPU 0: 7 records were overwritten before they were read"
    assert len(lines) == 1 + len(EVENTS)
    assert lines[1].split()[:5] == ["0.500", "CPU", "1", "two/1", "WAKE"]
    assert "exit: kind CPUID, rip 0x1234" in lines[3]
    assert "comes off: ran 3000 ns, vCPU state sleeping" in lines[4]


def test_the_decoder_filters(folder):
    assert len(tool(folder, log(EVENTS), "--cpu", "1")[1]) == 2
    assert len(tool(folder, log(EVENTS), "--domain", "two")[1]) == 4
    assert len(tool(folder, log(EVENTS), "--domain", "two/0")[1]) == 1
    assert len(tool(folder, log(EVENTS), "--event", "enter,LEAVE")[1]) == 5
    assert tool(folder, log(EVENTS), "--event", "enters")[0] != 0


def test_the_summary_adds_up():
    trace = records.read(log(EVENTS))
    cpu = summary.of(trace)[0]
    assert (round(cpu.span, 3), round(cpu.idle, 3)) == (10.0, 4.9)
    assert {who: round(s.ran, 3) for who, s in cpu.shares.items()} == {"one/0": 3.0, "two/1": 2.0}
    assert cpu.shares["two/1"].waited == 0.7
    assert summary.exits(trace, records.names()["kind"])["one/0"] == {"CPUID": 1}


@pytest.mark.parametrize("lines, words", [
    (["nothing here"], "no trace in it"),
    (HEAD + EVENTS[:3], "breaks off after 3 records"),
    (log(EVENTS[:3], 4), "lines were lost"),
    (log([EVENTS[0], EVENTS[1][:-6] + "[one]"]), ":5: not a line of a trace"),
    (["trace: begin events 1 cpus 1 khz 1 start 0"], "another version"),
])
def test_what_cannot_be_decoded_is_named(folder, lines, words):
    status, _, error = tool(folder, lines)
    assert status == 1
    assert words in error


@pytest.mark.seconds(30)
def test_a_service_domain_reads_the_trace(boot):
    m = boot([SERVICE, hello("one", "forever")])
    m.expect(r"\[one\] one: beat 1", timeout=BOOT)
    m.view("s")
    m.line("trace")
    m.expect("recorded: nothing")
    m.line("trace exit,wake")
    m.expect("recorded: WAKE EXIT")
    m.line("trace exits")
    m.expect("exits: no such event")
    m.view("a")
    m.expect(r"\[one\] one: beat \d+")
    m.expect(r"\[one\] one: beat \d+")
    m.view("s")
    m.line("trace")
    m.expect(r"us  CPU 0  service/0  exit, kind \d+, rip 0x")
    m.line("trace dump")
    m.expect(r"trace: end \w+")
    m.line("trace off")
    m.expect("recorded: nothing")
    m.line("shutdown")
    assert m.end() == 0
    trace = records.read(m.seen().splitlines())
    assert {trace.who(r) for r in trace.records} == {"one/0", "service/0"}
    assert {r.event for r in trace.records} == {"EXIT", "WAKE"}


def check_turns(trace):
    """Each vCPU that goes in comes off before the next one, and says how long it ran."""
    turns = [r for r in trace.records if r.event in ("ENTER", "LEAVE")]
    for first, second in itertools.pairwise(turns):
        assert second.number > first.number and second.us >= first.us
        assert {first.event, second.event} == {"ENTER", "LEAVE"}, second
        if second.event == "LEAVE":
            assert trace.who(second) == trace.who(first)
            # Its account begins a little before the record of its entry and ends with this one.
            assert second.values[0] / 1000 + 0.01 >= second.us - first.us


@pytest.mark.seconds(30)
def test_who_ran_when_is_printed_at_the_end(boot, emulator):
    # A loop with PAUSE in it would come off again and again.
    loops = " without=PAUSE_LOOP" if emulator == "bochs" else ""
    m = boot([hello("one", "beats=4"), hello("two", "uart beats=8"),
              hello("busy", "fault=hang", priority=2, watchdog="1s")],
             args=["--append", "trace=enter,leave,idle,wake,domain,cost,dump" + loops])
    m.expect("system: power off", timeout=BOOT)
    assert m.end(timeout=BOOT) == 0
    trace = records.read(m.seen().splitlines())
    states = [(trace.who(r), r.values) for r in trace.records if r.event == "DOMAIN"]
    assert len(states) == 6 and len(set(states)) == 6
    assert {who for who, _ in states} == {"one/0", "two/0", "busy/0"}
    check_turns(trace)
    cpu = summary.of(trace)[0]
    assert cpu.shares.keys() == {"one/0", "two/0", "busy/0"}
    assert max(cpu.shares, key=lambda who: cpu.shares[who].ran) == "busy/0"
    assert 0 < cpu.ran() + cpu.idle <= cpu.span * 1.0001
    assert cpu.costs and min(cpu.costs) > 0
