"""The boot protocols of guests that are not ours, each with the smallest guest that can tell."""
import os

from machine import BOOT


def raw(name, kind, *lines):
    return "\n".join([f"  - name: {name}", f"    type: {kind}",
                      "    image: {build}/guests/" + name + ".bin", "    memory: 4M",
                      *("    " + line for line in lines)]) + "\n"


def test_multiboot_gives_command_line_and_module(boot, folder):
    with open(os.path.join(folder, "module"), "wb") as f:
        f.write(b"twenty bytes of text\0")
    m = boot([raw("multiboot", "multiboot", 'cmdline: "a=1 b=two"', "module: {folder}/module")])
    m.expect(r"\[multiboot\] multiboot: started with .*a=1 b=two, module twenty bytes of text\.",
             timeout=BOOT)
    m.expect("multiboot: powered off")
    assert m.end() == 0


def test_a_flat_binary_starts_at_1_mib(boot):
    m = boot([raw("flat", "flat")])
    m.expect(r"\[flat\] flat: started at 1 MiB", timeout=BOOT)
    assert m.end() == 0
