"""Who ran how long, on which CPU, and what it cost: from the records of one trace."""
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class Share:
    ran: float = 0.0  # us
    times: int = 0
    longest: float = 0.0
    waited: float = 0.0  # the longest wait from ready to running, us


@dataclass
class Cpu:
    span: float = 0.0  # us from the first record to the last
    idle: float = 0.0
    shares: dict = field(default_factory=lambda: defaultdict(Share))
    costs: list = field(default_factory=list)

    def ran(self):
        return sum(s.ran for s in self.shares.values())


def went_out(cpu, who, since, now):
    share = cpu.shares[who]
    share.ran += now - since
    share.longest = max(share.longest, now - since)


def of_cpu(trace, number):
    """One pass over a CPU's records: who runs since when, or since when it idles."""
    records = [r for r in trace.records if r.cpu == number]
    cpu, who, since, idle, follows = Cpu(), None, records[0].us, False, records[0].number
    for r in records:
        if r.number != follows:  # lost between: what happened there is nobody's
            who, since, idle = None, r.us, False
        follows = r.number + 1
        if r.event == "LEAVE":
            # The first one may have gone in before the trace began.
            went_out(cpu, trace.who(r), since, r.us)
            who, since, idle = None, r.us, False
        elif r.event in ("ENTER", "IDLE") and who:
            raise ValueError(f"{who} did not come off CPU {number} before {r.us:.3f} us")
        elif r.event == "IDLE" and not idle:
            since, idle = r.us, True
        elif r.event == "ENTER":
            cpu.idle += r.us - since if idle else 0
            who, since, idle = trace.who(r), r.us, False
            share = cpu.shares[who]
            share.times += 1
            share.waited = max(share.waited, r.values[1] / 1000)
        elif r.event == "COST":
            cpu.costs.append(r.values[0])
    last = records[-1].us
    if who:
        went_out(cpu, who, since, last)
    elif idle:
        cpu.idle += last - since
    cpu.span = last - records[0].us
    return cpu


def of(trace):
    """{CPU: Cpu} for each CPU that has records."""
    return {n: of_cpu(trace, n) for n in sorted({r.cpu for r in trace.records})}


def exits(trace, kinds):
    """{vCPU: Counter of exits by kind}."""
    found = defaultdict(Counter)
    for r in trace.records:
        if r.event == "EXIT":
            found[trace.who(r)][kinds[r.values[0]] if r.values[0] < len(kinds) else "?"] += 1
    return found


def percent(part, whole):
    return f"{100 * part / whole:6.2f} %" if whole else "     - %"


def lines_of_cpu(number, cpu, is_wanted):
    if not is_wanted(number, None):
        return
    yield f"CPU {number}: {cpu.span:.1f} us"
    for who, s in sorted(cpu.shares.items(), key=lambda item: -item[1].ran):
        if not is_wanted(number, who):
            continue
        yield (f"  {who:16} {s.ran:14.1f} us {percent(s.ran, cpu.span)} {s.times:7} times in, "
               f"longest {s.longest:.1f} us, longest wait {s.waited:.1f} us")
    yield f"  {'(idle)':16} {cpu.idle:14.1f} us {percent(cpu.idle, cpu.span)}"
    rest = cpu.span - cpu.idle - cpu.ran()
    yield f"  {'(hypervisor)':16} {rest:14.1f} us {percent(rest, cpu.span)}"
    if cpu.costs:
        costs = sorted(cpu.costs)
        yield (f"  a switch costs {costs[0]} to {costs[-1]} cycles, "
               f"{costs[len(costs) // 2]} in the middle, of {len(costs)}")


def lines(trace, kinds, is_wanted):
    """is_wanted(cpu, who): is this to be shown?"""
    if not any(r.event == "LEAVE" for r in trace.records):
        yield "no ENTER and LEAVE among the events: no times and shares"
    else:
        for number, cpu in of(trace).items():
            yield from lines_of_cpu(number, cpu, is_wanted)
    for who, counted in sorted(exits(trace, kinds).items()):
        if not is_wanted(None, who):
            continue
        yield f"{who}: {counted.total()} exits"
        for kind, n in counted.most_common():
            yield f"  {n:9}  {kind}"
