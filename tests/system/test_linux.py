"""Stock Debian kernels as guests, their consoles and disks served by the service domain."""
import hashlib
import os
import subprocess

import pytest

from machine import BOOT, QUICK, SERVICE, WAIT, copy_disk, cut, difference, dump, linux, only, \
    pattern

MAIN = "device: main, offset: 0, size: 16M"


def share_folder(build, folder):
    """A second disk: a folder's image, to be read only."""
    os.makedirs(os.path.join(folder, "shared"))
    with open(os.path.join(folder, "shared", "greeting"), "w", encoding="utf-8") as f:
        f.write("hello from outside\n")
    subprocess.run([os.path.join(build, "bh"), "image", os.path.join(folder, "shared"), "-o",
                    os.path.join(folder, "share.img")], check=True)
    return " }}\n      - {{ from: service, module: {folder}/share.img, read-only: yes"


def test_linux_reaches_a_shell_on_its_console(boot, build, folder):
    disk = copy_disk(build, folder, "linux1.img")
    share = share_folder(build, folder)
    m = boot([SERVICE, linux("linux1", disk=MAIN + share)], args=["--disk", disk])
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.expect("linux1: a shell")
    m.view("1")
    m.expect("linux1:/mnt# ")
    # The answer differs from the question, so that an echo alone does not pass.
    m.line("echo $((6 * 7)) apples; cat /sys/class/tty/ttyS0/irq; uname -s")
    m.expect("42 apples")
    m.expect("Linux")
    m.line("echo hello from inside > /mnt/note; sync; echo written $?")
    m.expect("written 0")
    m.line("mkdir /share; mount -t ext4 -o ro /dev/vdb /share; cat /share/greeting; "
           "cat /sys/block/vdb/ro > /mnt/ro")
    m.expect("hello from outside")
    m.line("poweroff")
    m.view("a")
    m.expect("system: power off")
    assert m.end() == 0
    assert dump(disk, "/note") == b"hello from inside\n"
    assert dump(disk, "/ro") == b"1\n"


def test_what_linux_writes_is_found_in_the_image(boot, build, folder):
    disk = copy_disk(build, folder, "linux1.img")
    m = boot([SERVICE, linux("linux1", "task=write mb=4", disk=MAIN)], args=["--disk", disk])
    inside = m.expect(r"linux1: wrote ([0-9a-f]{64})", timeout=BOOT + WAIT).group(1)
    assert m.end() == 0
    data = dump(disk, "/pattern")
    assert difference(data, pattern(4 << 20)) is None
    assert hashlib.sha256(data).hexdigest() == inside


@only("qemu", "Bochs has neither")
@pytest.mark.parametrize("kind, found", [("virtio", 'id: "1af4:1042"'), ("ahci", "class: ahci")])
def test_another_kind_of_disk_of_the_machine_serves_as_well(boot, build, folder, kind, found):
    disk = copy_disk(build, folder, "linux1.img")
    service = SERVICE.replace("class: disk, optional: yes", found)
    m = boot([service, linux("linux1", f"{QUICK} task=write mb=1", disk=MAIN)],
             args=["--disk", f"{kind}:{disk}"])
    m.expect(r"linux1: wrote [0-9a-f]{64}", timeout=BOOT + WAIT)
    assert m.end() == 0
    assert difference(dump(disk, "/pattern"), pattern(1 << 20)) is None


@only("qemu", "Bochs has one kind of disk")
def test_the_demo_takes_the_disk_that_the_machine_has(boot, build, folder):
    disk = copy_disk(build, folder, "disk.img")
    m = boot(config="demo", args=["--disk", "virtio:" + disk])
    m.expect("owns .*1af4:.* as main", timeout=BOOT)
    m.expect_all(["linux1: up, disk verified", "linux2: up, disk verified"], timeout=BOOT)
    m.view("s")
    m.line("shutdown")
    assert m.end() == 0
    assert dump(cut(disk, 0), "/boots") == b"linux1\n"
    assert dump(cut(disk, 16 << 20), "/boots") == b"linux2\n"


def test_a_ram_disk_serves_where_there_is_no_disk(boot):
    m = boot(config="linux")
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.view("1")
    m.expect("linux1:/mnt# ")
    m.line("poweroff")
    assert m.end() == 0


def test_the_demo_runs_from_ram_where_there_is_no_disk(boot):
    m = boot(config="demo", args=["--disk", "none"])
    m.expect_all(["linux1: up, disk verified", "linux2: up, disk verified"], timeout=BOOT)
    m.view("s")
    m.line("shutdown")
    assert m.end() == 0


def test_two_guests_have_each_their_own_disk(boot, build, folder):
    disk = os.path.join(folder, "disk.img")
    with open(disk, "wb") as out:
        for name in ("linux1.img", "linux2.img"):
            with open(os.path.join(build, "linux", name), "rb") as f:
                out.write(f.read())
    m = boot([SERVICE, linux("linux1", "task=write mb=1", disk=MAIN),
              linux("linux2", "task=write mb=2",
                    disk="device: main, offset: 16M, size: 16M")], args=["--disk", disk])
    m.expect_all(["linux1: up, disk verified", "linux2: up, disk verified",
                  "linux1: wrote", "linux2: wrote"], timeout=BOOT + WAIT)
    assert m.end() == 0
    for name, offset, mib in (("linux1", 0, 1), ("linux2", 16 << 20, 2)):
        part = cut(disk, offset)
        assert difference(dump(part, "/pattern"), pattern(mib << 20)) is None
        assert dump(part, "/boots") == name.encode() + b"\n"


def test_a_disk_that_was_tampered_with_is_noticed(boot, build, folder):
    disk = copy_disk(build, folder, "linux1.img")
    with open(disk, "r+b") as f:
        data = f.read()
        at = data.find(b"linux1 line 50000\n")
        f.seek(at)
        f.write(b"linux1 line 50001\n")
    m = boot([SERVICE, linux("linux1", "task=poweroff", disk=MAIN)], args=["--disk", disk])
    m.expect("linux1: DISK CHECKSUM WRONG", timeout=BOOT)
    assert m.end() == 0


def test_the_demo_comes_up_and_shuts_down_from_the_shell(boot, build, folder):
    disk = copy_disk(build, folder, "disk.img")
    m = boot(config="demo", args=["--disk", disk])
    m.expect_all(["linux1: up, disk verified", "linux2: up, disk verified",
                  r"\[hello\] hello: done"], timeout=BOOT + WAIT)
    m.view("s")
    m.line("list")
    m.expect(r"linux1 +running")
    m.expect(r"linux2 +running")
    m.line("shutdown")
    m.expect("system: power off")
    assert m.end() == 0
