"""`python -m kgan_cli`: the same as `kgan`."""

import sys

from kgan_cli.start import main

if __name__ == "__main__":
    sys.exit(main())
