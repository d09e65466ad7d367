"""`python -m kgan`: the same as `kgan`, but slower to start.

Python imports the package `kgan`, and with it Keras and a framework, before this file.
TensorFlow may print messages at that moment, and Ctrl-C shows a traceback. `kgan` and
`python -m kgan_cli` have none of these drawbacks.
"""

import sys

from kgan_cli.start import main

if __name__ == "__main__":
    sys.exit(main())
