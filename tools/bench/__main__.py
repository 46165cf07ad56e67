"""`make bench`: instructions and heavy operations on each path, against the targets of design.md
section 9 and the figures of others. Boots configs/bench.yaml once with `bh run --icount` and the
counting plugin; the same sources give the same figures each time.

--check ends with status 1 if a figure is over 2 % (or any heavy operation) above
tools/bench/reference.json, or misses a target that it met there; --update writes that file."""
import argparse
import json
import os
import re
import subprocess
import sys

import paths
import prompt
import source

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
REFERENCE = os.path.join(HERE, "reference.json")
SLACK = 1.02
BASE = 0xffffffff80000000  # where the hypervisor is linked; it is entered BASE below


def elf_facts(elf):
    """Entry, text range and bytes in memory but for zeroes, as readelf tells them."""
    out = subprocess.run(["readelf", "-hlW", elf], check=True, capture_output=True, text=True)
    entry = int(re.search(r"Entry point address:\s+(0x[0-9a-f]+)", out.stdout)[1], 16)
    loads = re.findall(r"LOAD\s+\S+ (0x\w+) \S+ (0x\w+) \S+ (.{3})", out.stdout)
    text = next((int(at, 16), int(size, 16)) for at, size, flags in loads if "E" in flags)
    return entry, text[0], text[0] + text[1], sum(int(size, 16) for _, size, _ in loads)


def boot(build):
    """Runs the bench system; its console and the plugin's lines."""
    folder = os.path.join(build, "bench")
    os.makedirs(folder, exist_ok=True)
    config, log = os.path.join(folder, "bench.yaml"), os.path.join(folder, "count.log")
    with open(os.path.join(ROOT, "configs", "bench.yaml"), encoding="utf-8") as f:
        text = f.read().replace("../build/", build + "/")
    with open(config, "w", encoding="utf-8") as f:
        f.write(text)
    entry, text, end, _ = elf_facts(os.path.join(build, "bulkhead.elf"))
    plugin = (f"{build}/bench-count.so,entry={entry - BASE:#x},text={text:#x},end={end:#x}")
    out = subprocess.run([os.path.join(build, "bh"), "run", config, "--headless", "--icount",
                          "--timeout", "300", "--", "-plugin", plugin, "-d", "plugin", "-D", log],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                         cwd=ROOT)
    with open(os.path.join(folder, "serial.log"), "w", encoding="utf-8") as f:
        f.write(out.stdout + out.stderr)
    if out.returncode:
        sys.exit(f"bench: the system failed; its console is in {folder}/serial.log\n{out.stderr}")
    with open(log, encoding="utf-8") as f:
        return out.stdout.replace("\r", ""), f.read().splitlines()


def counts(line):
    """'interval 10 hypervisor 8 VMRUN 1' as a dictionary; the first word counts as 'all'."""
    words = line.split()
    return {"all": int(words[1]), **dict(zip(words[2::2], map(int, words[3::2])))}


def best_intervals(lines):
    """The cheapest interval of each path, in order; and the way from entry to the first VMRUN."""
    best, batch, start = [], [], {"all": 0}
    for line in lines:
        if line.startswith("interval"):
            batch.append(counts(line))
        elif line.startswith("path"):
            best.append(min(batch, key=lambda c: c["all"]))
            batch = []
        elif line.startswith("boot"):
            start = counts(line)
    return best, start


def measured(console, lines):
    """{(domain, path): {"all": instructions, "VMRUN": ...}} for one round of each path."""
    best, start = best_intervals(lines)
    printed = re.findall(r"^\[(\w+)\] ([\w-]+) (\d+) in (\d+) rounds$", console, re.M)
    if not printed or len(best) != 2 * len(printed):
        sys.exit(f"bench: {len(printed)} paths were printed, {len(best) / 2} counted")
    result = {}
    for n, (domain, name, instructions, rounds) in enumerate(printed):
        work, rounds = best[2 * n], int(rounds)
        result[domain, name] = {"all": int(instructions),
                                **{k: round(work.get(k, 0) / rounds, 1) for k in paths.HEAVY}}
        plain = (work["all"] - best[2 * n + 1]["all"]) / rounds
        if abs(plain - int(instructions)) > 2 + plain / 100:
            sys.exit(f"bench: {name}: {instructions} by the guest's clock, {plain:.0f} counted")
    return result, start


def facts(build, console, start):
    memory = re.search(r"4 domains, (\d+) KiB for the hypervisor", console)
    return {
        "boot": start["all"],
        **prompt.measure(build, os.path.join(build, "bench")),
        "image": elf_facts(os.path.join(build, "bulkhead.elf"))[3],
        "memory": int(memory[1]) if memory else 0,
        "lines": source.lines_in(ROOT, source.HYPERVISOR),
        "service-lines": source.lines_in(ROOT, source.SERVICE),
    }


def heavy_text(count):
    return " ".join(f"{k}" if count[k] == 1 else f"{count[k]:g}*{k}"
                    for k in paths.HEAVY if count[k])


def judged(value, target):
    if not target:
        return ""
    return "met" if value <= target else "MISSED"


def print_path(what, count, target, kvm, xen):
    print(f"{what:41} {count['all']:>7} {target or '-':>7} {judged(count['all'], target):6} "
          f"{kvm:>6} {xen:>6}  {heavy_text(count)}")


def rows(result):
    """(key, (what, target, kvm, xen)) of each path that was measured, in the tables' order."""
    for domain, table in (("bench", paths.PATHS), ("behind", paths.BEHIND)):
        for name, (what, target, kvm, xen) in table.items():
            if (domain, name) in result:
                yield (domain, name), (what, target, kvm, xen)


def print_table(result, fact):
    print(f"{'path':41} {'instr.':>7} {'target':>7} {'':6} {'KVM':>6} {'Xen':>6}  "
          "heavy operations of the hypervisor on it, a VMRUN for each exit")
    for key, (what, target, kvm, xen) in rows(result):
        print_path(what, result[key], target, kvm, xen)
    print()
    for name, (what, target, unit, peer) in paths.FACTS.items():
        print(f"{what:60} {fact[name]:>10,} {unit:12} target {target:>10,} "
              f"{judged(fact[name], target):6} {peer}")


def misses(result, fact, reference):
    """Targets that are missed and were not when the reference was written."""
    for key, (what, target, _, _) in rows(result):
        old = reference.get("/".join(key), {"all": 0})
        if judged(result[key]["all"], target) == "MISSED" and old["all"] <= target:
            yield f"{what}: {result[key]['all']}, target {target}"
    for name in paths.GATED_FACTS:
        what, target, unit, _ = paths.FACTS[name]
        if judged(fact[name], target) == "MISSED":
            yield f"{what}: {fact[name]} {unit}, target {target}"


def worse(result, reference):
    """Figures above the recorded ones."""
    for key, (what, *_) in rows(result):
        old = reference.get("/".join(key))
        if not old:
            yield f"{what}: not in {os.path.relpath(REFERENCE, ROOT)}"
            continue
        if result[key]["all"] > old["all"] * SLACK:
            yield f"{what}: {result[key]['all']} instructions, {old['all']} before"
        for k in paths.HEAVY:
            if result[key][k] > old.get(k, 0):
                yield f"{what}: {result[key][k]:g} {k}, {old.get(k, 0):g} before"


def write_reference(result):
    known = {"/".join(key): {k: n for k, n in result[key].items() if n} for key, _ in rows(result)}
    with open(REFERENCE, "w", encoding="utf-8") as f:
        f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in known.items())
                + "\n}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    console, lines = boot(build)
    result, start = measured(console, lines)
    fact = facts(build, console, start)
    print_table(result, fact)
    if options.update:
        write_reference(result)
    if options.check:
        with open(REFERENCE, encoding="utf-8") as f:
            reference = json.load(f)
        bad = [*misses(result, fact, reference), *worse(result, reference)]
        print("\n".join(["", *(f"bench: {line}" for line in bad)]))
        sys.exit(bool(bad))


if __name__ == "__main__":
    main()
