"""A disk server and a console server beside each other: each dies and comes back while what the
other one serves goes on."""
import pytest

from machine import BOOT, WAIT, copy_disk

LOOPS = ("while sleep 1; do echo got $(head -c 5000 /dev/hwrng | wc -c); done & "
         "while sleep 1; do dd if=/dev/vda of=/dev/null bs=4k count=8 iflag=direct 2>/dev/null && "
         "echo read the disk; done &")


@pytest.mark.seconds(60)
def test_each_of_two_service_domains_dies_while_the_other_serves(boot, build, folder):
    m = boot(config="split", args=["--disk", copy_disk(build, folder, "disk.img")])
    m.expect_all(["linux1: 4000 random bytes", "linux1: up, disk verified"], timeout=BOOT)
    m.view("2")
    m.expect("linux1:/mnt# ", timeout=WAIT)
    m.line(LOOPS)
    m.view("a")
    m.expect_all([r"\] got 5000", r"\] read the disk"], timeout=WAIT)

    m.line("kill disks")
    m.expect("disks: killed by order", timeout=WAIT)
    for _ in range(3):
        m.expect(r"\] got 5000", timeout=WAIT)
    m.line("start disks")
    m.expect("disks: started, incarnation 2", timeout=WAIT)
    m.expect(r"\] read the disk", timeout=WAIT)

    m.line("crash self")
    m.expect("net: restarted, incarnation 2", timeout=WAIT)
    m.expect_all([r"\] got 5000", r"\] read the disk"], timeout=WAIT)
    m.view("s")
    m.line("shutdown")
    m.expect("system: power off", timeout=WAIT)
    assert m.end() == 0
    seen = m.seen()
    assert "did not stop in time" not in seen
    assert "I/O error" not in seen
