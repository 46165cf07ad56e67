"""Reads the lines of abi/trace.h, wherever they stand in a log, into records. What an event is
called and what its values mean comes from abi/trace.def; names of values from their own files."""
import os
import re
from dataclasses import dataclass, field

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

BEGIN = re.compile(r"trace: begin events (\w+) cpus (\w+) khz (\w+) start (\w+)$")
DOMAIN = re.compile(r"trace: domain (\w+) (\S+)$")
RECORD = re.compile(r"trace: ([0-9a-f]+(?: [0-9a-f]+){7})$")
END = re.compile(r"trace: end (\w+)$")
NOBODY = 0xffff

# A value of this name is a number of this list: file, pattern of one name in it, how it is shown.
LISTS = {
    "kind": ("abi/exit.def", r'^VM_EXIT\(\w+, "([^"]*)"\)', str),
    "vCPU state": ("vmm/vcpu.h", r"^\tVCPU_([A-Z]+),", str.lower),
    "domain state": ("abi/hypercall.h", r"^\tHV_STATE_([A-Z]+),", str.lower),
}


class Bad(Exception):
    """What is wrong with the input, in words for the user."""


@dataclass
class Event:
    name: str
    text: str
    values: list  # names, "-": none


@dataclass
class Record:
    us: float
    cpu: int
    number: int
    event: str
    domain: int
    vcpu: int
    values: tuple


@dataclass
class Trace:
    cpus: int
    khz: int
    start: int
    domains: dict = field(default_factory=dict)
    records: list = field(default_factory=list)  # in order of time

    def lost(self, cpu):
        """Records of that CPU that were overwritten before they could be read."""
        numbers = [r.number for r in self.records if r.cpu == cpu]
        return numbers[-1] + 1 - len(numbers) if numbers else 0

    def who(self, r):
        """'linux1/0': domain and vCPU; empty for the CPU itself."""
        if r.domain == NOBODY:
            return ""
        return f"{self.domains.get(r.domain, r.domain)}/{r.vcpu}"


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def events():
    found = re.findall(r'^HV_TRACE\((\w+), "([^"]*)", "([^"]*)", "([^"]*)"\)',
                       source("abi/trace.def"), re.M)
    return [Event(name, text, [a, b]) for name, text, a, b in found]


def names():
    return {value: [lower(n) for n in re.findall(pattern, source(path), re.M)]
            for value, (path, pattern, lower) in LISTS.items()}


def record_of(numbers, trace, known, where):
    cpu, number, ticks, event, domain, vcpu, a, b = numbers
    if event >= len(known):
        raise Bad(f"{where}: event {event} is not in abi/trace.def: "
                  "the log is of another version than this tool")
    return Record(ticks * 1000 / trace.khz, cpu, number, known[event].name, domain, vcpu, (a, b))


def add_line(trace, line, known, where):
    """One line behind the first; the number of records if it is the last one."""
    if match := RECORD.search(line):
        trace.records.append(record_of([int(n, 16) for n in match[1].split()], trace, known, where))
    elif match := DOMAIN.search(line):
        trace.domains[int(match[1], 16)] = match[2]
    elif match := END.search(line):
        return int(match[1], 16)
    elif re.search(r"\btrace: ", line):
        raise Bad(f"{where}: not a line of a trace: {line.strip()[:60]!r}")
    return None


def begin(match, known, where):
    count, cpus, khz, start = (int(n, 16) for n in match.groups())
    if count != len(known) or not khz:
        raise Bad(f"{where}: the trace has {count} kinds of events, abi/trace.def {len(known)}: "
                  "the log is of another version than this tool")
    return Trace(cpus, khz, start)


def finish(trace, count, where):
    if count != len(trace.records):
        raise Bad(f"{where}: {count} records were printed, {len(trace.records)} are in the log: "
                  "lines were lost")
    trace.records.sort(key=lambda r: (r.us, r.cpu, r.number))
    if not trace.start and trace.records:  # printed by a domain, which does not know it
        first = trace.records[0].us
        for r in trace.records:
            r.us -= first
    return trace


def read(lines, name="log"):
    """The last trace in these lines. Raises Bad."""
    known, trace, done = events(), None, None
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if match := BEGIN.search(line.rstrip()):
            trace = begin(match, known, where)
        elif trace:
            count = add_line(trace, line.rstrip(), known, where)
            if count is not None:
                done, trace = finish(trace, count, where), None
    if trace:
        raise Bad(f"{name}: the trace breaks off after {len(trace.records)} records, without its "
                  "last line: the log was cut, or the machine was stopped while it printed")
    if not done:
        raise Bad(f"{name}: no trace in it; boot with trace=all,dump on the hypervisor's command "
                  "line, or type `trace dump` in the shell")
    return done
