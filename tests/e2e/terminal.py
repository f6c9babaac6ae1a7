"""Runs a program as somebody sits before it: all three of its files are a terminal."""
import os
import pty
import select
import subprocess
import time


def on_a_terminal(command, env, seconds=30):
    """Exit code, and what was to be seen, as bytes."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    seen, deadline = b"", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                piece = os.read(ours, 65_536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
    os.close(ours)
    return process.wait(20), seen
