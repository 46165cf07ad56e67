"""Physical network cards: guests reach the network behind the machine's card over a bridge of the
service domain. That network is the emulator's own: a gateway at 10.0.2.2 that answers echoes, gives
addresses and lets guests connect to this computer."""
import pytest

from machine import BOOT, SERVICE, WAIT, only

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
