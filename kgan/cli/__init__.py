"""The commands, one module for each. `kgan_cli` parses the command line and calls `run`."""
