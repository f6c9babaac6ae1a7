"""The build refuses a compiler that would break the program, and says why."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_an_old_gcc_is_refused_with_the_reason(tmp_path):
    compiler = shutil.which("g++")
    version = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True, check=True).stdout if compiler else ""
    if not version or int(version.split(".")[0]) >= 13:
        pytest.skip("no g++ older than 13 here")
    done = subprocess.run(
        ["cmake", "-S", str(ROOT), "-B", str(tmp_path), "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={compiler}"],
        capture_output=True, text=True, check=False)
    assert done.returncode != 0
    told = re.sub(r"\s+", " ", done.stderr)
    assert "inside a co_await expression twice" in told
    assert "clang-19" in told
