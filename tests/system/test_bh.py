"""How bh runs systems and ends, and that its image boots from a stick as well."""
import os
import signal
import subprocess
import termios
import time

import pexpect
import pytest

from machine import BOOT, ROOT, hello, write_config

OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd"


def test_a_time_limit_ends_the_run_with_status_1(boot):
    m = boot([hello("one", "forever")], args=["--timeout", "20"])
    m.expect("one: beat 1", timeout=BOOT)
    m.expect("bh: still running after 20 seconds: killed")
    assert m.end() == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_bh_and_the_emulator(boot, number):
    m = boot([hello("one", "forever")])
    m.expect("one: beat 1", timeout=BOOT)
    pid = m.child.pid
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True,
                              check=True).stdout.split()
    os.kill(pid, number)
    m.expect("bh: stopped by signal")
    assert m.end() == 1
    assert not any(os.path.exists(f"/proc/{child}") for child in children)


def test_control_c_on_the_terminal_ends_a_headless_run(boot):
    m = boot([hello("one", "forever")])
    m.expect("one: beat 1", timeout=BOOT)
    m.type("\x03")
    assert m.end() == 1


def test_a_machine_that_resets_did_not_end_in_order(boot):
    from machine import SERVICE
    m = boot([SERVICE, hello("one", "forever")])
    m.expect("one: beat 1", timeout=BOOT)
    m.view("s")
    m.line("reboot")
    m.expect("bh: the machine stopped without")
    assert m.end() == 1


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_the_image_boots_from_a_stick(bh, build, folder, firmware):
    iso, log = os.path.join(folder, "stick.img"), os.path.join(folder, "serial.log")
    config = write_config(build, folder, [hello("one", "beats=1")])
    assert bh("image", config, "-o", iso).returncode == 0
    command = ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max", "-m", "512M", "-no-reboot",
               "-display", "none", "-nic", "none", "-serial", "file:" + log,
               "-drive", "if=none,id=stick,format=raw,file=" + iso,
               "-device", "qemu-xhci", "-device", "usb-storage,drive=stick,bootindex=0"]
    if firmware == "uefi":
        command += ["-drive", "if=pflash,format=raw,readonly=on,file=" + OVMF]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as qemu:
        end = time.monotonic() + 2 * BOOT
        while qemu.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
        qemu.kill()
    with open(log, encoding="utf-8", errors="replace") as f:
        assert "one: done" in f.read()


def test_an_unknown_cpu_model_is_named_with_those_that_there_are(bh, build, folder):
    config = write_config(build, folder, [hello("one", "beats=1")])
    done = bh("run", config, "--headless", "--emulator", "bochs", "--cpu", "haswell_4770")
    assert done.returncode != 0
    assert "no CPU model haswell_4770; it has" in done.stderr
    assert "corei7_haswell_4770" in done.stderr


def test_processors_of_qemus_take_turns_where_one_thread_is_asked_for(build, folder):
    """By the words for an emulator that is none."""
    stand_in = os.path.join(folder, "qemu-system-x86_64")
    with open(stand_in, "w") as f:
        f.write('#!/bin/sh\necho "$@"\n')
    os.chmod(stand_in, 0o755)
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ACCEL": "tcg"}

    def words(*more):
        command = [os.path.join(build, "bh"), "run", "configs/hello.yaml", "--headless", *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env,
                              cwd=ROOT).stdout
    assert "-accel tcg -cpu" in words()
    assert "-accel tcg,thread=single -cpu" in words("--one-thread")


def test_control_a_x_leaves_and_the_terminal_is_as_before(build, folder, emulator):
    config = write_config(build, folder, [hello("one", "forever")])
    with open(os.path.join(folder, "serial.log"), "w", encoding="utf-8") as log:
        bh = pexpect.spawn(os.path.join(build, "bh"), ["run", config, "--emulator", emulator],
                           encoding="utf-8", codec_errors="replace", timeout=2 * BOOT)
        bh.logfile_read = log
        name = os.readlink(f"/proc/{bh.pid}/fd/0")
        before = termios.tcgetattr(bh.child_fd)
        bh.expect("one: beat 1")
        assert termios.tcgetattr(bh.child_fd) != before
        bh.send("\x03")  # a key like others
        bh.expect("one: beat 3")
        # The terminal lives as long as somebody has it open; so there is no end of file either.
        terminal = os.open(name, os.O_RDWR | os.O_NOCTTY)
        bh.send("\x01x")
        end = time.monotonic() + 30
        while bh.expect([pexpect.EOF, "beat", pexpect.TIMEOUT], timeout=0.2):
            assert time.monotonic() < end
        assert termios.tcgetattr(terminal) == before
        os.close(terminal)
        bh.close()
    assert bh.exitstatus == 0
