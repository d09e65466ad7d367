"""kgan: generative adversarial networks for Keras 3."""

import contextlib as _contextlib
import os as _os
import sys as _sys

from kgan_cli.quiet import quiet_tensorflow as _quiet_tensorflow

# The threads of PyTorch sleep while they wait for each other. By default, they compute
# nothing in a loop, which takes the processor from other processes and from each other.
# PyTorch reads the variable when it is imported, which is now or has been before.
_os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# `python -m kgan` imports this file before its command. While Python looks for the module
# of `-m`, the name of the program is "-m". TensorFlow is quiet then, as for `kgan`.
_is_command = _sys.argv[:1] == ["-m"] and "kgan" in _sys.orig_argv
with _quiet_tensorflow() if _is_command else _contextlib.nullcontext():
    from kgan import augment as augment
    from kgan import callbacks as callbacks
    from kgan import constraints as constraints
    from kgan import data as data
    from kgan import latents as latents
    from kgan import layers as layers
    from kgan import losses as losses
    from kgan import metrics as metrics
    from kgan import networks as networks
    from kgan import noise as noise
    from kgan import penalties as penalties
    from kgan import pretrained as pretrained
    from kgan import regularizers as regularizers
    from kgan import schedules as schedules
    from kgan.models.gan import GAN as GAN

    # After what it builds.
    from kgan import presets as presets  # isort: skip
    from kgan.version import __version__ as __version__
