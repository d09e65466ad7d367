"""The callbacks of `kgan train`: they draw, save and show a run while it is trained."""

import keras

import kgan
from kgan.cli import not_finite
from kgan.cli.progress_bar import progress
from kgan.cli.run_folder import RunFolder
from kgan.cli.training import Training
from kgan_cli.settings import WatchSettings


def callbacks(
    settings: WatchSettings, training: Training, folder: RunFolder
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks of a run.

    Args:
        settings: The settings of the command.
        training: The training.
        folder: Its run folder.
    """
    gan = training.gan
    callbacks: list[keras.callbacks.Callback] = [
        not_finite.StopAtNotFinite(),
        kgan.callbacks.HistoryCSV(folder.history),
    ]
    if kgan.data.is_image_shape(gan.sample_shape):
        every = settings.grid_every
        callbacks.append(
            kgan.callbacks.SampleGrid(
                folder.samples, gif=folder.animation, reals=False, every=every
            )
        )
    # After the others: when it saves the GAN, the other files of the epoch exist.
    callbacks.append(not_finite.StoppingCheckpoint(folder.gan, every=settings.save_every))
    shown = [progress(training.preset.images)] if gan.devices.is_chief else []
    return [*callbacks, *shown]
