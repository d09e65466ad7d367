"""The commands, one module each. `kgan_cli` parses the command line and calls `run`."""
