"""Every boot protocol, with a guest that checks what it was promised: the CPU's state, each field of
each table, its module and its command line. Only then does it say "all good"."""
import os
import re

import pytest

from machine import BOOT

MODULE = b"twenty bytes of text"


def raw(name, kind, memory, *lines, key="image"):
    return "\n".join([f"  - name: {name}", f"    type: {kind}",
                      f"    {key}: {{build}}/guests/{name}.bin", f"    memory: {memory}",
                      *("    " + line for line in lines)]) + "\n"


def module(folder, text=MODULE):
    with open(os.path.join(folder, "module"), "wb") as f:
        f.write(text)
    return "{folder}/module"


def all_good(m, name):
    m.expect(f"{name}: powered off", timeout=BOOT)
    assert m.end() == 0
    assert re.search(rf"\[{name}\] all good", m.seen())
    assert ": BAD" not in m.seen()


def test_multiboot2_keeps_its_promises(boot, folder):
    all_good(boot([raw("multiboot2", "multiboot2", "8M", 'cmdline: "one two"',
                       f"module: {module(folder)}")]), "multiboot2")


def test_pvh_keeps_its_promises(boot, folder):
    all_good(boot([raw("pvh", "pvh", "8M", 'cmdline: "one two"', f"module: {module(folder)}")]),
             "pvh")


@pytest.mark.parametrize("entry", [32, 64])
def test_linux_entries_keep_their_promises(boot, folder, entry):
    all_good(boot([raw("linux", "linux", "16M", 'cmdline: "one two"', f"entry: {entry}",
                       f"initrd: {module(folder)}", key="kernel")]), "linux")


def test_what_kvm_unit_tests_need_is_there(boot, folder):
    m = boot([raw("kvmunit", "multiboot", "16M", 'cmdline: "kvmunit a=1"', "platform: pc",
                  f"module: {module(folder, b'NR_CPUS=1')}")])
    m.expect(r"kvmunit: exit with status (\d+)", timeout=BOOT)
    assert m.child.match.group(1) == "1"
    all_good(m, "kvmunit")


def test_firmware_starts_at_the_reset_vector(boot):
    all_good(boot([raw("firmware", "firmware", "2M")]), "firmware")
