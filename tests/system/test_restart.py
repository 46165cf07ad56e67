"""The service domain dies while guests write; nothing is lost."""
import re

from machine import BOOT, SERVICE, WAIT, copy_disk, difference, dump, linux, pattern

ROUNDS = 8
MAIN = "device: main, offset: 0, size: 16M"


def kill_in_the_middle(boot, args, disk, kills, domain=SERVICE):
    """Crashes the service domain after some of the guest's rounds; returns what was seen."""
    m = boot([domain, linux("linux1", f"task=rounds rounds={ROUNDS}", disk=disk)], args=args)
    m.expect("linux1: up, disk verified", timeout=BOOT)
    for n, round_number in enumerate(kills):
        m.expect(rf"linux1: round {round_number} of {ROUNDS}", timeout=WAIT)
        m.line("crash self")
        m.expect(rf"service: .*incarnation {n + 2}", timeout=WAIT)
        m.view("a")
    # Step by step, so that a slow computer is no failure and a hanging guest is.
    for round_number in range(kills[-1] + 2, ROUNDS + 1):
        m.expect(rf"linux1: round {round_number} of {ROUNDS}", timeout=WAIT)
    m.expect(f"linux1: all {ROUNDS} rounds verified", timeout=WAIT)
    m.expect("linux1: powers off")
    assert m.end() == 0
    seen = m.seen()
    assert "WRITE FAILED" not in seen
    assert not re.search(r"I/O error|EXT4-fs error", seen)
    return seen


def test_no_write_is_lost_on_the_disk_when_the_service_domain_dies(boot, build, folder):
    disk = copy_disk(build, folder, "linux1.img")
    kill_in_the_middle(boot, ["--disk", disk], MAIN, kills=[3])
    for r in range(ROUNDS - 3, ROUNDS + 1):
        assert difference(dump(disk, f"/rounds/{r % 4}"), pattern(1 << 20, r * 1000)) is None


def test_no_write_is_lost_on_a_ram_disk_over_several_deaths(boot):
    kill_in_the_middle(boot, ["--disk", "none"], "module: {build}/linux/linux1.img", kills=[2, 5])
