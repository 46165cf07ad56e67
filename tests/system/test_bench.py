"""The gate on instruction counts: the bench guest's paths against their targets and what they cost
when tools/bench/reference.json was written."""
import os
import subprocess
import sys

from machine import ROOT


def test_no_path_became_slower(build):
    out = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "bench"), "--build", build,
                          "--check"], capture_output=True, text=True, timeout=300, check=False)
    assert out.returncode == 0, out.stdout + out.stderr
