"""Shows a trace of what the CPUs did, from a log of the serial port (trace=all,dump on the
hypervisor's command line) or of the shell's `trace dump`. One line an event:

  time in us from the start, CPU, domain/vCPU, event, its values

Example: build/bh run my.yaml --headless --append trace=all,dump > log; python3 tools/trace log"""
import argparse
import functools
import sys

import records
import summary


def value_text(name, value, lists):
    if name in lists:
        return f"{name} {lists[name][value]}" if value < len(lists[name]) else f"{name} {value}"
    if name.startswith("#"):
        return f"{name[1:]} {value:#x}"
    what, _, unit = name.partition(", ")
    return f"{what} {value}{' ' + unit if unit else ''}"


def text(trace, r, event, lists):
    values = ", ".join(value_text(n, v, lists) for n, v in zip(event.values, r.values) if n != "-")
    return (f"{r.us:14.3f}  CPU {r.cpu:<2} {trace.who(r):14} {event.name:6} {event.text}"
            f"{': ' + values if values else ''}")


def is_wanted(options, cpu, who):
    """Filters; None: does not count. who: "linux1/0"; the option may leave the vCPU out."""
    if None not in (options.cpu, cpu) and options.cpu != cpu:
        return False
    return None in (options.domain, who) or options.domain in (who, who.rpartition("/")[0])


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/trace", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", help="a file, or - for standard input; its last trace is shown")
    parser.add_argument("--cpu", type=int, help="only this CPU")
    parser.add_argument("--domain", help="only this domain, NAME, or this vCPU of it, NAME/NUMBER")
    parser.add_argument("--event", type=lambda s: s.upper().split(","),
                        help="only these events: " + ",".join(e.name for e in records.events()))
    parser.add_argument("--summary", action="store_true",
                        help="times, shares, waits and exits of each vCPU in place of the events")
    options = parser.parse_args()
    known = {e.name for e in records.events()}
    for name in options.event or []:
        if name not in known:
            parser.error(f"no event {name}; there are {', '.join(sorted(known))}")
    return options


def show(trace, options):
    lists, events = records.names(), {e.name: e for e in records.events()}
    for cpu in range(trace.cpus):
        if trace.lost(cpu):
            print(f"CPU {cpu}: {trace.lost(cpu)} records were overwritten before they were read")
    if options.summary:
        found = summary.lines(trace, lists["kind"], functools.partial(is_wanted, options))
    else:
        found = (text(trace, r, events[r.event], lists) for r in trace.records
                 if is_wanted(options, r.cpu, trace.who(r))
                 and (not options.event or r.event in options.event))
    for line in found:
        print(line)


def main():
    options = parse_arguments()
    try:
        with open(0 if options.log == "-" else options.log, encoding="utf-8",
                  errors="replace") as f:
            trace = records.read(f, options.log)
        show(trace, options)
    except BrokenPipeError:  # `| head` has seen enough
        sys.stderr.close()
    except (OSError, records.Bad, ValueError) as error:
        sys.exit(f"trace: {error}")


if __name__ == "__main__":
    main()
