"""What guests' disks do besides moving bytes: rates, counters."""
import os
import subprocess

from machine import BOOT, dump
from test_service_death import MIB, disktest, ends_well, service


def test_a_disk_over_its_rate_waits_and_its_neighbour_does_not(boot, folder):
    for name in ("disk.img", "other.img"):
        with open(os.path.join(folder, name), "wb") as f:
            f.truncate(MIB)
    slow = "module: {folder}/disk.img, rate-requests: 10"
    m = boot([service(""), disktest("one", "writes=40 depth=4 blocks=8", slow),
              disktest("two", "writes=200 depth=8 blocks=32", "module: {folder}/other.img")])
    ends_well(m, "two", timeout=BOOT)
    m.line("disks")
    m.expect(r"one +1 +\d\d? .* RAM disk 0")
    m.expect(r"two +1 +\d+ +\d+ KiB +\d+ KiB +0 KiB +\d+ +0 +RAM disk 1")
    ends_well(m)
    assert m.end() == 0


def test_a_folder_becomes_a_disk_image(build, folder):
    os.makedirs(os.path.join(folder, "shared", "deep"))
    data = os.urandom(3 * MIB + 17)
    for name in ("large", "deep/other"):
        with open(os.path.join(folder, "shared", name), "wb") as f:
            f.write(data)
    image = os.path.join(folder, "share.img")
    subprocess.run([os.path.join(build, "bh"), "image", os.path.join(folder, "shared"), "-o",
                    image], check=True)
    assert dump(image, "/large") == data and dump(image, "/deep/other") == data
    assert os.path.getsize(image) % (256 << 10) == 0
