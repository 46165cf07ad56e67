"""Configurations and images that are wrong are refused with a line that helps."""
import os
import re
import subprocess

import pytest

from machine import BOOT, hello, write_config

GOOD = hello("one", "beats=1")

# What is changed in a good domain, and what bh must say about it.
MISTAKES = {
    "unknown key": (GOOD + "    memry: 4M\n", r"config\.yaml:\d+: memry: there is no such key"),
    "no memory": (GOOD.replace("    memory: 2M\n", ""), r":4: domains\[0\]: memory is missing"),
    "odd memory": (GOOD.replace("2M", "2Q"), r':7: memory: "2Q" is no size'),
    "little memory": (GOOD.replace("2M", "64K"), r":7: memory: .*256K to 1024G"),
    "unknown type": (GOOD.replace("native", "windows"), r':5: type: "windows" is unknown; native'),
    "missing file": (GOOD.replace("hello.elf", "gone.elf"),
                     r":6: image: .*gone\.elf: No such file"),
    "no ELF": (GOOD.replace("guests/hello.elf", "linux/initrd.img"),
               r":6: image: .*initrd\.img is no ELF file; .* would be right"),
    "no kernel": ("  - name: a\n    type: linux\n    kernel: {build}/linux/initrd.img\n"
                  "    memory: 64M\n", r":6: kernel: .*initrd\.img is no Linux kernel; a bzImage"),
    "another type": ("  - name: a\n    type: multiboot\n    image: {build}/guests/multiboot2.bin\n"
                     "    memory: 4M\n", r":6: image: .*no Multiboot 1 header.*type: multiboot2"),
    "no firmware": ("  - name: a\n    type: firmware\n    image: {build}/guests/pvh.bin\n"
                    "    memory: 4M\n", r":6: image: .*multiple of 4K.*type: pvh"),
    "entry of ours": (GOOD + "    entry: 32\n", r":9: entry: for type linux only"),
    "nine vcpus": (GOOD + "    vcpus: 9\n", r':9: vcpus: "9" is not right; 0 to 8'),
    "twins": (GOOD + GOOD, r"two are named one"),
    "disk from nobody": (GOOD + "    disks:\n      - {{ from: two, device: x }}\n",
                         r":10: disks\[0\]\.from: there is no domain two"),
    "devices of a guest": (GOOD + "    devices:\n      - {{ name: a, class: nvme }}\n",
                           r":9: devices: domain one: only a service domain can own devices"),
    "bad yaml": ("  - name: [\n", r"config\.yaml:\d+: "),
}


@pytest.mark.parametrize("what", MISTAKES, ids=lambda what: what.replace(" ", "-"))
def test_check_refuses(bh, build, folder, what):
    domain, message = MISTAKES[what]
    result = bh("check", write_config(build, folder, [domain]))
    assert result.returncode == 1
    assert re.search(message, result.stderr), result.stderr


def test_check_accepts_every_example(bh, build, folder):
    from machine import ROOT, project_config
    for name in sorted(os.listdir(os.path.join(ROOT, "configs"))):
        result = bh("check", project_config(build, folder, name.removesuffix(".yaml")))
        assert result.returncode == 0, result.stderr


def test_a_wrong_command_line_is_status_2(bh):
    for args in (["bake"], ["check"], ["run", "x.yaml", "--firmware", "coreboot"],
                 ["run", "x.yaml", "--emulator", "simics"], ["image", "x.yaml"], []):
        result = bh(*args)
        assert result.returncode == 2, args
        assert "bh: " in result.stderr


def test_help_is_status_0(bh):
    for args in (["--help"], ["run", "--help"], ["check", "--help"], ["image", "--help"],
                 ["--version"]):
        assert bh(*args).returncode == 0
        assert bh(*args).stdout


def remake_iso(build, folder, change):
    """An image of a good system in which the blob or a module was changed behind bh's back."""
    config = write_config(build, folder, [GOOD])
    good, bad = os.path.join(folder, "good.iso"), os.path.join(folder, "bad.iso")
    subprocess.run([os.path.join(build, "bh"), "image", config, "-o", good], check=True)
    with open(good, "rb") as f:
        data = bytearray(f.read())
    change(data)
    with open(bad, "wb") as f:
        f.write(data)
    return bad


def refused(m, why):
    m.expect(why, timeout=BOOT)
    m.expect("no guest was started|system: power off")
    assert "hello, incarnation" not in m.seen()


def test_the_hypervisor_refuses_a_damaged_config(boot, build, folder):
    def change(data):
        at = data.find(b"KBHCFG\0\0"[::-1].strip(b"\0"))
        at = at if at >= 0 else data.find((0x47464348424b).to_bytes(8, "little"))
        assert at >= 0
        data[at + 24] ^= 0x40  # in the system's name
    refused(boot(iso=remake_iso(build, folder, change)), "checksum differs")


def test_the_hypervisor_refuses_a_damaged_module(boot, build, folder):
    with open(os.path.join(build, "guests", "hello.elf"), "rb") as f:
        elf = f.read()

    def change(data):
        at = data.find(elf[:4096])
        assert at >= 0
        data[at + 2048] ^= 0xff
    refused(boot(iso=remake_iso(build, folder, change)),
            r"hello\.elf.*checksum|checksum.*hello\.elf")


def test_a_missing_module_is_named(boot, build, folder):
    def change(data):
        at = data.find(b"/boot/hello.elf hello.elf")
        assert at >= 0
        data[at + 16] = ord("j")
    refused(boot(iso=remake_iso(build, folder, change)),
            r"hello\.elf.*missing|no module.*hello\.elf|missing.*hello\.elf")


def test_a_config_that_does_not_fit_the_machine_is_refused(boot):
    m = boot([hello("big", "beats=1").replace("2M", "4G")], args=["--memory", "256M"])
    m.expect(r"big: .*memory|memory.*big", timeout=BOOT)


def test_a_device_that_the_machine_lacks_is_named(boot):
    from machine import SERVICE
    m = boot([SERVICE.replace("optional: yes", "optional: no"), GOOD], args=["--disk", "none"])
    m.expect(r"service: .*main|main.*service", timeout=BOOT)
