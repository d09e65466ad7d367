"""The part of the command line that starts fast: the parser and the settings.

`import kgan` imports Keras and a framework, which takes seconds. Help texts, the version
and usage errors need neither, so they are in this package, which imports only the
standard library. `kgan_cli.start` is where a process begins. `kgan_cli.main` parses the
command line first, and then imports the module of the command, `kgan.cli.COMMAND`.
"""
