"""The scheduler, event by event, from the trace: the cyclic table is followed, a dedicated CPU is
left alone, and the service domain runs as soon as it is woken. What is measured is printed."""
import itertools
import os
import re
import sys

import pytest

from machine import BOOT, ROOT, SERVICE, only
from test_sched import spin

sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))

import records  # noqa: E402
import summary  # noqa: E402

# Instructions (ticks) from a moment of the table until it is done, trace and all: an exit and a
# switch, mostly; at most the longest that the hypervisor does in one go, the end of a domain.
USUAL = 2500
BOUND = 20_000
SETTLED = 200_000  # us from the start: before, the hypervisor prints by itself, and waits for that
FRAME = 10_000  # us
# CPU, domain, start, length. On one CPU those of CPU 1 do not count.
TABLE = [(0, "a", 0, 2000), (0, "b", 2000, 1000), (0, "a", 5000, 1000),
         (1, "d", 1000, 3000), (1, "e", 4000, 500)]
DISK = "      - {{ from: service, module: {build}/guests/blank.img, offset: 0, size: 32K }}"


def traced(boot, emulator, domains, events, cpus=1, top="", end=True):
    """Runs these domains until all have ended, or the machine is told to; the trace of its end."""
    more = ["--cpus", str(cpus), *(["--icount"] if emulator == "qemu" and cpus == 1 else [])]
    m = boot(domains, top=top, args=[*more, "--append", f"trace={events},dump"])
    m.expect_all([r"\] \w+: (got|woke) \d+"] * sum("spin.elf" in d for d in domains), timeout=BOOT)
    if not end:
        m.view("s")
        m.line("shutdown")
    assert m.end(timeout=BOOT) == 0
    return records.read(m.seen().splitlines()), m.seen()


def turns(trace, cpu):
    """(vCPU, from, to) of each time that one ran on this CPU, in us."""
    inside = None
    for r in trace.records:
        if r.cpu == cpu and r.event == "ENTER":
            inside = r.us
        elif r.cpu == cpu and r.event == "LEAVE" and inside is not None:
            yield trace.who(r), inside, r.us
            inside = None


class Grid:
    """One CPU's part of the table, on the grid on which the trace has it."""

    def __init__(self, trace, cpu):
        self.slots = [(n, who, start, start + length)
                      for n, (on, who, start, length) in enumerate(TABLE) if on == cpu]
        self.begins = [(r.values[0], r.us - r.values[1] / 1000, r.us) for r in trace.records
                       if r.cpu == cpu and r.event == "SLOT" and r.us > SETTLED]
        number, due, _ = self.begins[0]
        self.origin = due - TABLE[number][2]

    def is_allowed(self, who, at):
        """May this vCPU run then? In a slot: its own, and whoever serves it."""
        into = (at - self.origin) % FRAME
        name = who.rpartition("/")[0]
        for _, owner, start, end in self.slots:
            if start <= into < end:
                return name == owner or (owner == "b" and name == "service")
        return name not in {owner for _, owner, _, _ in self.slots}

    def strayed(self, who, begin, end):
        """How long it ran between these moments when it must not."""
        edges = sorted({t for s in self.slots for t in s[2:]} | {0, FRAME})
        frame = (begin - self.origin) // FRAME * FRAME + self.origin
        strayed = 0
        while frame < end:
            for first, last in zip(edges, edges[1:]):
                first, last = max(frame + first, begin), min(frame + last, end)
                if first < last and not self.is_allowed(who, (first + last) / 2):
                    strayed += last - first
            frame += FRAME
        return strayed


def check_table(trace, cpu):
    grid, us = Grid(trace, cpu), 1000 / trace.khz
    order = [number for number, *_ in grid.slots]
    seen = [number for number, *_ in grid.begins]
    first = order.index(seen[0])
    assert seen == [order[(first + i) % len(order)] for i in range(len(seen))]
    assert len(seen) > 10 * len(order)
    off = max(abs((due - grid.origin - TABLE[number][2] + FRAME / 2) % FRAME - FRAME / 2)
              for number, due, _ in grid.begins)
    ran = [t for t in turns(trace, cpu) if t[1] > grid.begins[0][1]]
    starts = [min((begin - due for who, begin, _ in ran
                   if begin > due and who == f"{TABLE[number][1]}/0"), default=0)
              for number, due, _ in grid.begins[:-1]]
    strayed = max(grid.strayed(*t) for t in ran)
    usual = sorted(starts)[len(starts) * 9 // 10]
    print(f"CPU {cpu}: {len(seen)} slots, begun {usual / us:.0f} instructions after their time, at "
          f"most {max(starts) / us:.0f}, which is {off:.3f} us off the grid; others in a slot: "
          f"{strayed / us:.0f}")
    assert off < 100 * us
    assert usual < USUAL * us
    assert max(starts) < BOUND * us
    assert strayed < BOUND * us
    return {who for who, _, _ in ran}


@pytest.mark.seconds(20)
@pytest.mark.parametrize("cpus", [1, pytest.param(2, marks=only("bochs", "QEMU's two CPUs share a "
                                                                          "noisy host"))])
def test_every_slot_of_the_table_is_kept(boot, emulator, cpus):
    top = "\nschedule:\n  frame: 10ms\n  slots:\n" + "".join(
        f"    - {{{{ cpu: {cpu}, domain: {who}, start: {start}us, length: {length}us }}}}\n"
        for cpu, who, start, length in TABLE)
    words = "after=100 ms=300 tail=50"
    guests = [SERVICE, spin("a", words), spin("b", words + " ask=100", disks="\n" + DISK),
              spin("c", words, cpu=0), spin("d", words), spin("e", words), spin("f", words, cpu=1)]
    trace, _ = traced(boot, emulator, guests, "slot,enter,leave", cpus, top, end=False)
    assert check_table(trace, 0) >= {"a/0", "b/0", "c/0", "service/0"}
    if cpus == 2:
        assert check_table(trace, 1) >= {"d/0", "e/0", "f/0"}


@pytest.mark.seconds(15)
def test_a_dedicated_cpu_takes_no_tick_and_no_needless_exit(boot, emulator):
    guests = [spin("a", "ms=600 after=100 tail=0", cpu=1, dedicated="yes"),
              spin("b", "ms=200", cpu=0, quantum="1ms"), spin("c", "ms=200 exits", cpu=0)]
    trace, _ = traced(boot, emulator, guests, "exit", cpus=2)
    exits = [r.us for r in trace.records if r.event == "EXIT" and trace.who(r) == "a/0"]
    quiet = max(last - first for first, last in itertools.pairwise(exits))
    print(f"{len(exits)} exits, none of them for {quiet:.0f} us")
    assert quiet > 700_000 * 0.99


def delays(trace, who):
    """From being woken until it runs, of this vCPU, in us."""
    woken, runs = None, False
    for r in trace.records:
        if trace.who(r) != who:
            continue
        if r.event == "WAKE" and not runs:
            woken = woken or r.us
        elif r.event == "ENTER":
            if woken:
                yield r.us - woken
            woken, runs = None, True
        elif r.event == "LEAVE":
            runs = False


@pytest.mark.seconds(15)
def test_the_service_domain_runs_as_soon_as_it_is_woken(boot, emulator):
    # The hypervisor starts domains, and prints by itself, during the first part.
    guests = [SERVICE, spin("prompt", "nap=150 after=200 ms=100", priority=7),
              spin("busy", "after=300 ms=100"),
              spin("asks", "after=300 ms=100 ask=50", disks="\n" + DISK)]
    trace, seen = traced(boot, emulator, guests, "wake,enter,leave,cost", end=False)
    us = 1000 / trace.khz
    found = sorted(d / us for d in delays(trace, "service/0"))
    costs = sorted(summary.of(trace)[0].costs)
    late = int(re.search(r"prompt: woke \d+ times, late \d+ cycles, at most (\d+)", seen)[1])
    print(f"instructions: the service domain runs {found[len(found) // 2]:.0f} after it is woken, "
          f"at most {found[-1]:.0f}, of {len(found)}; a sleeper is late by {late} at most; a switch "
          f"costs {costs[len(costs) // 2]}, at most {costs[-1]}")
    assert len(found) > 100
    assert found[len(found) // 2] < USUAL
    assert found[-1] < BOUND
    assert late < BOUND
