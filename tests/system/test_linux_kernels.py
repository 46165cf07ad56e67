"""Debian's other kernels of the same version: the one for any computer, and the real-time one."""
import pytest

from machine import BOOT, QUICK, SERVICE, copy_disk, dump, linux

# Of a boot on Bochs with the kernel as it is, XZ takes 80 seconds: it gets it unpacked.
FORM = {"bochs": "unpacked", "qemu": "vmlinuz"}


@pytest.mark.parametrize("kernel", ["amd64", "rt-amd64"])
@pytest.mark.seconds(25)
def test_another_kernel_finds_its_disk_and_gives_a_shell(boot, build, folder, emulator, kernel):
    disk = copy_disk(build, folder, "linux1.img")
    m = boot([SERVICE, linux("linux1", QUICK, "device: main, offset: 0, size: 16M",
                             kernel=f"{kernel}/{FORM[emulator]}", initrd=f"{kernel}/initrd.img",
                             memory="192M")], args=["--disk", disk])
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.view("1")
    m.expect("linux1:/mnt# ")
    m.line("uname -rv; echo note > /mnt/note; sync; echo written $?")
    m.expect(rf"6\.1\.[0-9-]+{kernel} .*{'PREEMPT_RT' if kernel == 'rt-amd64' else ''}")
    m.expect("written 0")
    m.line("poweroff")
    m.view("a")
    m.expect("system: power off")
    assert m.end() == 0
    assert dump(disk, "/note") == b"note\n"
