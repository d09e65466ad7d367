"""`python -m kgan`."""

import sys

from kgan.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
