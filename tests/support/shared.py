"""Where the large test material is that is not part of the checkout: pictures, test vectors, engines of other systems.

PIXGATE_SHARED names the folder; without it, a folder `shared` beside the checkout is taken. Neither there: None, and
`need_shared` skips the test and says why. Only this file and shared_dir.h know the rule.
"""
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def shared_dir():
    named = os.environ.get("PIXGATE_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder.resolve() if folder.is_dir() else None


def need_shared(*parts):
    """The path of something in the shared folder; skips the running test where it is absent."""
    import pytest

    folder = shared_dir()
    if folder is None:
        pytest.skip("no shared test material (set PIXGATE_SHARED)")
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the shared test material has no {'/'.join(parts)}")
    return path


def binary():
    """The program under test: PIXGATE_BINARY, or the dev build."""
    path = Path(os.environ.get("PIXGATE_BINARY") or ROOT / "build" / "dev" / "pixgate")
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not built (script/test builds it, or: cmake --build --preset dev)")
    return path
