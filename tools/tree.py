"""What the checkers share: the files of the checkout, and how a finding is reported."""
import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to look at (this one)")
    return parser


def files(root):
    """Every file that git tracks or would add, relative to root; without git, every file."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*")]
    return sorted(name for name in set(names) if (root / name).is_file())


def report(tool, problems, warnings=()):
    """Prints the findings and returns the exit code."""
    for line in warnings:
        print(f"{tool}: warning: {line}")
    for line in problems:
        print(f"{tool}: {line}")
    return 1 if problems else 0


def text(root, name):
    """The file's text, or None where it is not text."""
    try:
        return (root / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def fail_usage(message):
    print(message, file=sys.stderr)
    sys.exit(2)
