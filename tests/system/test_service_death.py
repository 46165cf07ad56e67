"""The service domain dies, at points chosen to the store and by the shell, while a guest writes at
depth. Not one acknowledged byte may be lost, repeated or torn, seen from inside and outside."""
import os
import re
import sys

import pytest

from machine import BOOT, DISK, QUICK, ROOT, SERVICE, WAIT, hello, linux, on_cpus, only

sys.path.insert(0, os.path.join(ROOT, "tools"))
from deaths import points  # noqa: E402

MIB = 1 << 20

# By disk: what the machine has, what the service domain owns, what the guest's disk is made of.
DISKS = {
    "ram": ("none", None, "module: {folder}/disk.img"),
    "nvme": ("nvme:", "class: nvme, optional: yes", "device: main, size: 4M"),
    "virtio": ("virtio:", 'id: "1af4:1042"', "device: main, size: 4M"),
    "ide": ("ide:", "class: ide, optional: yes", "device: main, size: 4M"),
}
KINDS = ["ram", pytest.param("nvme", marks=only("qemu", "Bochs has no NVMe")),
         pytest.param("virtio", marks=only("qemu", "Bochs has no virtio")),
         pytest.param("ide", marks=only("bochs", "QEMU's machine has no IDE disk"))]


def crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        table.append(byte)
    return table


def crc32c(data):
    table, crc = crc_table(), 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def service(cmdline, device="class: disk, optional: yes"):
    domain = SERVICE.replace("    rights:", f'    cmdline: "{cmdline}"\n    restart-limit: 300\n'
                             "    rights:")
    return domain.replace("class: disk, optional: yes", device)


def disktest(name, cmdline, disk, **keys):
    """A domain that runs guests/disktest on this disk."""
    lines = [f"  - name: {name}", "    type: native", "    image: {build}/guests/disktest.elf",
             "    memory: 4M", f'    cmdline: "{cmdline}"', "    disks:",
             "      - {{ from: service, " + disk + " }}"]
    return "\n".join(lines + [f"    {key.replace('_', '-')}: {value}"
                              for key, value in keys.items()]) + "\n"


class Rig:
    """A machine with a disk of one of these kinds, empty at the start, and an image beside."""

    def __init__(self, boot, folder, kind):
        self.boot, self.kind = boot, kind
        self.image = os.path.join(folder, "disk.img")
        for path in (self.image, os.path.join(folder, "other.img")):
            with open(path, "wb") as f:
                f.truncate(4 * MIB)
        machine, self.device, self.disk = DISKS[kind]
        self.args = ["--disk", machine + (self.image if machine.endswith(":") else "")]

    def start(self, service_words, guests, args=()):
        domain = service(service_words, self.device) if self.device else service(service_words)
        return self.boot([domain, *guests], args=[*self.args, *args])

    def check_outside(self, crc, blocks=256):
        """What the guest says of its disk is what lies in the image."""
        if self.kind == "ram":
            return
        with open(self.image, "rb") as f:
            assert f"{crc32c(f.read(blocks * 4096)):08x}" == crc


@pytest.fixture(params=KINDS)
def rig(request, boot, folder):
    return Rig(boot, folder, request.param)


@pytest.fixture
def disk(boot, folder, emulator):
    """A rig with the disk that the emulator has."""
    return Rig(boot, folder, DISK[emulator])


def ends_well(m, name="one", timeout=WAIT):
    """The guest's own verdict; returns its checksum."""
    found = m.expect(rf"{name}: (disk ok, \d+ writes, crc ([0-9a-f]{{8}})|DISK BAD[^\r]*|no disk)",
                     timeout=timeout)
    assert found.group(2), found.group(1)
    return found.group(2)


def check_progress_lines(seen, name, writes):
    """No line of the guest was lost, doubled or cut."""
    said = [int(n) for n in re.findall(rf"^\[{name}\] {name}: (\d+) of {writes} writes$", seen,
                                       re.MULTILINE)]
    assert said == [writes * n // 20 for n in range(1, 21)]


# Deaths at neighbouring stores walk through every step of taking a request and giving it back (a
# request has about a dozen); those at small numbers come while the new instance recovers. A large
# one after each lets the guest go on, so that no request is at work at three deaths.
STEPS = range(900, 924)
RECOVERY = [1, 2, 3, 5, 8, 13, 21, 34, 55, 80]


def die_at_stores(rig, deaths, writes, depth, delay=50):
    words = "killstores=" + ",".join(str(n) for n in deaths)
    if rig.kind == "ram":
        words += f" shuffle diskdelay={delay}"
    m = rig.start(words, [disktest("one", f"writes={writes} depth={depth}", rig.disk)])
    m.expect("one: incarnation 1", timeout=BOOT)
    crc = ends_well(m)
    assert m.end() == 0
    rig.check_outside(crc)
    seen = m.seen()
    assert seen.count("service: stopped: ") == len(deaths)
    check_progress_lines(seen, "one", writes)


def test_deaths_at_every_store_lose_nothing(rig):
    deaths = [4000, *STEPS]
    for n in RECOVERY:
        deaths += [n, 1300 + n]
    die_at_stores(rig, deaths, writes=6000, depth=32)


def test_deaths_at_every_store_lose_no_kick_and_no_interrupt(rig):
    """A guest that sleeps until each answer: nothing that it does later makes up for one."""
    die_at_stores(rig, range(150, 180), writes=900, depth=1, delay=2000)


def test_after_deaths_by_the_shell_it_works_and_no_byte_and_no_line_is_lost(rig):
    m = rig.start("", [disktest("one", "writes=4000 depth=32", rig.disk)])
    for death in range(3):
        m.expect(f"one: {(death + 1) * 800} of 4000 writes", timeout=BOOT)
        m.line("crash self")
        m.expect(f"service: restarted, incarnation {death + 2}")
        m.line("list")
        m.expect(rf"service +running .* {death + 2} .*it ended with status 1")
    crc = ends_well(m)
    assert m.end() == 0
    rig.check_outside(crc)
    check_progress_lines(m.seen(), "one", 4000)


def test_deaths_with_a_guests_text_in_hand_neither_lose_nor_double_a_line(boot):
    """Read but not yet in kept pages (an even number), and there but not yet taken (an odd one)."""
    deaths = [2 * points.NUMBER["CONSOLE_TAKE"] + side for side in (0, 1, 1, 0, 0) * 2]
    words = f"killseed=1 killlast={len(deaths)} killfirst=" + ",".join(str(n) for n in deaths)
    m = boot([service(words), hello("one", "lines=500")], args=["--icount"])
    m.expect("one: done", timeout=BOOT)
    assert m.end() == 0
    assert m.seen().count("service: stopped: ") == len(deaths)
    said = re.findall(r"^\[one\] one: line (\d+)$", m.seen(), re.MULTILINE)
    assert [int(n) for n in said] == list(range(1, 501))


def test_the_view_and_what_was_not_shown_outlive_a_death(disk):
    m = disk.start("", [disktest("one", "writes=4000 depth=16", disk.disk)])
    m.expect("one: 800 of 4000 writes", timeout=BOOT)
    m.view("s")
    m.line("crash self")
    m.expect("-- service: restarted, incarnation 2")
    m.line("crash self")
    m.expect("-- service: restarted, incarnation 3")
    m.view("1")
    for n in range(1, 21):
        m.expect(f"one: {n * 200} of 4000 writes")
    assert m.end() == 0


def cycles(rig, args):
    """A guest that dies 20 times with requests under way, each time in another way; every next one
    finds each block whole, although the frames that the disk was reading were its own."""
    m = rig.start("shuffle diskdelay=20" if rig.kind == "ram" else "",
                  [disktest("one", "writes=800 blocks=100 depth=32 die=20", rig.disk,
                            restart="on-crash", restart_limit=100),
                   disktest("two", "writes=3000 depth=8", "module: {folder}/other.img")], args)
    m.expect("one: incarnation 21", timeout=BOOT)
    crc = ends_well(m)
    assert m.end() == 0
    rig.check_outside(crc, blocks=100)
    seen = m.seen()
    assert seen.count("one: dies at") == 20
    assert re.search(r"two: disk ok, 300\d writes", seen) and "DISK BAD" not in seen


def test_a_guest_dies_twenty_times_with_requests_under_way(rig):
    cycles(rig, [])


def test_a_guest_dies_twenty_times_beside_its_service_domain_on_another_cpu(disk):
    cycles(disk, on_cpus(2))


def test_guest_and_service_domain_die_by_turns(rig):
    deaths = ",".join(str(700 + 93 * n) for n in range(30))
    m = rig.start(f"killstores={deaths}",
                  [disktest("one", "writes=800 blocks=100 depth=32 die=12", rig.disk,
                            restart="on-crash", restart_limit=100)])
    m.expect("one: incarnation 13", timeout=BOOT)
    crc = ends_well(m)
    assert m.end() == 0
    rig.check_outside(crc, blocks=100)
    seen = m.seen()
    assert seen.count("service: stopped: ") > 10 and "DISK BAD" not in seen


def test_a_request_that_kills_its_server_three_times_stops_its_device_only(rig):
    m = rig.start("killsector=400",
                  [disktest("one", "writes=1500 depth=16 reopen", rig.disk),
                   disktest("two", "writes=3000 depth=16", "module: {folder}/other.img")])
    m.expect_all(["one: disk 1.0: a request killed its server three times",
                  "one: the device gave up", r"two: disk ok, 30\d\d writes"], timeout=BOOT)
    assert m.end() == 0
    seen = m.seen()
    assert seen.count("service: stopped: ") == 3
    assert re.search(r"one: disk ok, \d+ writes", seen) and "DISK BAD" not in seen


def restart_linux(disk, build, cpus, kib):
    """Orders a Linux guest of two CPUs to be restarted in the middle of its writes."""
    with open(os.path.join(build, "linux", "linux1.img"), "rb") as f, open(disk.image, "wb") as g:
        g.write(f.read())
    m = disk.start("", [linux("linux1", f"{QUICK} task=rounds rounds=3 kib={kib}", vcpus=2,
                              disk="device: main, offset: 0, size: 16M")], on_cpus(cpus))
    m.expect("linux1: round 1 of 3", timeout=BOOT)
    m.view("s")
    m.line("restart linux1")
    m.view("a")
    m.expect("linux1: started, incarnation 2")
    m.expect("linux1: up, disk verified", timeout=BOOT)
    m.expect("linux1: all 3 rounds verified", timeout=BOOT)
    assert m.end() == 0
    assert not re.search(r"I/O error|EXT4-fs error|WRITE FAILED|CHECKSUM WRONG", m.seen())


def test_linux_restarted_in_the_middle_of_writes_comes_back_with_its_disk(disk, build, emulator):
    if emulator == "qemu":
        restart_linux(disk, build, cpus=2, kib=1024)
    else:
        restart_linux(disk, build, cpus=1, kib=256)


def test_a_hanging_service_domain_is_restarted_by_its_watchdog_and_nothing_is_lost(disk):
    m = disk.start("watchdog=500", [disktest("one", "writes=3000 depth=32", disk.disk)])
    m.expect("one: 600 of 3000 writes", timeout=BOOT)
    m.line("hang self")
    m.expect("service: stopped: its watchdog was not fed")
    m.expect("service: restarted, incarnation 2")
    crc = ends_well(m)
    assert m.end() == 0
    disk.check_outside(crc)
    check_progress_lines(m.seen(), "one", 3000)


@pytest.fixture
def quick_disk(boot, folder, emulator):
    """A rig whose disk takes no time of the host's: in QEMU, virtual time runs on while the machine
    idles, as long as the host's own disk takes."""
    return Rig(boot, folder, {"qemu": "ram", "bochs": "ide"}[emulator])


def test_guests_wait_for_a_dead_service_domain_less_than_half_a_second(quick_disk):
    """In the time of the emulated machine, where an instruction takes a nanosecond."""
    m = quick_disk.start("killstores=4000", [disktest("one", "writes=700 depth=16",
                                                      quick_disk.disk)], ["--icount"])
    ends_well(m, timeout=BOOT)
    waited = int(m.expect(r"one: longest wait (\d+) us").group(1))
    assert m.end() == 0
    assert m.seen().count("service: stopped: ") == 1 and waited < 500000
