"""The command line for Python: `kgan.cli.main.main(["train", ...])`."""

from kgan_cli.main import main as main
