"""Two Linux guests talk over virtio sockets, with each other and one of them with the management shell;
a death of the service domain ends their connections."""
import pytest

from machine import BOOT, QUICK, SERVICE, WAIT, linux


SHELL = "vsock talk 2 1"


def guest(name, **keys):
    return linux(name, QUICK, initrd="vsock.img", memory="96M", vsock_from="service", **keys)


def send_all(m, size):
    """The first guest (CID 4) listens, the second one sends: both must have the same sum."""
    m.view("1")
    m.line("vsock listen 1000")
    m.expect("vsock: listens", timeout=WAIT)
    m.view("2")
    m.line(f"vsock send 4 1000 {size}")
    sent = m.expect(rf"vsock: sent {size} bytes, sum ([0-9a-f]+)\r", timeout=WAIT)[1]
    got = m.expect(rf"vsock: answer: vsock: got {size} bytes, sum ([0-9a-f]+)\r", timeout=WAIT)[1]
    assert got == sent


@pytest.mark.seconds(30)
def test_streams_between_guests_are_whole_and_end_with_their_server(boot):
    m = boot([SERVICE, guest("linux1"), guest("linux2")], args=["--disk", "none"])
    m.expect_all(["linux1: a shell", "linux2: a shell"], timeout=BOOT)
    send_all(m, 1000000)

    m.line("vsock send 4 1001 1")
    m.expect("vsock: connect: Connection reset by peer", timeout=WAIT)

    m.view("1")
    m.line("vsock listen 1000")
    m.expect("vsock: listens", timeout=WAIT)
    m.view("2")
    m.line("vsock send 4 1000 0")
    m.expect("vsock: sent 0 bytes", timeout=WAIT)
    m.view("a")
    m.line("crash self")
    m.expect_all([r"\[linux1\] vsock: read: Connection reset by peer",
                  r"\[linux2\] vsock: read: Connection reset by peer"], timeout=WAIT)
    send_all(m, 300000)
    m.view("s")
    m.line("shutdown")
    m.expect("system: power off", timeout=WAIT)
    assert m.end() == 0


@pytest.mark.seconds(80)
def test_a_guest_that_may_manages_the_system(boot):
    m = boot([SERVICE, guest("linux1", vsock_shell="yes"), guest("linux2")], args=["--disk", "none"])
    m.expect_all(["linux1: a shell", "linux2: a shell"], timeout=BOOT)
    m.view("1")
    m.line(f"printf 'list\\nnonsense\\nhelp pause\\n' | {SHELL}; echo status $?")
    m.expect(r"bulkhead> .*linux2 +running", timeout=WAIT)
    m.expect("bulkhead> nonsense: ", timeout=WAIT)
    m.expect("pause NAME", timeout=WAIT)
    m.expect("bulkhead> status 0", timeout=WAIT)

    # An answer of more than the driver's buffers, and a line that ends with the connection.
    m.line(f"printf 'help\\nconsole linux1\\npause linux2' | {SHELL} | tail -n 3")
    m.expect("bulkhead> ", timeout=WAIT)
    m.line(f"echo list | {SHELL}")
    m.expect(r"linux2 +paused", timeout=WAIT)
    m.line(f"echo resume linux2 | {SHELL}")
    m.expect("bulkhead> bulkhead> ", timeout=WAIT)

    m.view("2")
    m.line(SHELL)
    m.expect("vsock: connect: Connection reset by peer", timeout=WAIT)
    m.view("1")
    m.line(SHELL)
    m.expect("bulkhead> ", timeout=WAIT)
    m.line("crash service")
    m.expect("service: restarted, incarnation 2", timeout=WAIT)
    m.expect("linux1:/mnt# ", timeout=WAIT)
    m.line(f"echo shutdown | {SHELL}")
    m.expect("system: power off", timeout=WAIT)
    assert m.end() == 0
