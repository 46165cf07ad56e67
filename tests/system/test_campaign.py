"""The short form of make campaign: the service domain dies at some dozen points. And the campaign
itself is worth its time: it finds service domains that have a fault."""
import os
import re
import subprocess

import pytest

from machine import ROOT, only

DISK = {"qemu": "ram", "bochs": "ide"}


def campaign(build, emulator, *args):
    """Runs tools/campaign to its end: (exit status, all that it said)."""
    done = subprocess.run([os.path.join(ROOT, "tools", "campaign"), "--build", build, "--emulator",
                           emulator, "--hits", "0", *args], capture_output=True, text=True,
                          timeout=1500, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.seconds(40)
def test_nothing_is_lost_at_dozens_of_points(build, emulator):
    status, said = campaign(build, emulator, "--points", "24", "--writes", "300", "--resets", "15",
                            "--seed", "1001", "--disk", DISK[emulator])
    assert status == 0, said
    points, recovering = (int(n) for n in re.search(
        rf"^{emulator}: (\d+) points in .*?, (\d+) while it recovered", said, re.MULTILINE).groups())
    assert points >= 24 and recovering * 5 >= points
    assert "nothing lost, repeated, reordered or foreign" in said


@pytest.mark.seconds(15)
@only("qemu", "one emulator shows that the campaign finds it")
def test_the_campaign_finds_a_service_domain_without_an_in_flight_record(build, emulator):
    status, said = campaign(build, emulator, "--points", "60", "--seed", "1002", "--disk", "ram",
                            "--service", os.path.join(build, "guests", "service-no-inflight.elf"))
    assert status == 1 and re.search(r"FAILED after \d+ points: .*(was acknowledged|has not got on"
                                     r"|lost|DISK BAD)", said), said


@pytest.mark.seconds(30)
@only("qemu", "Bochs has no virtio disk")
def test_the_campaign_finds_a_service_domain_that_does_not_reset_its_disk(build, emulator):
    status, said = campaign(build, emulator, "--points", "60", "--seed", "1003", "--disk", "virtio",
                            "--patience", "25",
                            "--service", os.path.join(build, "guests", "service-no-reset.elf"))
    assert status == 1 and "FAILED after" in said, said
