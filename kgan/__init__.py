"""kgan: generative adversarial networks for Keras 3."""

from kgan import augment as augment
from kgan import callbacks as callbacks
from kgan import constraints as constraints
from kgan import data as data
from kgan import layers as layers
from kgan import losses as losses
from kgan import metrics as metrics
from kgan import networks as networks
from kgan import noise as noise
from kgan import penalties as penalties
from kgan import schedules as schedules
from kgan.models.gan import GAN as GAN

# After what it builds.
from kgan import presets as presets  # isort: skip
from kgan.version import __version__ as __version__
