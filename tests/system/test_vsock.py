"""Two Linux guests talk over virtio sockets; a death of the service domain ends their connections."""
import pytest

from machine import BOOT, QUICK, SERVICE, WAIT, linux


def guest(name):
    return linux(name, QUICK, initrd="vsock.img", memory="96M", vsock_from="service")


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
