"""What an unmodified Linux finds in a served disk beside reads and writes: a queue for each of its
CPUs, and discard, which the service domain counts."""
import pytest

from machine import BOOT, QUICK, SERVICE, linux


@pytest.mark.seconds(20)
def test_linux_has_a_queue_for_each_cpu_and_trims_its_disk(boot):
    m = boot([SERVICE, linux("linux1", QUICK, "module: {build}/linux/linux1.img", vcpus=2)])
    m.expect(r"linux1: a shell", timeout=BOOT)
    m.view("1")
    m.expect("linux1:/mnt# ")
    m.line("echo $(ls /sys/block/vda/mq | wc -l) queues")
    m.expect(r"\n2 queues")
    m.line("fstrim -v /mnt")
    trimmed = int(m.expect(r"/mnt: (\d+) bytes")[1])
    assert trimmed > 1 << 20
    m.view("s")
    m.line("disks")
    row = m.expect(r"linux1 +1 .* (\d+) KiB +(\d+) KiB +(\d+) KiB +\d+ +0 +RAM disk 0")
    assert int(row[3]) >= trimmed >> 10  # ext4 clears its tables, too
    m.view("1")
    m.line("poweroff")
    assert m.end() == 0
