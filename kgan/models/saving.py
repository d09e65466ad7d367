"""One file for both networks, the average, the optimizers and the seeds."""

import contextlib
import errno
import io
import os
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any, Self

import keras

from kgan import files, serialization

# Of what `Position.state` stores.
_PREFIXES = ("position", "mean_")


@contextlib.contextmanager
def _full_disk_as_os_error(path: Any) -> Iterator[None]:
    # TensorFlow writes with errors of its own, which are no `OSError`.
    try:
        yield
    except Exception as error:
        reason = os.strerror(errno.ENOSPC)
        if reason not in str(error):
            raise
        raise OSError(errno.ENOSPC, reason, str(path)) from error


class _KerasFile(io.FileIO):
    """A file that Keras takes for one of its own, whatever its name."""

    def __str__(self) -> str:
        return "gan.keras"


class Saving(keras.Model):
    """How a `GAN` is saved, loaded and exported."""

    # What the classes beside it in `GAN` have, for type checkers.
    replaced: dict[str, Any]
    why_no_export: Any

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Saves both networks, the average, the optimizers and the seeds.

        The file is written under a temporary name and then renamed, so that none
        is ever half-written.

        Args:
            filepath: Path ending in `.keras`.
            overwrite: Bool, whether to replace a file without asking.
            **kwargs: See `keras.Model.save`.
        """
        if not str(filepath).endswith(".keras") or kwargs.get("zipped") is False:
            raise ValueError(
                "A GAN is saved in one file that ends in .keras. "
                f"Received: filepath={filepath}, {kwargs}"
            )
        if not overwrite and os.path.exists(filepath):
            return super().save(filepath, overwrite=False, **kwargs)
        with self._writing(filepath) as temporary, _KerasFile(temporary, "wb") as file:
            super().save(file, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Saves what `save` does without the configuration, written like it.

        Args:
            filepath: Path ending in `.weights.h5`.
            overwrite: Bool, whether to replace a file without asking.
            **kwargs: See `keras.Model.save_weights`.
        """
        if not str(filepath).endswith(".weights.h5") or kwargs.get("max_shard_size"):
            raise ValueError(
                "The weights of a GAN are saved in one file that ends in .weights.h5. "
                f"Received: filepath={filepath}, {kwargs}"
            )
        if not overwrite and os.path.exists(filepath):
            return super().save_weights(filepath, overwrite=False, **kwargs)
        with self._writing(filepath, suffix=".weights.h5") as temporary:
            super().save_weights(temporary, **kwargs)

    @contextlib.contextmanager
    def _writing(self, filepath: Any, **options: Any) -> Iterator[pathlib.Path]:
        # Workers must take part in each other's reads, but one of them writes.
        if self.is_chief:
            with files.atomic_path(filepath, **options) as temporary:
                yield temporary
        else:
            with tempfile.TemporaryDirectory() as folder:
                yield pathlib.Path(folder, f"worker{options.get('suffix', '')}")

    def export(
        self, filepath: Any, format: str = "tf_saved_model", **kwargs: Any
    ) -> None:
        """Exports the sampling generator, for use without kgan.

        Args:
            filepath: Path of the artifact, a folder for a SavedModel. It is written
                under a temporary name and then renamed.
            format: See `keras.Model.export`.
            **kwargs: See `keras.Model.export`.

        Raises:
            ValueError: If this backend can't, such as PyTorch a SavedModel.

        Example:

        ```python
        gan.export("saved_model")
        model = tf.saved_model.load("saved_model")
        images = model.serve(latents)
        ```
        """
        reason = self.why_no_export(format)
        if reason:
            raise ValueError(f"{reason} Received: format={format!r}")
        with self._writing(filepath) as temporary, _full_disk_as_os_error(filepath):
            self.sampling_generator.export(str(temporary), format=format, **kwargs)

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "latent_dim": self.latent_dim,
            "noise": serialize(self.noise),
            "ema_half_life": serialize(self.ema_half_life),
            "seed": self.seed,
            "num_classes": self.num_classes,
            "pack": self.pack,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        config = dict(config)
        for name in ("generator", "discriminator", "ema_half_life"):
            config[name] = keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
        return cls(**config)

    def get_compile_config(self) -> dict[str, Any] | None:
        if not self.compiled:
            return None
        config = keras.saving.serialize_keras_object(
            {
                "g_optimizer": self.g_optimizer,
                "d_optimizer": self.d_optimizer,
                "loss": self.loss,
                "penalties": list(self.penalties),
                "d_steps": self.d_steps,
                "g_steps": self.g_steps,
                "noise_batch_size": self.noise_batch_size,
                "augment": self.augment,
                "class_loss_weight": self.class_loss_weight,
                **self._compile_arguments,
            }
        )
        return serialization.portable(config)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        arguments = keras.saving.deserialize_keras_object(config)
        self.compile(**arguments | self.replaced)

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        for name, state in self._seed_states().items():
            store[name] = state
        for name, state in self.position.state().items():
            store[name] = state

    def load_own_variables(self, store: Any) -> None:
        stored = {name: store[name] for name in store.keys()}  # noqa: SIM118
        for name, state in self._seed_states().items():
            state.assign(stored.pop(name))
        ours = {k: stored.pop(k) for k in list(stored) if k.startswith(_PREFIXES)}
        self.position.load(ours)
        super().load_own_variables(stored)

    def _seed_states(self) -> dict[str, Any]:
        # Keras does not save the state of random layers, nor of seed generators.
        states = [v for v in self.variables if v.name == "seed_generator_state"]
        return {f"seed_{i}": state for i, state in enumerate(states)}
