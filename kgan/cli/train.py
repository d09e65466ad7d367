"""`kgan train`."""

import dataclasses
import shutil
import time

import keras

import kgan
from kgan import files, trainers
from kgan.cli import dataset, report
from kgan.cli.progress_bar import ProgressBar
from kgan.cli.run_folder import RunFolder, check_same_data, load_gan
from kgan.cli.training import Training
from kgan.data import write_reasons
from kgan.types import Config
from kgan_cli.settings import TrainSettings


def run(settings: TrainSettings) -> int:
    """Trains, and returns the exit status."""
    folder = RunFolder(settings.resume) if settings.resume else None
    config = folder.read_config() if folder else {}
    settings = settings.resumed(config["arguments"]) if folder else settings
    name = settings.strategy or "none"
    settings = dataclasses.replace(settings, strategy=name)
    # The workers of a cluster must find each other before anything else is done.
    strategy = trainers.strategy(name)
    try:
        with strategy.scope():
            return _resume(settings, folder, config) if folder else _begin(settings)
    except trainers.WorkerLost as error:
        if name != "multi_worker":
            raise
        raise ValueError(
            "Another worker is gone. Start all workers again with --resume and the run "
            f"folder. Received: {str(error).splitlines()[0]}"
        ) from None


def _begin(settings: TrainSettings) -> int:
    training = Training.prepare(settings, dataset.load(settings))
    is_chief = training.gan.devices.is_chief
    folder = RunFolder.make(settings.out, settings.data) if is_chief else RunFolder("")
    try:
        return _train(training, folder)
    except trainers.WorkerLost:
        raise
    except BaseException:
        # A run that has saved no GAN leaves no folder behind.
        if is_chief and not folder.gan.exists():
            shutil.rmtree(folder.path, ignore_errors=True)
        raise


def _resume(settings: TrainSettings, folder: RunFolder, config: Config) -> int:
    data = dataset.load(settings)
    check_same_data(config, data.samples, data.labels)
    # A run that was stopped in its first epoch has saved no GAN.
    gan = load_gan(folder.path) if folder.gan.exists() else None
    training = Training.prepare(settings, data, gan)
    epoch, epochs = training.gan.epoch, training.preset.epochs
    if epoch > epochs:
        raise ValueError(
            f"--epochs must be at least {epoch}, the number of epochs already trained. "
            f"Received: --epochs {epochs}"
        )
    if training.gan.devices.is_chief:
        files.remove_leftovers(folder.path)
    return _train(training, folder)


def _train(training: Training, folder: RunFolder) -> int:
    try:
        return _fit(training, folder)
    except OSError as error:
        raise ValueError(
            f"The run folder can't be written to ({error.strerror or error}); "
            f"finished files are kept. Received: --out {folder}"
        ) from None


def _fit(training: Training, folder: RunFolder) -> int:
    gan = training.gan
    stop = kgan.callbacks.StopOnInterrupt()
    # With several workers, a single worker can't stop after the current batch.
    stops = [] if gan.devices.has_workers else [stop]
    if gan.devices.is_chief:
        _write_start(training, folder)
    start, already = time.monotonic(), gan.epoch
    gan.fit(
        training.batches,
        epochs=training.preset.epochs,
        initial_epoch=already,
        verbose=0,
        callbacks=[*stops, *_callbacks(gan, folder)],
    )
    seconds = time.monotonic() - start
    if gan.devices.is_chief:
        if not gan.devices.export_error("tf_saved_model"):
            gan.export(folder.saved_model, verbose=False)
        report.print_report(gan, folder, gan.epoch - already, seconds, stop.interrupted)
    return 130 if stop.interrupted else 0


def _write_start(training: Training, folder: RunFolder) -> None:
    """Writes the first files of the run, and prints the data and the preset."""
    gan, preset, samples = training.gan, training.preset, training.data.samples
    folder.write_config(training)
    skipped = training.data.report.left_out if training.data.report else {}
    if skipped:
        write_reasons(skipped, folder.skipped)
        print(f"{len(skipped):,} files are left out, see {folder.skipped}.")
    if kgan.data.is_image_shape(gan.sample_shape):
        dataset.save_grid(samples, training.settings.seed, folder.reals)
    print(
        f"Training on {len(samples):,} samples of shape {gan.sample_shape}, preset "
        f"{preset.name!r}, epochs {gan.epoch + 1} to {preset.epochs}.",
        "" if gan.devices.has_workers else "Ctrl-C stops and saves.",
        flush=True,
    )


def _callbacks(gan: kgan.GAN, folder: RunFolder) -> list[keras.callbacks.Callback]:
    callbacks: list[keras.callbacks.Callback] = []
    if gan.devices.is_chief:
        callbacks.append(ProgressBar())
    callbacks.append(kgan.callbacks.HistoryCSV(folder.history))
    if kgan.data.is_image_shape(gan.sample_shape):
        callbacks.append(
            kgan.callbacks.SampleGrid(folder.samples, gif=folder.animation, reals=False)
        )
    # The last callback: when it saves the GAN, the other files of the epoch exist.
    callbacks.append(kgan.callbacks.Checkpoint(folder.gan))
    return callbacks
