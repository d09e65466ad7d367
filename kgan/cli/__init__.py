"""The command line: `kgan train`, `kgan sample`."""
