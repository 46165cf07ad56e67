"""Where deaths may fall and how often they did: the names of guests/service/killpoint.def, the exit
status with which the service domain says how it died (guests/service/selfkill.h), and the tally."""
import os
import re
from collections import Counter

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = os.path.join(ROOT, "guests", "service", "killpoint.def")

with open(TABLE, encoding="utf-8") as f:
    NAMES = re.findall(r"^KILL_[A-Z]+\((\w+)", f.read(), re.MULTILINE)
NUMBER = {name: number for number, name in enumerate(NAMES)}

# Points that come once in a machine's life, in their order.
ONCE = ["KEPT_MADE", "FALLBACKS", "FALLBACKS_DECIDED", "DEVICE_MADE"]

# The count of a head's deaths comes in the recovery from a death with a head at work only.
PAIRS = ["PROCESS_MARK after", "HEAD_DEATHS before", "PROCESS_MARK after", "HEAD_DEATHS after"] * 3

# Those of the start, of this domain's instance or of a guest that finds and sets up its device.
SETUP = ["GUEST_INCARNATION", "BAR", "BAR_MAPPED", "COMMAND", "MSIX_CONTROL", "MSIX_VECTOR",
         "STATUS", "FEATURES", "QUEUE_SELECT", "CONFIG_VECTOR", "QUEUE_DESC", "QUEUE_AVAIL",
         "QUEUE_USED", "QUEUE_SIZE", "QUEUE_VECTOR", "QUEUE_ENABLED", "RANGE_ADD", "RANGE_REMOVE"]

# Those of every request and every recovery.
WORK = ["PROCESS_MARK", "RECORD_USED_INDEX", "RECORD_LAST_HEAD", "HEAD_TAKEN", "HEAD_CLEARED",
        "USED_ENTRY", "USED_LENGTH", "USED_INDEX", "NOTIFY_WISH", "PROCESS_END",
        "DISK_SUBMIT", "INTERRUPT", "ACCESS_ANSWER", "MSIX_PENDING"]

SIDES = [f"{name} {side}" for name in [*ONCE, *SETUP, *WORK, "HEAD_DEATHS"] for side in ("before", "after")]
KINDS = {1: "by timer", 2: "at a named point", 3: "by timer, with a guest's reset",
         4: "at a named point, with a guest's reset", 5: "by timer, as no point came"}


def numbers(names):
    """As the service domain's command line takes them."""
    return ",".join(str(NUMBER[name]) for name in names)


def first():
    """What the first incarnations die at, for killfirst."""
    once = [f"{name} {side}" for name in ONCE for side in ("before", "after")]
    return ",".join(str(NUMBER[name] * 2 + (side == "after"))
                    for name, side in (entry.split() for entry in [*once, *PAIRS]))


class Tally:
    """What was killed so far."""

    def __init__(self):
        self.kinds, self.hits = Counter(), Counter()
        self.points = self.recovering = self.boots = self.crashes = 0

    def count(self, status):
        """One death, from its exit status. Returns what it was in words."""
        kind, rest = divmod(status, 10000)
        early, rest = divmod(rest, 1000)
        number, side = divmod(rest, 2)
        words = KINDS.get(kind, f"status {status}")
        self.points += 1
        self.kinds[words] += 1
        self.recovering += early
        if number:
            name = f"{NAMES[number]} {('before', 'after')[side]}"
            self.hits[name] += 1
            words = f"{words}: {name}"
        return words + (", while it recovered" if early else "")

    def add(self, other):
        self.kinds.update(other.kinds)
        self.hits.update(other.hits)
        self.points += other.points
        self.recovering += other.recovering
        self.boots += other.boots

    def missing(self, least):
        """The named points with fewer hits."""
        return [side for side in SIDES if self.hits[side] < least]

    def line(self):
        """For the progress line."""
        named = sum(self.hits.values())
        resets = sum(n for kind, n in self.kinds.items() if "reset" in kind)
        return (f"{self.points} points in {self.boots} boots: {named} named "
                f"({len(SIDES) - len(self.missing(1))} of {len(SIDES)} names), "
                f"{self.recovering} while it recovered, {resets} with a guest's reset")

    def table(self):
        """Everything, several lines."""
        out = [f"  {n:6} {kind}" for kind, n in sorted(self.kinds.items())]
        out.append(f"  {self.recovering:6} of all while an earlier death was not yet recovered from")
        names = sorted({side.rsplit(" ", 1)[0] for side in [*SIDES, *self.hits]})
        out.append("  hits by name, before / after:")
        out += [f"    {name:<20} {self.hits[name + ' before']:5} {self.hits[name + ' after']:5}"
                for name in names]
        return "\n".join(out)
