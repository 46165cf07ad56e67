"""One architecture: the conformance guest prints the same lines on every processor.

Its lines are compared with conform/reference.txt, which is written from the manuals. What may
differ stands in conform/exceptions.txt, with the reason; an exception that does not occur any more
is an error like a line that is wrong. Both files have a case a line, "area: case: result".
"""
import os
import re
import subprocess

import pytest

import machine

FOLDER = os.path.join(machine.ROOT, "tests", "system", "conform")
WAIT = 600

# How careful the guest must be on each, and what `bh run` needs.
PROCESSORS = {
    "qemu": (2, []),
    "bochs-intel": (0, ["--emulator", "bochs"]),
    "bochs-amd": (1, ["--emulator", "bochs", "--cpu", "ryzen"]),
}

# Features to do without, whose absence no guest may notice, but for the cases that then are not shown.
PLAIN = {
    "bochs-intel": "TPR_SHADOW,TIMER,VPID,EPT_1G,INVPCID",
    "bochs-amd": "NEXT_RIP,FLUSH_ASID,CLEAN",
}
HIDDEN = {"bochs-intel": ("paging: invpcid",), "bochs-amd": ()}


def split(line):
    """(case, result); the case keeps its area in front."""
    area, case, result = line.split(": ", 2)
    return f"{area}: {case}", result


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return [line.rstrip("\n") for line in f if line.strip() and not line.startswith("#")]


def reference(name):
    lines = [split(line) for line in read(name)]
    assert len(lines) == len(dict(lines)), "a case stands in the reference twice"
    return dict(lines)


def matcher(text):
    """Text in which * stands for anything."""
    return re.compile(".*".join(map(re.escape, text.split("*"))) + "$").match


def exceptions(processor, name):
    """(case, result) matchers and their line, for this processor. A line "[names] reason" begins a
    group; the reason goes on in lines that begin with two blanks."""
    found, names = [], []
    for line in read(name):
        if line.startswith("["):
            names = line[1:line.index("]")].split(", ")
            assert set(names) <= set(PROCESSORS), line
        elif not line.startswith("  ") and processor in names:
            case, result = split(line)
            found.append((matcher(case), matcher(result), line))
    return found


def compare(seen, processor, files=("reference.txt", "exceptions.txt"), hidden=()):
    """The list of what is wrong."""
    wanted, allowed = reference(files[0]), exceptions(processor, files[1])
    wrong, used = [], set()
    for case, result in seen.items():
        if hidden and case.startswith(hidden) and result == "not shown":
            continue
        if case not in wanted:
            wrong.append(f"{case}: {result}: not in the reference")
            continue
        for is_case, is_result, line in allowed:
            if result != wanted[case] and is_case(case) and is_result(result):
                used.add(line)
                break
        else:
            if result != wanted[case]:
                wrong.append(f"{case}: {result}; should be: {wanted[case]}")
    wrong += [f"{case}: did not come" for case in wanted if case not in seen]
    wrong += [f"exception that does not occur: {line}" for _, _, line in allowed
              if line not in used]
    return wrong


def run(build, folder, processor, words):
    """The guest's lines; words go to the hypervisor's command line."""
    careful, options = PROCESSORS[processor]
    config = machine.project_config(build, folder, "conform")
    with open(config, encoding="utf-8") as f:
        text = f.read().replace('cmdline: ""', f'cmdline: "careful={careful}"')
    with open(config, "w", encoding="utf-8") as f:
        f.write(text)
    done = subprocess.run([os.path.join(build, "bh"), "run", config, "--headless", "--timeout",
                           str(WAIT), "--append", words, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          timeout=WAIT + 60, cwd=machine.ROOT, check=False)
    text = done.stdout.decode(errors="replace").replace("\r", "")
    with open(os.path.join(folder, "serial.log"), "w", encoding="utf-8") as f:
        f.write(text)
    return re.findall(r"^\[conform\] (.*)$", text, re.M)


def check(build, folder, processor, request, words="log=info", hidden=()):
    if request.config.getoption("--emulator") not in ("both", processor.split("-")[0]):
        pytest.skip("--emulator asks for the other one")
    lines = run(build, folder, processor, words)
    assert lines and lines[-1] == f"conform: end of {len(lines) - 1} cases", lines[-3:]
    seen = [split(line) for line in lines[:-1]]
    assert len(seen) == len(dict(seen)), "a case was printed twice"
    wrong = compare(dict(seen), processor, hidden=hidden)
    assert not wrong, "\n".join([f"{len(wrong)} of {len(seen)} cases:", *wrong])


@pytest.mark.parametrize("processor", PROCESSORS)
def test_every_case_is_as_the_manuals_say(build, folder, processor, request):
    check(build, folder, processor, request)


@pytest.mark.parametrize("processor", PLAIN)
def test_it_is_the_same_without_optional_features(build, folder, processor, request):
    check(build, folder, processor, request, "without=" + PLAIN[processor],
          HIDDEN[processor])
