"""One architecture, from 32-bit protected mode on: guests/raw/modes.asm goes through every mode of
the processor and prints a line for each case; the lines must be those of conform/modes.txt, as
test_conform.py compares them.
"""
import os
import re
import subprocess

import pytest

import machine
import test_conform as conform

WAIT = 300

MODES = """
  - name: modes
    type: multiboot
    image: {build}/guests/modes.bin
    memory: 4M
    cmdline: "{cmdline}"
"""
# Bochs' AMD-V would not survive every case.
CMDLINE = {"qemu": "", "bochs-intel": "", "bochs-amd": "careful"}


@pytest.mark.parametrize("processor", conform.PROCESSORS)
def test_every_mode_is_as_the_manuals_say(build, folder, processor):
    config = machine.write_config(build, folder, [MODES.replace("{cmdline}", CMDLINE[processor])])
    done = subprocess.run([os.path.join(build, "bh"), "run", config, "--headless", "--timeout",
                           str(WAIT), *conform.PROCESSORS[processor][1]],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=WAIT + 60,
                          cwd=machine.ROOT, check=False)
    text = done.stdout.decode(errors="replace").replace("\r", "")
    with open(os.path.join(folder, "serial.log"), "w", encoding="utf-8") as f:
        f.write(text)
    lines = re.findall(r"^\[modes\] (.*)$", text, re.M)
    assert lines and lines[-1] == "modes: end", lines[-3:]
    seen = [conform.split(line) for line in lines[:-1]]
    assert len(seen) == len(dict(seen)), "a case was printed twice"
    wrong = conform.compare(dict(seen), processor, ("modes.txt", "modes-exceptions.txt"))
    assert not wrong, "\n".join([f"{len(wrong)} of {len(seen)} cases:", *wrong])
