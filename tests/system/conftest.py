"""Fixtures of the system tests, and the last lines of each log when one fails."""
import os
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import machine  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--build", default="build", help="the build's folder")


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
def boot(build, folder, request):
    """Boots a system: boot(domains, top="...", args=[...]) or boot(config="demo")."""
    started = []

    def start(domains=None, top="", args=(), config=None):
        path = (machine.project_config(build, folder, config) if config
                else machine.write_config(build, folder, domains, top))
        started.append(machine.Machine(build, folder, path, args))
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
