"""Each checker passes a clean tree and goes red on a planted violation."""
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent

CLEAN = {
    "src/base/result.h": "// Results.\n#include <expected>\n",
    "src/core/image.h": '// Images.\n#include <boost/json.hpp>\n#include "base/result.h"\n',
    "src/imaging/types.h": '// Facts.\n#include "core/image.h"\n',
    "src/imaging/probe.cpp": '#include <vips/vips8>\n#include "imaging/types.h"\n',
    "src/ports/queue.h": '// A queue.\n#include "core/image.h"\n',
    "src/adapters/memory/queue.h": '// In memory.\n#include "ports/queue.h"\n',
    "src/adapters/embedded/queue.cpp": '#include <sqlite3.h>\n#include "ports/queue.h"\n',
    "src/flow/sweep.h": '// Sweeps.\n#include "ports/queue.h"\n',
    "src/flow/sweep_test.cpp": '#include <gtest/gtest.h>\n#include "adapters/memory/queue.h"\nvoid f() { EXPECT_TRUE(x); }\n',
    "src/roles/api/routes.cpp": '#include "flow/sweep.h"\n#include "imaging/types.h"\n',
    "src/http/requests.cpp": 'auto& x = metrics.counter(\n    "pixgate_a_total", "A"\n);\n',
    "src/main/wire.cpp": '#include "adapters/memory/queue.h"\n#include "roles/api/routes.h"\n',
    "src/roles/api/routes.h": "// Routes.\n",
    "script/test": "#!/bin/sh\n# --quick\n",
    "docs/flow.svg": "<svg/>\n",
    "CMakePresets.json": '{"configurePresets": [{"name": "dev"}]}',
    "README.md": "# Pixgate\n[ko](README.ko.md) ![flow](docs/flow.svg)\n\n```sh\nscript/test --quick  # fast\n```\nSee `src/flow/`.\n",
    "README.ko.md": "# 픽스게이트\n[en](README.md) ![흐름](docs/flow.svg)\n\n```sh\nscript/test --quick  # 빠름\n```\n`src/flow/`를 보라.\n",
}

LAYERS = [
    ("base may include nothing of ours", "src/base/a.h", '// A.\n#include "core/image.h"\n', "base may not include"),
    ("flow may not know an adapter", "src/flow/a.cpp", '#include "adapters/memory/queue.h"\n', "flow may not include"),
    ("a flow test may know only the adapters in memory", "src/flow/a_test.cpp",
     '#include "adapters/embedded/queue.h"\nEXPECT_TRUE', "flow may not include"),
    ("an include that leads nowhere", "src/flow/a.cpp", '#include "base/gone.h"\n', "does not exist"),
    ("adapters never meet", "src/adapters/embedded/a.cpp", '#include "adapters/memory/queue.h"\n', "may not include"),
    ("roles may not know an adapter", "src/roles/api/a.cpp", '#include "adapters/memory/queue.h"\n', "roles may not include"),
    ("roles see of imaging only its types", "src/roles/api/a.cpp", '#include "imaging/probe.h"\n', "roles may not include"),
    ("a header of a library stays at home", "src/flow/a.cpp", "#include <vips/vips8>\n", "is for imaging"),
    ("SQLite stays at home", "src/roles/api/a.cpp", "#include <sqlite3.h>\n", "is for adapters/embedded"),
    ("a new library needs a home", "src/base/a.cpp", "#include <zstd.h>\n", "has no home"),
    ("ports are headers", "src/ports/queue.cpp", "int x;\n", "headers only"),
    ("a folder is in a layer", "src/stuff/a.h", "// A.\n", "is in no layer"),
    ("headers don't include each other", "src/base/result.h", '// R.\n#include "base/b.h"\n', "include each other"),
]

STYLE = [
    ("an open end", "src/base/a.cpp", "// TODO: later\n", "belongs in an issue"),
    ("a banner", "src/base/a.cpp", "// ------------------\n", "banner"),
    ("a path of one machine", "script/a", "cd /home/someone/x\n", "path of one machine"),
    ("a header without a word", "src/base/a.h", "#pragma once\n", "begins with a comment"),
    ("a C++ test without an assertion", "src/base/a_test.cpp", "TEST(A, B) {}\n", "asserts nothing"),
    ("a Python test without an assertion", "tests/e2e/test_a.py", "def test_a():\n    pass\n", "asserts nothing"),
    ("an empty name", "src/base/string_utils.h", "// Strings.\n", "says nothing"),
    ("a long file", "src/base/a.cpp", "int x;\n" * 601, "601 lines"),
    ("a path outside of the checkout", "src/base/a.cpp", '"../shared/x"\n', "outside of the checkout"),
]

DOCS = [
    ("a path that is gone", "ARCHITECTURE.md", "See `src/flow/gone.cpp`.\n", "src/flow/gone.cpp does not exist"),
    ("one of several paths", "ARCHITECTURE.md", "`src/flow/{sweep.h,gone.h}`\n", "src/flow/gone.h does not exist"),
    ("a link", "docs/a.md", "[x](gone.md)\n", "leads nowhere"),
    ("a section", "docs/a.md", "[x](../README.md#gone)\n", "no section"),
    ("a script", "CONTRIBUTING.md", "```sh\nscript/gone\n```\n", "script/gone does not exist"),
    ("a flag", "CONTRIBUTING.md", "Run `script/test --slow`.\n", "knows no --slow"),
    ("a preset", "CONTRIBUTING.md", "`cmake --preset gone`\n", "no preset gone"),
    ("a setting", "docs/a.md", "Set `api.gone`.\n", "no setting api.gone"),
    ("a metric that is not listed", "docs/operations.md", "## Metrics\n", "the metric pixgate_a_total is not listed"),
    ("a metric that is gone", "docs/operations.md", "| `pixgate_a_total` | a |\n| `pixgate_b` | b |\n", "no metric pixgate_b"),
    ("a section that only the English text has", "README.md", CLEAN["README.md"] + "\n## More\n", "sections are not"),
    ("a command that only the Korean text has", "README.ko.md", CLEAN["README.ko.md"].replace("--quick", ""), "code blocks are not"),
]


def run(tool, root, *arguments):
    done = subprocess.run(
        [sys.executable, str(TOOLS / tool), "--root", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def plant(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def clean(tmp_path):
    plant(tmp_path, CLEAN)
    return tmp_path


@pytest.mark.parametrize("tool", ["check_layers", "check_style", "check_docs"])
def test_a_clean_tree_passes(clean, tool):
    assert run(tool, clean) == (0, "")


@pytest.mark.parametrize("tool,cases", [("check_layers", LAYERS), ("check_style", STYLE), ("check_docs", DOCS)])
def test_each_planted_violation_is_found(tmp_path, tool, cases):
    for number, (what, name, content, expected) in enumerate(cases):
        root = tmp_path / str(number)
        plant(root, CLEAN)
        plant(root, {"src/base/b.h": '// B.\n#include "base/result.h"\n', name: content})
        code, output = run(tool, root)
        assert code == 1, f"{what}: not found"
        assert expected in output, f"{what}: {output}"


PROGRAM = """#!/bin/sh
case "$*" in
    "config docs") printf '# Settings\\n' ;;
    "serve --help") printf 'Options:\\n  --listen TEXT\\n' ;;
    "config --help") printf 'Subcommands:\\n  check  x\\n  docs   x\\n' ;;
    "--help") printf 'Subcommands:\\n  serve   x\\n  config  x\\n' ;;
esac
"""


@pytest.mark.parametrize("text,expected", [
    ("`pixgate serve --listen 127.0.0.1:0` and `pixgate config check`", None),
    ("`pixgate fly`", "knows no fly"),
    ("`pixgate serve --wings`", "knows no --wings"),
    ("`pixgate config burn`", "knows no burn"),
])
def test_commands_are_held_against_the_program(clean, text, expected):
    plant(clean, {"program": PROGRAM, "docs/config.md": "# Settings\n", "docs/a.md": text})
    (clean / "program").chmod(0o755)
    code, output = run("check_docs", clean, "--binary", str(clean / "program"))
    assert (code == 0) == (expected is None), output
    assert expected is None or expected in output


def test_an_old_settings_page_is_found(clean):
    plant(clean, {"program": PROGRAM, "docs/config.md": "# Old\n"})
    (clean / "program").chmod(0o755)
    code, output = run("check_docs", clean, "--binary", str(clean / "program"))
    assert code == 1 and "docs/config.md is not what the program says" in output


LOGS = [
    ("[==========] 12 tests ran.\n[  PASSED  ] 10 tests.\n[  SKIPPED ] 1 test, listed below:\n[  SKIPPED ] A.B\n"
     "[  FAILED  ] 1 test, listed below:\n[  FAILED  ] A.C\n 1 FAILED TEST\n", "10 1 1"),
    ("=== 1 failed, 3 passed, 2 skipped, 1 warning in 0.50s ===\n", "3 1 2"),
    ("2 passed, 1 error in 61.07s (0:01:01)\n", "2 1 0"),
    ("# tests 5\n# pass 3\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n", "3 1 1"),
    ("\x1b[32mℹ pass 3\x1b[0m\nℹ fail 0\n", "3 0 0"),
    ("4 passed, 0 failed\n4 passed, 2 failed, 1 skipped\n", "8 2 1"),
    ("error: build failed\n", "0 0 0"),
]


@pytest.mark.parametrize("log,expected", LOGS)
def test_results_are_counted(tmp_path, log, expected):
    (tmp_path / "log").write_text(log)
    done = subprocess.run(
        [sys.executable, str(TOOLS / "count_results"), str(tmp_path / "log")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


def test_what_was_skipped_is_named_with_its_reason(tmp_path):
    (tmp_path / "unit.log").write_text("src/a_test.cpp:7: Skipped\nno corpus\n[  SKIPPED ] 1 test.\n")
    (tmp_path / "e2e.log").write_text("SKIPPED [2] test_a.py:9: no npm\nok 3 - drops a file # SKIP no browser\n")
    stems = [str(tmp_path / "unit"), str(tmp_path / "e2e"), str(tmp_path / "absent")]
    done = subprocess.run(
        [sys.executable, str(TOOLS / "count_results"), "--skips", *stems], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "skipped in unit: src/a_test.cpp:7: no corpus",
        "skipped in e2e: [2] test_a.py:9: no npm",
        "skipped in e2e: drops a file",
    ]
