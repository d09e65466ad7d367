"""The start of a command, whose imports Ctrl-C ends without a traceback.

This file imports nothing but `sys`, so that Ctrl-C finds Python in `main`. Before this
file, Python itself starts, and no program can handle Ctrl-C.
"""

import sys


def main() -> int:
    """Runs the command of the process, and returns its exit status."""
    try:
        # These imports take most of the time of a short command.
        from kgan_cli.main import main

        return main()
    except KeyboardInterrupt:
        from kgan_cli.status import Status

        print("\nkgan: interrupted", file=sys.stderr)
        return Status.INTERRUPTED
