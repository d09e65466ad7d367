"""kgan: generative adversarial networks for Keras 3."""

import os as _os
import platform as _platform

# Frameworks read these variables when Python imports them, and the imports below do so.
# The threads of PyTorch sleep while they wait for each other. By default, they compute
# nothing in a loop, which takes the processor from other processes and from each other.
_os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# By default, TensorFlow uses the convolutions of oneDNN only on newer processors, for
# example with AVX512_VNNI. On older x86 processors these convolutions are faster too,
# but for tiny images.
if _platform.machine().lower() in ("x86_64", "amd64"):
    _os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from kgan import augment as augment
from kgan import callbacks as callbacks
from kgan import constraints as constraints
from kgan import data as data
from kgan import generator_losses as generator_losses
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
from kgan import text as text
from kgan.models.cycle import CycleGAN as CycleGAN
from kgan.models.gan import GAN as GAN
from kgan.models.translator import Translator as Translator

# After what it builds.
from kgan import presets as presets  # isort: skip
from kgan.version import __version__ as __version__
