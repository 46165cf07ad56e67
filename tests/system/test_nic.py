"""Physical network cards: guests reach the network behind the machine's card over a bridge of the
service domain. That network is the emulator's own: a gateway at 10.0.2.2 that answers echoes, gives
addresses and lets guests connect to this computer."""
import socket
import threading
import time

import pytest

from machine import BOOT, QUICK, SERVICE, WAIT, linux, only, pattern

KINDS = ["e1000", pytest.param("e1000e", marks=only("qemu", "Bochs has e1000 only")),
         pytest.param("virtio", marks=only("qemu", "Bochs has e1000 only"))]
NAMES = {"e1000": "e1000", "e1000e": "e1000", "virtio": "virtio-net"}


def service(cmdline="", optional="no"):
    """A service domain with a bridge to the machine's network card, whatever that is."""
    domain = SERVICE.replace("{{ name: main, class: disk, optional: yes }}",
                             f"{{{{ name: card, class: ethernet, optional: {optional} }}}}")
    return domain + f'    cmdline: "{cmdline}"\n' + "    bridges:\n      - {{ name: lan, device: card }}\n"


def outside(name, cmdline, **keys):
    """A domain that runs guests/outside on that bridge."""
    lines = [f"  - name: {name}", "    type: native", "    image: {build}/guests/outside.elf",
             "    memory: 4M", f'    cmdline: "{cmdline}"', "    nics:",
             "      - {{ from: service, bridge: lan }}"]
    return "\n".join(lines + [f"    {key.replace('_', '-')}: {value}"
                              for key, value in keys.items()]) + "\n"


class World:
    """A server on this computer that gives the first guest who calls some bytes, and takes what the
    second call brings."""

    def __init__(self, payload):
        self.payload, self.got = payload, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with self.listener:
            with self.listener.accept()[0] as call:
                call.sendall(self.payload)
            with self.listener.accept()[0] as call, call.makefile("rb") as f:
                self.got = f.read()


@pytest.mark.seconds(15)
@pytest.mark.parametrize("kind", KINDS)
def test_two_guests_reach_the_gateway_through_deaths_of_the_service_domain(boot, kind):
    m = boot([service("killstores=1500,700,800"), outside("one", "pings=300"),
              outside("two", "pings=300 host=16")], args=["--net", kind])
    m.expect(rf"{NAMES[kind]} 00:\w\w.0: 52:54:00:12:34:56, link up", timeout=BOOT)
    m.expect_all([r"one: outside ok, 300 pings", r"two: outside ok, 300 pings"], timeout=WAIT)
    assert m.end() == 0
    seen = m.seen()
    assert seen.count("service: stopped: ") == 3
    assert "does not stop" not in seen


def test_without_its_card_a_bridge_is_for_guests_only(boot):
    m = boot([service(optional="yes"), outside("one", "pings=1")])
    m.expect("service: device card: no free class 020000 here, goes without", timeout=BOOT)
    m.expect("consoles of all domains")
    m.line("kill one")
    m.expect("one: killed")
    m.end()


@pytest.mark.seconds(40)
def test_linux_gets_an_address_and_exchanges_bytes_with_the_outside(boot, emulator):
    """With one death of the service domain while TCP is at work."""
    world = World(pattern({"qemu": 2048, "bochs": 256}[emulator] << 10))
    m = boot([service("killstores=600"),
              linux("one", f"task=outside port={world.port} {QUICK}") +
              "    nics:\n      - {{ from: service, bridge: lan }}\n"],
             top="emulator: {{ net: e1000 }}")
    m.expect(r"one: address 10\.0\.2\.15, gateway 10\.0\.2\.2", timeout=BOOT)
    m.expect(rf"one: (outside ok, {len(world.payload)} bytes|OUTSIDE FAILED[^\r]*)", timeout=WAIT)
    m.expect("system: power off")
    assert m.end() == 0
    world.thread.join(10)
    assert world.got == world.payload
    assert m.seen().count("service: stopped: ") == 1


@only("qemu", "Bochs forwards no ports")
@pytest.mark.seconds(15)
def test_a_forwarded_port_leads_to_a_guest(boot):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    m = boot([service(), linux("one", QUICK) + "    nics:\n      - {{ from: service, bridge: lan }}\n"],
             args=["--net", f"e1000e,hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:7000"])
    m.expect("one: a shell", timeout=BOOT)
    m.view("1")
    m.line("ifconfig eth0 10.0.2.15; echo from the guest | nc -l -p 7000; echo status $?")
    # Until the guest listens, what connects is reset.
    end, answer = time.monotonic() + WAIT, b""
    while not answer and time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as call:
                call.sendall(b"from outside\n")
                answer = call.makefile("rb").readline()
        except ConnectionError:
            pass
    assert answer == b"from the guest\n"
    m.expect("from outside", timeout=WAIT)
    m.expect("status 0", timeout=WAIT)
    m.line("poweroff -f")
    assert m.end() == 0
