"""The control port: each verb as JSON with its effect, thousands of random ones, and a guest that
starts and dies hundreds of times and leaves nothing behind."""
import json
import os
import random
import re
import select
import socket
import subprocess
import time

import pexpect
import pytest

from machine import BOOT, SERVICE, WAIT, hello

# Bochs takes ten times as long for a request: its serial port has the speed of a real one.
VERBS = {"bochs": 300, "qemu": 10000}
BURST = 50
CYCLES = {"bochs": 40, "qemu": 200}


class Control:
    """A client of the control port."""

    def __init__(self, path, machine):
        end = time.monotonic() + BOOT * machine.patience
        self.machine = machine
        self.timeout = WAIT * machine.patience
        self.number = 0
        self.events = []
        while not os.path.exists(path):
            assert time.monotonic() < end, "no control port"
            time.sleep(0.1)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.received = b""
        self.wake()

    def hear(self, end):
        """Waits for the control port. The console is read meanwhile, else the machine waits."""
        console = self.machine.child
        while True:
            left = max(end - time.monotonic(), 0)
            ready, _, _ = select.select([self.socket, console.child_fd], [], [], left)
            if console.child_fd in ready:
                console.read_nonblocking(65536, timeout=0)
            if self.socket in ready:
                return
            if not ready:
                raise TimeoutError

    def line(self, timeout):
        """The next line, or TimeoutError."""
        end = time.monotonic() + timeout
        while b"\n" not in self.received:
            self.hear(end)
            more = self.socket.recv(65536)
            assert more, "the control port is gone"
            self.received += more
        line, self.received = self.received.split(b"\n", 1)
        return line

    def send(self, line):
        self.socket.settimeout(self.timeout)
        self.socket.sendall(line + b"\n")

    def wake(self):
        """Until the system has started, what is sent is lost; so is half a line that it has said
        before it died."""
        end = time.monotonic() + self.timeout
        self.pings = getattr(self, "pings", 0) + 1
        while True:
            assert time.monotonic() < end, "the system does not answer"
            self.send(b'\n{"id":"ping%d"}' % self.pings)
            try:
                while b'{"id":"ping%d",' % self.pings not in self.line(1):
                    pass
                return
            except TimeoutError:
                pass

    def raw(self, line):
        """Sends a line; the answer to it, events put aside and those to pings passed over."""
        self.send(line)
        return self.answer()

    def answer(self):
        while True:
            answer = self.line(self.timeout)
            if not answer.strip():
                continue
            answer = json.loads(answer)
            if "event" in answer:
                self.events.append(answer)
            elif not str(answer["id"]).startswith("ping"):
                return answer

    def ask(self, verb, domain=None, **more):
        self.number += 1
        request = {"verb": verb, "id": self.number, **more}
        if domain:
            request["domain"] = domain
        answer = self.raw(json.dumps(request).encode())
        assert answer["id"] == self.number
        return answer

    def do(self, verb, domain=None, **more):
        answer = self.ask(verb, domain, **more)
        assert answer["ok"], answer
        return answer

    def row(self, domain, verb="list"):
        return next(d for d in self.do(verb)["domains"] if d["domain"] == domain)

    def until(self, domain, state):
        end = time.monotonic() + self.timeout
        while self.row(domain)["state"] != state:
            assert time.monotonic() < end, f"{domain} does not come to be {state}"
            time.sleep(0.05)


@pytest.fixture
def control(boot, folder):
    """Boots domains with a control port: control(domains) -> machine, client."""
    def start(domains, args=(), **keys):
        # A socket's path is short.
        path = f"/tmp/bh-test-{os.getpid()}-{abs(hash(folder)) % 100000}"
        m = boot(domains, args=["--control", path, *args], **keys)
        m.control_path = path
        return m, Control(path, m)
    return start


def burst(c, requests):
    """Many requests at a time: a port has room for some."""
    lines = [json.dumps(r | {"id": n}).encode() for n, r in enumerate(requests)]
    c.send(b"\n".join(lines))
    for n in range(len(requests)):
        assert c.answer()["id"] == n


def test_each_verb_has_its_effect(control, emulator):
    m, c = control([SERVICE, hello("one", "forever"), hello("two", "forever"),
                    hello("deaf", "fault=hang")])
    names = [d["domain"] for d in c.do("list")["domains"]]
    assert names == ["service", "one", "two", "deaf"]
    c.do("events", what="on")
    assert c.do("kill", "one")["state"] == "dead"
    assert c.row("one")["last_words"] == "killed"
    refused = c.ask("kill", "one")
    assert not refused["ok"] and "`start`" in refused["error"]
    assert c.do("start", "one") | {"id": 0} == {
        "id": 0, "ok": True, "domain": "one", "state": "running", "incarnation": 2}
    assert c.do("restart", "one")["incarnation"] == 3
    assert c.do("pause", "one")["state"] == "paused"
    assert c.do("resume", "one")["state"] == "running"
    c.do("stop", "two")
    c.until("two", "off")
    c.do("stop", "deaf", seconds=1)
    c.until("deaf", "dead")
    assert c.row("deaf")["last_words"] == "killed, as it did not stop"
    assert "deaf: did not stop" in c.do("log")["text"]
    assert {"event": "state", "domain": "two", "state": "off", "incarnation": 1} in c.events
    stats = c.do("stats", "one")
    kinds = {k["kind"]: k["exits"] for k in stats["kinds"]}
    assert kinds["hypercall"] > 0 and kinds["CPUID"] > 0
    assert sum(kinds.values()) >= stats["domains"][0]["exits"] > 0
    assert any(cap["type"] == "trace" for cap in c.do("caps")["caps"])
    c.do("trace", what="exit")
    assert any("exit" in r["event"] for r in c.do("trace")["records"])
    c.do("trace", what="off")
    assert "one: hello, incarnation 3" in c.do("console", "one")["text"]
    assert {v["verb"] for v in c.do("help")["verbs"]} > {"list", "stop", "memory", "shutdown"}
    c.do("shutdown")
    m.expect("system: power off")
    assert m.end() == 0


def test_mistakes_are_answered_with_the_way_out(control):
    m, c = control([SERVICE, hello("one", "forever")])
    for line, error in ((b"list", "byte 1: an object begins with {"),
                        (b'{"verb":"lsit"}', "lsit: no such verb; did you mean `list`?"),
                        (b'{"verb":"stop"}', "usage: stop NAME [SECONDS]"),
                        (b'{"verb":"stop","domain":"two"}', "two: no such domain; `list`"),
                        (b'{"verb":"stop","domain":"one","seconds":0}', "0 seconds: 1 to 3600"),
                        (b'{"verb":"list","x":1}', 'list takes no "x"'),
                        (b"x" * 5000, "a request has at most 1024 bytes"),
                        (b"\x00\xff\x80{", "byte 1")):
        answer = c.raw(line)
        assert not answer["ok"] and answer["error"].startswith(error), answer
    c.do("shutdown")
    assert m.end() == 0


def test_bh_ctl_does_what_is_typed(control, build):
    # Without a guest that runs the machine ends.
    m, c = control([SERVICE, hello("one", "forever"), hello("keeper", "forever")])
    c.socket.close()

    def ctl(*words, status=0, text=None):
        ask = subprocess.Popen([os.path.join(build, "bh"), "ctl", m.control_path, *words],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        ask.stdin.write(text or "")
        ask.stdin.close()
        while ask.poll() is None:  # the console is read meanwhile, else the machine waits
            m.child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.1)
        said = ask.stdout.read()
        assert ask.returncode == status, said
        return said

    assert re.search(r"\n +1  one +running ", ctl("list"))
    assert ctl("kill", "one") == "one: dead, incarnation 1\n"
    assert "it does not run; `start` starts it" in ctl("kill", "one", status=1)
    assert json.loads(ctl("--json", "start", "one"))["incarnation"] == 2
    assert "example: stop linux1 5" in ctl("help", "stop")
    assert json.loads(ctl('{"verb":"list","id":9}'))["id"] == 9
    assert "one: running, incarnation 3" in ctl(text="restart one\nlist\n")
    m.control_path, there = "/nowhere/at/all", m.control_path
    assert "--control" in ctl("list", status=2)
    m.control_path = there
    ctl("restart", "service")
    assert re.search(r"service +running .* 2 ", ctl("list"))
    ctl("shutdown")
    assert m.end() == 0


@pytest.mark.seconds(90)
def test_random_verbs_leave_a_system_that_works(control, emulator):
    guests = ["g1", "g2", "g3"]
    m, c = control([SERVICE.replace("16M", "16M\n    restart-limit: 1000")] +
                   [hello(g, "forever", restart="on-crash", restart_limit=1000) for g in guests] +
                   [hello("keeper", "forever")])  # without a guest the machine ends
    verbs = ["list", "stats", "caps", "memory", "log", "trace", "help", "console", "start",
             "stop", "kill", "restart", "pause", "resume", "pause", "resume", "crash"]
    dice = random.Random(20)

    def request(n):
        verb = dice.choice(verbs if n % 20 == 0 else verbs[8:])
        named = verb in verbs[7:] or verb == "stats"
        domain = {"domain": dice.choice(guests + ["nobody"])} if named else {}
        return {"verb": verb, **domain}

    for done in range(0, VERBS[emulator], BURST):
        burst(c, [request(n) for n in range(BURST)])
        if done % 1000 == 0:
            c.do("restart", "service")
            c.wake()
    for g in guests:
        if c.row(g)["state"] == "paused":
            c.do("resume", g)
        c.do("restart", g)
        incarnation = c.row(g)["incarnation"]
        end = time.monotonic() + c.timeout
        while f"{g}: hello, incarnation {incarnation}" not in c.do("console", g)["text"]:
            assert time.monotonic() < end, f"{g} is silent"
            time.sleep(0.05)
        c.do("stop", g)
        c.until(g, "off")
    c.do("shutdown")
    assert m.end() == 0


def counters(c):
    """What `memory` says, sorted."""
    answer = c.do("memory")
    del answer["id"]
    return answer


@pytest.mark.seconds(30)
def test_a_guest_that_starts_and_dies_leaves_no_memory_behind(control, emulator):
    m, c = control([SERVICE, hello("one", "forever"), hello("two", "forever")])
    for _ in range(2):
        c.do("kill", "one")
        c.do("start", "one")
    c.do("kill", "one")
    before = counters(c)
    for _ in range(CYCLES[emulator]):
        c.do("start", "one")
        c.do("kill", "one")
    assert counters(c) == before
    assert c.row("one")["incarnation"] == 3 + CYCLES[emulator]
    c.do("shutdown")
    assert m.end() == 0
