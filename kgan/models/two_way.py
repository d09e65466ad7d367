"""A model that translates pictures between two sets, in both directions."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kgan import checks, data
from kgan.data.checks import to_array
from kgan.models.arguments import with_checked_arguments
from kgan.models.compiled import CompiledModel
from kgan.models.latents import Latents
from kgan.models.network_pair import NetworkPair
from kgan.models.pairs import like, targets_first
from kgan.types import ArrayLike, Data, KerasArgument, PathLike, Shape, Tensor, Tensors

_SIDES = ("a", "b")


@with_checked_arguments
class TwoWayModel(CompiledModel):
    """A model that translates pictures of a set A to a set B, and back.

    The class is independent of the training. A subclass sets the attributes. The samples
    of the model are pictures of B, and each is drawn from a picture of A.

    `fit(a, b)` takes pictures of A and of B, in any numbers: uint8 pixels, or floats in
    the range of the samples. An epoch has the length of the longer set. In place of both,
    `x` is a `kgan.data.UnpairedBatches`, a pair `(a, b)`, or a `tf.data.Dataset`, a
    `keras.utils.PyDataset` or a generator that yields batches of such pairs.
    `validation_data` is like `x`. `evaluate` takes the same; its metrics compare the
    pictures of B with translations of the pictures of A.

    Attributes:
        generator: Both generators, from A to B and from B to A.
        ema_generator: The averages of both generators; None without an average.
        shape_a: Shape of a picture of A.
        latents_to_a: The `kgan.models.latents.Latents` of the generator from B to A.
    """

    # Grids show A, A to B, A to B to A, then B, B to A, B to A to B.
    group_size = 6
    generator: NetworkPair
    ema_generator: NetworkPair | None
    shape_a: Shape
    latents_to_a: Latents
    _check_type = data.UnpairedCheck

    def _samples_first(self, x: Data, y: Tensors | None) -> tuple[Data, Tensors | None]:
        arrays = isinstance(x, data.Store) or hasattr(x, "__array__")
        if (arrays and y is None) or (x is None and y is not None):
            raise ValueError(
                "A CycleGAN trains on two sets of pictures: pass both, `fit(a, b)`. "
                f"Received: {'a' if x is None else 'b'}=None"
            )
        b, a = targets_first(x, y)
        if a is not None:
            self._check_set("a", self.shape_a, a)
            self._check_set("b", self.sample_shape, b)
        return b, a

    def _reals(self) -> dict[str, Any]:
        return {"x": self.real_conditions, "y": self.real_samples}

    def _check_set(self, name: str, shape: Shape, images: ArrayLike) -> None:
        images = images if isinstance(images, data.Store) else to_array(images, name)
        data.DataCheck(shape, self.sample_range, argument=name).samples(images)

    def _split(self, x: Data, y: Tensors | None, share: float) -> tuple[tuple, tuple]:
        raise ValueError(
            "`validation_split` divides pairs: pass `validation_data=(a, b)`. "
            f"{checks.received(validation_split=share)}"
        )

    @property
    def sampling_generator(self) -> keras.Model:
        """The generator from A to B, or its average."""
        return self._drawing("b")

    def _drawing(self, to: str) -> keras.Model:
        """Returns the network that translates to `"a"` or to `"b"`."""
        pair = self.ema_generator or self.generator
        return pair.first if to == "b" else pair.second

    def _to(self, to: str) -> tuple[keras.Model, Latents]:
        """Returns the network that translates to a set, and the inputs that it takes."""
        checks.one_of(_SIDES, to=to)
        self._keep_average_fresh()
        return self._drawing(to), self.latents if to == "b" else self.latents_to_a

    def call(self, pictures: Tensor, training: bool | None = None) -> Tensor:
        """Translates pictures of A to B, always in inference mode.

        Args:
            pictures: uint8 pixels or floats `(batch, height, width, channels)`.

        Returns:
            A float tensor `(batch, height, width, channels)`.
        """
        return super().call(self.sample_range.to_float(pictures), training)

    def translate(
        self,
        pictures: ArrayLike,
        to: str = "b",
        as_uint8: bool = False,
        batch_size: int = 32,
    ) -> np.ndarray:
        """Translates pictures of one set to the other set.

        Args:
            pictures: Array `(n, height, width, channels)`, uint8 pixels, or floats in the
                range of the samples. A generator without a fixed size takes any size.
            to: `"b"` for pictures of A, `"a"` for pictures of B.
            as_uint8: Bool, whether to return pixels of 0 to 255.
            batch_size: Int, number of pictures that are translated at a time.

        Returns:
            A float32 array `(n, height, width, channels)` in the range of the samples, or
            uint8.

        Raises:
            ValueError: If the generator does not take these pictures.
        """
        network, latents = self._to(to)
        as_uint8 = checks.flag(as_uint8=as_uint8)
        batches = latents.sample(None, None, None, pictures, "pictures", 0, batch_size)
        return self._computed(network, batches, None, as_uint8)

    def export(
        self,
        filepath: PathLike,
        format: str = "tf_saved_model",
        to: str = "b",
        **kwargs: KerasArgument,
    ) -> None:
        """Exports the generator of one direction, see `kgan.GAN.export`.

        Args:
            filepath: See `kgan.GAN.export`.
            format: See `kgan.GAN.export`.
            to: `"b"` for the generator from A to B, `"a"` for the other generator.
            **kwargs: See `kgan.GAN.export`.

        Raises:
            ValueError: See `kgan.GAN.export`.
        """
        self._export(*self._to(to), filepath, format, **kwargs)

    def side_by_side(self, n: int) -> np.ndarray:
        """Returns pictures for grids: of A, to B, back to A; of B, to A, back to B.

        The pictures are the first that `fit` was given.

        Args:
            n: Int, number of groups.

        Returns:
            A float32 array `(n, 6, height, width, channels)`, in the range of the
            samples. Smaller pictures are enlarged, and grey pictures get colours.

        Raises:
            ValueError: If the model was not given data.
        """
        if self.real_samples is None or self.real_conditions is None:
            raise ValueError(
                "The pictures side by side are those of `fit`. Received: a model that "
                "was not given data"
            )
        columns = []
        sets = zip(
            (self.real_conditions, self.real_samples), ("b", "a"), _SIDES, strict=True
        )
        for pictures, there, back in sets:
            chosen = pictures[np.arange(n) % len(pictures)]
            drawn = self.translate(chosen, there)
            floats = ops.convert_to_numpy(self.sample_range.to_float(chosen))
            columns += [floats, drawn, self.translate(drawn, back)]
        largest = max(columns, key=lambda x: x[0].size)
        return np.stack([like(x, largest) for x in columns], axis=1)
