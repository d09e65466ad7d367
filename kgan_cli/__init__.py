"""The start of the command line: parser, settings, and nothing that takes time.

`import kgan` imports Keras and a framework, which takes seconds. Help texts, the version
and usage errors need neither, so they are in this package, which imports the standard
library alone. `kgan_cli.main` imports the module of a command, `kgan.cli.COMMAND`, after
the command line was parsed.
"""
