"""The reader of `.pth` files, where it was before `kgan.metrics.extractors`."""

from kgan.metrics.extractors.inception import pth as pth
