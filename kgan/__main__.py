"""`python -m kgan`: the same as `kgan`, but slower to start.

Python imports the package `kgan`, and with it Keras and a framework, before this file.
`kgan` and `python -m kgan_cli` show help and usage errors without this wait.
"""

import sys

from kgan_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
