"""Fixtures of the system tests, and the last lines of each log when one fails.

Every test that boots a system does so on both emulators. One that cannot says why:

    @machine.only("qemu", "Bochs has no NVMe")
"""
import os
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import machine  # noqa: E402
import schedule  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--build", default="build", help="the build's folder")
    parser.addoption("--emulator", default="both", choices=["both", *machine.EMULATORS],
                     help="where systems are booted")
    parser.addoption("--bochs-cpu", help="another CPU model for Bochs, ryzen for instance")


def pytest_configure(config):
    config.addinivalue_line("markers", "only(emulator, reason): what the other one lacks")
    config.addinivalue_line("markers", "seconds(n): what it takes about, beside another one")


def pytest_generate_tests(metafunc):
    if "emulator" in metafunc.fixturenames:
        wish = metafunc.config.getoption("--emulator")
        metafunc.parametrize("emulator", machine.EMULATORS if wish == "both" else [wish])


def pytest_collection_modifyitems(items):
    """What an emulator cannot do is skipped, with the reason; what takes long begins first."""
    for item in items:
        mark = item.get_closest_marker("only")
        emulator = item.callspec.params.get("emulator") if hasattr(item, "callspec") else None
        if mark and emulator and emulator != mark.args[0]:
            item.add_marker(pytest.mark.skip(reason=mark.args[1]))
    items.sort(key=schedule.seconds, reverse=True)


def pytest_xdist_make_scheduler(config, log):
    return schedule.OneByOne(config, log)


@pytest.fixture
def build(request):
    return os.path.abspath(request.config.getoption("--build"))


@pytest.fixture
def folder(build, request):
    """An empty folder of the test's own: build/system/TEST."""
    path = os.path.join(build, "system", re.sub(r"[^A-Za-z0-9_.-]", "_", request.node.name))
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


@pytest.fixture
def bh(build):
    """Runs bh to its end: bh("check", file) -> completed process with text output."""
    def run(*args):
        return subprocess.run([os.path.join(build, "bh"), *args], capture_output=True, text=True,
                              timeout=60, cwd=machine.ROOT)
    return run


@pytest.fixture
def boot(build, folder, emulator, request):
    """Boots a system: boot(domains, top="...", args=[...]), boot(config="demo") or boot(iso=...)."""
    started = []
    model = request.config.getoption("--bochs-cpu") if emulator == "bochs" else None

    def start(domains=None, top="", args=(), config=None, iso=None):
        path = (iso or config and machine.project_config(build, folder, config)
                or machine.write_config(build, folder, domains, top))
        more = ["--cpu", model, *args] if model else args
        started.append(machine.Machine(build, folder, path, more, emulator))
        return started[-1]

    yield start
    for m in started:
        m.stop()
    request.node.machines = started


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    folder = item.funcargs.get("folder")
    for name in sorted(os.listdir(folder)) if folder else []:
        if not name.endswith(".log"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
            lines = f.read().replace("\r", "").splitlines()
        report.sections.append((f"last lines of {os.path.join(folder, name)}",
                                "\n".join(lines[-40:])))
