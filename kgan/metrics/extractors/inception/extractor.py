"""Features computed by the Inception network of FID."""

from typing import Any

import numpy as np

from kgan import checks
from kgan.metrics.extractors.base import Extracted, Extractor
from kgan.metrics.extractors.inception import network, pth, resize
from kgan.metrics.extractors.inception import weights as _weights
from kgan.metrics.extractors.inference import predict, softmax, to_rgb, whole_portions
from kgan.types import PathLike


class Inception(Extractor):
    """The network of FID, with one of three protocols. Their numbers are not comparable.

    The protocol `"tf1"` resizes in the way of the original and torch-fidelity,
    `"pytorch"` in the way of pytorch-fid, `"clean"` in the way of clean-fid.

    Args:
        weights: Path of `pt_inception-2015-12-05-6726825d.pth`. None for the path in the
            environment variable `KGAN_INCEPTION`, or an earlier download.
        protocol: `"tf1"`, `"pytorch"` or `"clean"`.
        download: Bool, whether to download the weights, 96 MB, if no file is found.
        dtype: Str, the dtype that the network computes in.
        batch_size: Int, the number of images to read and resize at once, rounded up to a
            multiple of the 32 that the network computes at once.

    Raises:
        FileNotFoundError: If there are no weights.
        ValueError: If the file is damaged, or has the weights of another network.

    Reference:

    - [Heusel et al., 2017](https://arxiv.org/abs/1706.08500)
    - [Parmar et al., 2022 (clean-fid)](https://arxiv.org/abs/2104.11222)
    """

    name = "inception"

    def __init__(
        self,
        weights: PathLike | None = None,
        protocol: str = "tf1",
        download: bool = False,
        dtype: str = "float32",
        batch_size: int = 32,
    ):
        self.resize_protocol = checks.one_of(resize.PROTOCOLS, protocol=protocol)
        path = _weights.find(weights, download)
        self.sha256 = _weights.sha256(path)
        self.is_fid = self.sha256 == _weights.SHA256
        name = f"{self.name}_{protocol}"
        # The same network with other weights is another extractor.
        name = name if self.is_fid else f"{name}_{self.sha256[:8]}"
        super().__init__(name, whole_portions(batch_size))
        self.dtype = dtype
        self.network = network.build(dtype)
        network.load(self.network, pth.read(path))

    def extract(self, images: np.ndarray) -> Extracted:
        """Returns 2,048 features, and the probabilities of 1,008 classes."""
        resized = resize.PROTOCOLS[self.resize_protocol](to_rgb(images), self.dtype)
        features, logits = predict(self.network, resized)
        return Extracted(features, softmax(logits))

    def protocol(self) -> dict[str, Any]:
        """Returns the name, the hash of the weights, the resize method and the dtype."""
        return {
            "extractor": self.name,
            "weights": self.sha256,
            "resize": resize.RESIZES[self.resize_protocol],
            "dtype": self.dtype,
        }
