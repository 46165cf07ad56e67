"""Networks between guests, carried by the service domain: frames and TCP, over its death as well, and
beside a guest that means harm."""
import re

import pytest

from machine import BOOT, QUICK, SERVICE, WAIT, linux, only

LAN = "    bridges:\n      - {{ name: lan }}\n      - {{ name: other }}\n"


def service(cmdline=""):
    return SERVICE.replace("    rights:", f'    cmdline: "{cmdline}"\n    restart-limit: 300\n'
                           "    rights:") + LAN


def nic(n, rest=""):
    return (f'    nics:\n      - {{{{ from: service, bridge: lan, mac: "02:00:00:00:00:0{n}"'
            f"{rest} }}}}\n")


def nettest(name, n, cmdline, rest=""):
    """A domain that runs guests/nettest with the address that ends in n."""
    return (f"  - name: {name}\n    type: native\n    image: {{build}}/guests/nettest.elf\n"
            f'    memory: 4M\n    cmdline: "{cmdline}"\n' + nic(n, rest))


def linux_pair(mb):
    words = f"{QUICK} task=net mb={mb}"
    return [linux("one", f"{words} ip=10.0.0.1 peer=10.0.0.2", memory="96M") + nic(1),
            linux("two", f"{words} ip=10.0.0.2 peer=10.0.0.1", memory="96M") + nic(2)]


def both_end_well(m, timeout=WAIT):
    m.expect_all([r"one: net ok, [^\r]*", r"two: net ok, [^\r]*"], timeout=timeout)
    assert m.end() == 0


@pytest.mark.seconds(8)
def test_frames_of_every_size_arrive_once_and_in_order(boot):
    m = boot([service(), nettest("one", 1, "frames=600"), nettest("two", 2, "frames=600")])
    m.expect("one: 60 of 600 frames", timeout=BOOT)
    m.line("net")
    m.expect(r"lan +02:00:00:00:00:0[12] +\d+ +\d+ KiB +\d+ +\d+ KiB +0 +0 +(one|two): network card")
    m.expect_all([r"one: net ok, 600 frames each way, 0 lost, 0 doubled",
                  r"two: net ok, 600 frames each way, 0 lost, 0 doubled"], timeout=BOOT)
    assert m.end() == 0


@pytest.mark.seconds(15)
def test_the_service_domain_dies_and_every_frame_arrives(boot):
    """By store numbers that walk through taking a frame, delivering it and giving both heads back."""
    deaths = [n for step in range(12) for n in (3000 + step, 40 + step)]
    m = boot([service("killstores=" + ",".join(str(n) for n in deaths)),
              nettest("one", 1, "frames=3000 lossy"), nettest("two", 2, "frames=3000 lossy")])
    both_end_well(m, timeout=BOOT)
    assert m.seen().count("service: stopped: ") == len(deaths)


@pytest.mark.seconds(10)
def test_a_guest_that_means_harm_loses_its_own_card_only(boot):
    m = boot([service(), nettest("one", 1, "frames=600"), nettest("two", 2, "frames=600"),
              nettest("three", 3, "evil=300")])
    m.expect_all(["three: the card gave up, as it must", r"one: net ok, 600 frames [^\r]*",
                  r"two: net ok, 600 frames [^\r]*"], timeout=BOOT)
    assert m.end() == 0
    seen = m.seen()
    assert "three: network card 1: sends frames with an address that is not its own" in seen
    assert seen.count("0 lost, 0 doubled") == 2 and seen.count("until the guest resets it") == 1


@pytest.mark.seconds(8)
def test_a_card_keeps_to_its_rate(boot):
    """At 100 frames a second 100 frames take a second less the burst, and the twin waits for them."""
    m = boot([service(), nettest("one", 1, "frames=100", ", rate-requests: 100"),
              nettest("two", 2, "frames=100")])
    both_end_well(m, timeout=BOOT)
    took = [int(n) for n in re.findall(r"net ok, .* in (\d+) ms", m.seen())]
    assert len(took) == 2 and min(took) > 900


@pytest.mark.seconds(50)
def test_two_linux_guests_talk_tcp_both_ways(boot):
    """As configs/network.yaml has it."""
    m = boot(config="network")
    m.expect_all([r"linux1: net ok, 1 MiB each way", r"linux2: net ok, 1 MiB each way"],
                 timeout=BOOT + WAIT)
    assert m.end() == 0
    seen = m.seen()
    assert seen.count("5 packets transmitted, 5 packets received") == 2
    assert "COMPLAINT" not in seen


@only("qemu", "two Linux guests take minutes in Bochs; nettest dies there as well")
@pytest.mark.seconds(60)
def test_tcp_between_linux_guests_outlives_the_service_domain(boot):
    m = boot([service("killstores=9000,5000,5000,5000,5000"), *linux_pair(1)])
    both_end_well(m, timeout=BOOT + WAIT)
    assert m.seen().count("service: stopped: ") == 5
