"""The service domain dies while guests write; nothing is lost."""
import re

from machine import BOOT, QUICK, SERVICE, WAIT, copy_disk, difference, dump, linux, pattern

MAIN = "device: main, offset: 0, size: 16M"

# A round takes Bochs longer: fewer and smaller ones, with as many deaths.
ROUNDS = {"bochs": 5, "qemu": 8}
KIB = {"bochs": 256, "qemu": 1024}


def kill_in_the_middle(boot, emulator, args, disk, kills, domain=SERVICE):
    """Crashes the service domain after some of the guest's rounds; returns how many there were."""
    rounds = ROUNDS[emulator]
    m = boot([domain, linux("linux1", f"{QUICK} task=rounds rounds={rounds} kib={KIB[emulator]}",
                            disk=disk)], args=args)
    m.expect("linux1: up, disk verified", timeout=BOOT)
    for n, round_number in enumerate(kills):
        m.expect(rf"linux1: round {round_number} of {rounds}", timeout=BOOT)
        m.line("crash self")
        m.expect(rf"service: .*incarnation {n + 2}", timeout=WAIT)
        m.view("a")
    # Step by step, so that a slow computer is no failure and a hanging guest is.
    for round_number in range(kills[-1] + 2, rounds + 1):
        m.expect(rf"linux1: round {round_number} of {rounds}", timeout=BOOT)
    m.expect(f"linux1: all {rounds} rounds verified", timeout=BOOT)
    m.expect("linux1: powers off")
    assert m.end() == 0
    seen = m.seen()
    assert "WRITE FAILED" not in seen
    assert not re.search(r"I/O error|EXT4-fs error", seen)
    return rounds


def test_no_write_is_lost_on_the_disk_when_the_service_domain_dies(boot, emulator, build, folder):
    disk = copy_disk(build, folder, "linux1.img")
    rounds = kill_in_the_middle(boot, emulator, ["--disk", disk], MAIN, kills=[2])
    for r in range(rounds - 3, rounds + 1):
        assert difference(dump(disk, f"/rounds/{r % 4}"),
                          pattern(KIB[emulator] << 10, r * 1000)) is None


def test_no_write_is_lost_on_a_ram_disk_over_several_deaths(boot, emulator):
    kill_in_the_middle(boot, emulator, ["--disk", "none"], "module: {build}/linux/linux1.img",
                       kills=[1, 3])
