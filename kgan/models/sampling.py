"""A trained model with a generator, from which it draws samples."""

from collections.abc import Iterable
from typing import Any, Self

import keras
import numpy as np

from kgan import checks, exports, pretrained
from kgan.layers.styles import style_parts, truncated
from kgan.models.arguments import with_checked_arguments
from kgan.models.averaging import Average
from kgan.models.exporting import export
from kgan.models.latents import Latents, style_batches
from kgan.models.model import TrainedModel
from kgan.types import (
    ArrayLike,
    Data,
    Identifier,
    KerasArgument,
    PathLike,
    Tensor,
    Tensors,
)

# Samples whose exported outputs are compared with the outputs in Keras.
_COMPARED = 3


@with_checked_arguments
class SamplingModel(TrainedModel):
    """A model that draws samples from latents, with a generator or with its average.

    The class is independent of the training. A subclass sets the attributes.

    Attributes:
        generator: The generator that is trained.
        ema_generator: The averaged generator; None without an average.
        average: The `kgan.models.averaging.Average`.
        latents: The `kgan.models.latents.Latents`.
        latent_dim: Length of the latents.
        group_size: Int, number of pictures that grids show side by side for a sample, see
            `kgan.Translator`.
    """

    generator: keras.Model
    ema_generator: keras.Model | None
    average: Average
    latents: Latents
    latent_dim: int
    group_size: int = 1

    def call(self, latents: Tensors, training: bool | None = None) -> Tensor:
        """Generates samples from latents, always in inference mode.

        Args:
            latents: Float tensor `(batch, latent_dim)`; for a conditional GAN
                `[latents, *conditions]`, for example `[latents, labels]`.

        Returns:
            A float tensor `(batch, ...)`, from `ema_generator` if there is an average.

        Raises:
            ValueError: If the generator takes other inputs.
        """
        self.latents.check_inputs(latents)
        return self.sampling_generator(latents, training=False)

    def predict(
        self,
        x: Data,
        batch_size: int | None = None,
        verbose: KerasArgument = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> np.ndarray:
        """Generates samples from latents, as `call` does, in batches.

        Args:
            x: Latents `(n, latent_dim)`, or for a conditional GAN
                `[latents, *conditions]`; or a dataset of batches of these.
            batch_size: See `keras.Model.predict`.
            verbose: See `keras.Model.predict`.
            steps: See `keras.Model.predict`.
            callbacks: See `keras.Model.predict`.

        Returns:
            A float array `(n, ...)`.

        Raises:
            ValueError: If the generator can't take `x`, or an argument is out of bounds.
        """
        self.latents.check_data(x)
        return super().predict(x, batch_size, verbose, steps, callbacks)

    @property
    def sampling_generator(self) -> keras.Model:
        """The averaged generator, or, without an average, the generator."""
        return self.ema_generator or self.generator

    def fresh_generator(self) -> keras.Model:
        """Returns `sampling_generator`, with weights that a user loaded by hand."""
        self._keep_average_fresh()
        return self.sampling_generator

    def sample(
        self,
        n: int | None = None,
        seed: int | None = None,
        z: ArrayLike | None = None,
        noise: Identifier = None,
        labels: ArrayLike | None = None,
        as_uint8: bool = False,
        batch_size: int = 256,
        psi: float | None = None,
        w: ArrayLike | None = None,
        conditions: Tensors | None = None,
    ) -> np.ndarray:
        """Draws samples, from the averaged generator if there is an average.

        Args:
            n: Int, number of samples, 1 by default. Leave it out with `z`, `labels` or
                `conditions`.
            seed: Int, which gives the same samples again; None for a seed from Python.
                Nothing is drawn with `w`, or with `z` and all conditions.
            z: Float array `(n, latent_dim)`, the latents themselves.
            noise: A distribution in place of the distribution of training, for example
                `kgan.noise.TruncatedNormal(0.7)`.
            labels: For a conditional GAN: ints `(n,)`, or one int for all samples. Drawn
                uniformly by default.
            as_uint8: Bool, whether to return pixels of 0 to 255.
            batch_size: Int, number of samples that are generated at a time.
            psi: Float of at least 0, for a generator with styles (StyleGAN2): the weight
                of the truncation, see `kgan.layers.StyleTruncation`. None for the weight
                that the layer has, 1 by default, which truncates nothing.
            w: For a generator with styles: mapped latents, see `map_latents`, in place of
                `z`. A float array `(n, latent_dim)`, or `(n, count, latent_dim)` with a
                style for each layer.
            conditions: For a GAN with conditions other than labels: an array `(n, ...)`,
                or a tuple with an array for each condition. A condition without the first
                axis is for all samples. By default conditions are drawn from 64 of the
                data, which the GAN keeps.

        Returns:
            A float32 array `(n, ...)` in the generator's range, or uint8.

        Raises:
            ValueError: If `z` or `w` has a wrong shape, if the lengths of `z`, `labels`
                and `n` differ, if the GAN does not know a label, if `psi` or `w` is
                given for a generator without styles, or if an argument is given beside
                another one in its place, for example `noise` with `z`.
        """
        as_uint8 = checks.flag(as_uint8=as_uint8)
        generator = self.fresh_generator()
        network: keras.Model = self
        if w is None:
            given = self._conditions(labels, conditions)
            inputs = self.latents.sample(n, z, noise, *given, seed, batch_size)
        else:
            _, network = style_parts(generator, "`w`")
            others = {"z": z, "noise": noise, "labels": labels, "psi": psi}
            others["conditions"] = conditions
            shape = tuple(network.input_shape[1:])
            inputs = style_batches(w, shape, n, batch_size, **others)
        return self._computed(network, inputs, psi, as_uint8)

    def map_latents(
        self,
        n: int | None = None,
        seed: int | None = None,
        z: ArrayLike | None = None,
        noise: Identifier = None,
        labels: ArrayLike | None = None,
        psi: float | None = None,
        batch_size: int = 256,
        conditions: Tensors | None = None,
    ) -> np.ndarray:
        """Draws latents, and maps them by the mapping network of a StyleGAN.

        `gan.sample(w=gan.map_latents(n, seed))` are the samples `gan.sample(n, seed)`.

        Args:
            n: See `sample`.
            seed: See `sample`.
            z: See `sample`.
            noise: See `sample`.
            labels: See `sample`.
            psi: See `sample`.
            batch_size: See `sample`.
            conditions: See `sample`.

        Returns:
            A float32 array `(n, latent_dim)`: the styles, equal for all layers of the
            synthesis network.

        Raises:
            ValueError: For the same reasons as `sample`.
        """
        generator = self.fresh_generator()
        mapping, _ = style_parts(generator, "`map_latents`")
        given = self._conditions(labels, conditions)
        inputs = self.latents.sample(n, z, noise, *given, seed, batch_size)
        styles = self._computed(mapping, inputs, psi)
        # In inference, the styles of all layers are equal.
        return styles.reshape(len(styles), -1, styles.shape[-1])[:, 0]

    def _computed(
        self,
        network: keras.Model,
        batches: Iterable[Tensors],
        psi: float | None,
        as_uint8: bool = False,
    ) -> np.ndarray:
        """Returns the outputs of a network for all batches.

        Args:
            network: The model, or a part of its generator.
            batches: The inputs of the network.
            psi: See `sample`.
            as_uint8: Bool, whether to return pixels in place of float32. Each batch is
                converted by itself, since floats take four times the memory.
        """
        convert = self.sample_range.to_uint8 if as_uint8 else _as_floats
        with truncated(self.sampling_generator, psi):
            # Not `predict`, which would make a dataset and an iterator at each call.
            parts = [convert(self.devices.predict(batch, network)) for batch in batches]
        return np.concatenate(parts)

    def export(
        self, filepath: PathLike, format: str = "tf_saved_model", **kwargs: KerasArgument
    ) -> None:
        """Exports the network that samples are drawn from, for use without kgan.

        If the package that runs exported files is installed, the file is run, and its
        outputs are compared with the outputs in Keras. A file that can't be run, or whose
        outputs differ by more than 1e-5 of the largest output (1/128 in mixed precision
        and on a GPU), is not kept. A JSON file describes the inputs, the outputs and the
        comparison: `FILE.json`, or `assets.extra/kgan.json` in a SavedModel.

        Args:
            filepath: Path of the artifact, a folder for a SavedModel. It is written
                under a temporary name and then renamed.
            format: A name of `keras.Model.export`, or of the table below.
            **kwargs: See `keras.Model.export`.

        | format | the end of the path | compared by | batch size |
        | --- | --- | --- | --- |
        | `"tf_saved_model"`, `"saved_model"` | a folder | tensorflow | any |
        | `"onnx"` | .onnx | onnxruntime | any |
        | `"litert"` | .tflite | ai-edge-litert | 1 |
        | `"openvino"` | .xml, and a .bin beside it | openvino | any |
        | `"torch"`, `"pt2"` | .pt2 | torch | 1 |

        Raises:
            ValueError: If this backend can't export to the format, for example PyTorch
                to a SavedModel, if a package is missing, if `filepath` is a folder of
                other files, or if the exported file differs.

        Example:

        ```python
        gan.export("saved_model")
        model = tf.saved_model.load("saved_model")
        images = model.serve(latents)
        # A SavedModel from TensorFlow also draws pixels, and latents by a seed:
        pixels = model.serve_uint8(latents)
        pixels = model.sample(tf.constant(16), tf.constant(0))["samples"]
        ```
        """
        self._export(self.fresh_generator(), self.latents, filepath, format, **kwargs)

    def _export(
        self,
        network: keras.Model,
        latents: Latents,
        filepath: PathLike,
        format: str,
        **kwargs: KerasArgument,
    ) -> None:
        """Exports a network, see `export`.

        Args:
            network: The network.
            latents: The `kgan.models.latents.Latents` of its inputs.
            filepath: See `export`.
            format: See `export`.
            **kwargs: See `export`.
        """
        chosen = exports.get(format)
        chosen.check_backend(format=format)
        inputs = latents.example(_COMPARED)
        export(
            self,
            network,
            inputs if isinstance(inputs, list | tuple) else [inputs],
            filepath,
            chosen,
            exports.Sampling(
                latents.noise, latents.dim, latents.conditions, self.sample_range
            ),
            **kwargs,
        )

    @classmethod
    def from_preset(cls, name: str) -> Self:
        """Returns a trained GAN of the package, for samples or to train further.

        Args:
            name: One of `kgan.pretrained.names()`. The pages `kgan/pretrained/NAME.md`
                describe the GANs: data, licence, training, quality and limits.

        Returns:
            A compiled GAN with labels. All its counters are at 0, and its average starts
            at its generator.

        Raises:
            ValueError: If there is no trained GAN of this name.

        Example:

        >>> import kgan
        >>> gan = kgan.GAN.from_preset("digits")
        >>> gan.sample(10, seed=0, labels=range(10)).shape
        (10, 8, 8, 1)
        """
        return pretrained.load(name)

    def _conditions(
        self, labels: ArrayLike | None, conditions: Tensors | None
    ) -> tuple[Any, str]:
        """Returns the conditions that were given, and the name of their argument."""
        if labels is None:
            return conditions, "conditions"
        if conditions is not None or (self.conditions and not self.conditions.are_labels):
            raise ValueError(
                "`labels` are for a GAN whose only condition is a label: pass all "
                f"conditions as `conditions`. {checks.received(labels=labels)}"
            )
        return labels, "labels"

    def _keep_average_fresh(self) -> None:
        if not self.images_seen.numpy():
            self.average.restart()


def check_gan(gan: Any, drawn: str = "") -> None:
    """Checks the argument `gan` of a function, a model that draws samples.

    Args:
        gan: The value.
        drawn: The result of the function, if the function needs latents: "directions".

    Raises:
        ValueError: If the value is another object, or its generator has no latents.
    """
    checks.instance(SamplingModel, "a `kgan.GAN`", gan=gan)
    if drawn and not gan.latent_dim:
        raise ValueError(
            f"This generator has no latents, so it has no {drawn}. "
            f"{checks.received(gan=gan)}"
        )


def _as_floats(x: np.ndarray) -> np.ndarray:
    return x.astype("float32", copy=False)
