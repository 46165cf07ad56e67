"""A service domain gets another image while its guest has requests at depth 32 under way: nothing is
lost. An image that cannot be is refused, and the running one goes on. The disk has a rate, as the
serial port of Bochs is slow and the image has to come through while the guest works."""
import base64
import os
import struct
import subprocess

import pexpect
import pytest

from machine import BOOT, DISK, only

CONFIG = """
  - name: service
    type: service
    image: {{build}}/guests/service.elf
    memory: 16M
    dma-pool: 4M
    kept: 256K
    stage: {stage}
    rights: [console, control, inspect, power]
    devices:
      - {{{{ name: main, class: disk }}}}
  - name: one
    type: native
    image: {{build}}/guests/disktest.elf
    memory: 4M
    cmdline: "writes=500 depth=32 forever"
    disks:
      - {{{{ from: service, device: main, size: 1M, rate-requests: 500 }}}}
"""

NOTE = b"Bulkhead\0\0\0\0"


@pytest.fixture
def rig(boot, build, folder, emulator):
    """A machine, and what upgrades one of its domains."""
    disk = os.path.join(folder, "disk.img")
    with open(disk, "wb") as f:
        f.truncate(4 << 20)
    path = os.path.join(folder, "control")

    def start(stage="1M"):
        m = boot([CONFIG.format(stage=stage)],
                 args=["--control", path, "--disk", f"{DISK[emulator]}:{disk}"])
        m.expect("one: disk ok,", timeout=BOOT)

        def ctl(*words):
            """(exit status, what it said); what the console says meanwhile is there to be expected."""
            with subprocess.Popen([os.path.join(build, "bh"), "ctl", "--timeout", "60", path, *words],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as p:
                while p.poll() is None:
                    try:
                        m.child.buffer += m.child.read_nonblocking(65536, timeout=0.1)
                    except pexpect.TIMEOUT:
                        pass
                return p.returncode, p.stdout.read()
        return m, ctl
    return start


def changed(build, folder, oldest, version):
    """The service domain's image, with other versions of what it reads in its note."""
    with open(os.path.join(build, "guests", "service.elf"), "rb") as f:
        image = f.read()
    assert image.count(NOTE) == 1
    at = image.index(NOTE) + len(NOTE)
    path = os.path.join(folder, f"state-{oldest}-{version}.elf")
    with open(path, "wb") as f:
        f.write(image[:at] + struct.pack("<II", oldest, version) + image[at + 8:])
    return path


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def raw(ctl, data, crc):
    """The requests themselves, of one piece; the last answer."""
    head = '{"verb":"upgrade","domain":"service","from":'
    ctl(head + f'0,"input":"{base64.b64encode(data).decode()}"}}')
    return ctl(head + f'{len(data)},"crc":"{crc:08x}"}}')


def goes_on(m):
    """The guest checks a whole run of its disk from here on."""
    for _ in range(2):
        m.expect("one: disk ok,", timeout=BOOT)


@pytest.mark.seconds(180)
def test_a_service_domain_is_upgraded_under_load(rig, build):
    m, ctl = rig()
    status, said = ctl("upgrade", "service", os.path.join(build, "guests", "service-next.elf"))
    assert status == 0, said
    m.expect("service: the next image", timeout=BOOT)
    goes_on(m)
    # It stays: a death does not bring the preloaded one back.
    status, said = ctl("crash", "service")
    assert status == 0, said
    m.expect("service: the next image", timeout=BOOT)
    goes_on(m)
    # And back, by an upgrade that the new image takes in.
    status, said = ctl("upgrade", "service", os.path.join(build, "guests", "service.elf"))
    assert status == 0, said
    m.expect("service: started, incarnation 4", timeout=BOOT)
    goes_on(m)
    assert ctl("kill", "one") == (0, "one: dead, incarnation 1\n")
    assert m.end() == 0
    seen = m.seen()
    assert "DISK BAD" not in seen and "starts anew" not in seen
    assert seen.count("service: the next image") == 2


@only("qemu", "the serial port of Bochs is slow; unit tests show the rest")
def test_an_upgrade_that_dies_again_and_again_is_taken_back(rig, build):
    m, ctl = rig()
    status, said = ctl("upgrade", "service", os.path.join(build, "guests", "service-broken.elf"))
    assert status == 0, said
    m.expect("service: restarted 5 times within a minute: its upgrade is taken back", timeout=BOOT)
    goes_on(m)
    status, said = ctl("list")
    assert status == 0 and "running" in said
    assert ctl("kill", "one") == (0, "one: dead, incarnation 1\n")
    assert m.end() == 0
    assert "DISK BAD" not in m.seen()


@pytest.mark.seconds(100)
def test_images_that_cannot_be_are_refused(rig, build, folder):
    m, ctl = rig(stage="256K")
    service = os.path.join(build, "guests", "service.elf")
    cut = os.path.join(folder, "cut.elf")
    with open(service, "rb") as f, open(cut, "wb") as out:
        out.write(f.read(50000))
    for words, why in (
            (["service", changed(build, folder, 99, 99)], "does not read what the running one keeps"),
            (["service", cut], "truncated"),
            (["service", os.path.join(build, "linux", "vmlinuz")], "not an ELF file"),
            (["service", "/nonesuch"], "cannot be read"),
            (["nobody", service], "no such domain"),
            (["one", service], "no memory is reserved for it"),
            (["service"], "bh ctl PATH upgrade service FILE"),
    ):
        status, said = ctl("upgrade", *words)
        assert status == 1 and why in said, (words, status, said)
    data = b"\x7fELF and nothing more"
    for crc, why in ((crc32c(data) ^ 1, "damaged on its way"), (crc32c(data), "cannot be started")):
        status, said = raw(ctl, data, crc)
        assert status == 1 and why in said, (status, said)
    assert "versions 99 to 99, the running one writes" in m.seen()
    goes_on(m)
    assert "service: started, incarnation 2" not in m.seen()
    assert ctl("kill", "one") == (0, "one: dead, incarnation 1\n")
    assert m.end() == 0
