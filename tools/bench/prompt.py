"""How soon a vCPU runs that waits for a moment, as the service domain does for its devices: others
of a lower priority spin and make exits meanwhile, so that its delay is an exit, one handler and a
switch. And what a switch costs, by the trace."""
import os
import re
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))

import records  # noqa: E402
import summary  # noqa: E402

GUESTS = {
    "prompt": (7, "nap=150 after=40 ms=30"),
    "exits": (4, "exits after=20 ms=60 tail=0"),
    "spins": (4, "after=20 ms=60 tail=0"),
}


def write_config(build, path):
    with open(path, "w", encoding="utf-8") as f:
        f.write("name: prompt\ndomains:\n")
        for name, (priority, words) in GUESTS.items():
            f.write(f"  - {{ name: {name}, type: native, image: {build}/guests/spin.elf, "
                    f'memory: 2M, priority: {priority}, quantum: 1ms, cmdline: "{words}" }}\n')


def measure(build, folder):
    """{"switch": instructions, "late": at most so many}"""
    config = os.path.join(folder, "prompt.yaml")
    write_config(build, config)
    out = subprocess.run([os.path.join(build, "bh"), "run", config, "--headless", "--icount",
                          "--timeout", "300", "--append", "trace=cost,dump"],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                         cwd=ROOT, check=False)
    late = re.search(r"prompt: woke \d+ times, late \d+ cycles, at most (\d+)", out.stdout)
    if out.returncode or not late:
        sys.exit(f"bench: the system that shows promptness failed\n{out.stdout}{out.stderr}")
    costs = summary.of(records.read(out.stdout.splitlines()))[0].costs
    return {"switch": round(statistics.median(costs)), "late": int(late[1])}
