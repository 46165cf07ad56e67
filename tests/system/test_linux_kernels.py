"""Debian's other kernels: the one for any computer, the real-time one, and a series later."""
import pytest

from machine import BOOT, QUICK, SERVICE, copy_disk, dump, linux

VERSION = {"amd64": r"6\.1\.[0-9-]+amd64 ", "rt-amd64": r"6\.1\.[0-9-]+rt-amd64 .*PREEMPT_RT",
           "6.12-cloud-amd64": r"6\.12\.[0-9]+\+deb12-cloud-amd64 "}


def form(emulator, kernel):
    """Of a boot on Bochs with the kernel as it is, XZ takes 80 seconds: it gets it unpacked."""
    return "unpacked" if emulator == "bochs" and not kernel.startswith("6.12") else "vmlinuz"


@pytest.mark.parametrize("kernel", VERSION)
@pytest.mark.seconds(25)
def test_another_kernel_finds_its_disk_and_gives_a_shell(boot, build, folder, emulator, kernel):
    disk = copy_disk(build, folder, "linux1.img")
    m = boot([SERVICE, linux("linux1", QUICK, "device: main, offset: 0, size: 16M",
                             kernel=f"{kernel}/{form(emulator, kernel)}", initrd=f"{kernel}/initrd.img",
                             memory="192M")], args=["--disk", disk])
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.view("1")
    m.expect("linux1:/mnt# ")
    m.line("uname -rv; echo note > /mnt/note; sync; echo written $?")
    m.expect(VERSION[kernel])
    m.expect("written 0")
    m.line("poweroff")
    m.view("a")
    m.expect("system: power off")
    assert m.end() == 0
    assert dump(disk, "/note") == b"note\n"
