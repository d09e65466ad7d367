"""`kgan train`."""

import contextlib
import dataclasses
import sys
import time

import keras

import kgan
from kgan import files, trainers
from kgan.cli import dataset, dry_run, not_finite, report
from kgan.cli.progress_bar import progress
from kgan.cli.run_folder import (
    RunFolder,
    check_same_data,
    load_gan,
    threads_changed,
)
from kgan.cli.training import Training
from kgan.data import write_reasons
from kgan.types import Config
from kgan_cli import status
from kgan_cli.output import OutputError
from kgan_cli.settings import TrainSettings
from kgan_cli.status import Status


def run(settings: TrainSettings) -> int:
    """Trains, and returns the exit status."""
    folder = RunFolder(settings.resume) if settings.resume else None
    config = folder.read_config() if folder else {}
    settings = settings.resumed(config["arguments"]) if folder else settings
    name = settings.strategy or "none"
    settings = dataclasses.replace(settings, strategy=name)
    if settings.dry_run:
        return dry_run.run(settings)
    # The workers of a cluster must find each other before anything else is done.
    strategy = trainers.strategy(name)
    try:
        with strategy.scope():
            return _resume(settings, folder, config) if folder else _begin(settings)
    except not_finite.NotFiniteError as error:
        print(f"\nkgan train: {error}", file=sys.stderr)
        return Status.NOT_FINITE
    except trainers.WorkerLost as error:
        if name != "multi_worker":
            raise
        raise ValueError(
            "Another worker is gone. Start all workers again with --resume and the run "
            f"folder. Received: {str(error).splitlines()[0]}"
        ) from None


def _begin(settings: TrainSettings) -> int:
    training = Training.prepare(settings, dataset.load(settings))
    if not training.gan.devices.is_chief:
        return _train(training, RunFolder(""))
    with RunFolder.new(settings.out, settings.data) as folder:
        return _train(training, folder)


def _resume(settings: TrainSettings, folder: RunFolder, config: Config) -> int:
    data = dataset.load(settings)
    check_same_data(config, data.samples, data.labels)
    with contextlib.ExitStack() as stack:
        # Only the chief of several workers locks, and only a GAN knows its worker.
        has_workers = settings.strategy == "multi_worker"
        if not has_workers:
            stack.enter_context(folder.locked())
        # A run that was stopped in its first epoch has saved no GAN.
        gan = load_gan(folder.path) if folder.gan.exists() else None
        training = Training.prepare(settings, data, gan)
        _check_epochs(training)
        if training.gan.devices.is_chief:
            if has_workers:
                stack.enter_context(folder.locked())
            files.remove_leftovers(folder.path)
            if changed := threads_changed(config):
                print(changed)
        return _train(training, folder)


def _check_epochs(training: Training) -> None:
    epoch, epochs = training.gan.epoch, training.preset.epochs
    if epoch > epochs:
        raise ValueError(
            f"--epochs must be at least {epoch}, the number of epochs already trained. "
            f"Received: --epochs {epochs}"
        )


def _train(training: Training, folder: RunFolder) -> int:
    try:
        return _fit(training, folder)
    except not_finite.NotFiniteError as error:
        text = "Training became NaN or infinite."
        if training.gan.devices.is_chief:
            text = not_finite.message(training, folder, error.epoch)
        raise not_finite.NotFiniteError(error.epoch, text) from None
    except OutputError:
        # Nobody follows the run any more. The progress bar is the last callback, so the
        # other files of the epoch exist.
        gan = training.gan
        if gan.epoch and gan.devices.has_state and not gan.devices.has_workers:
            gan.save(folder.gan)
        raise
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
        steps_per_epoch=training.preset.steps_per_epoch,
        initial_epoch=already,
        verbose=0,
        callbacks=[*stops, *_callbacks(training, folder)],
    )
    seconds = time.monotonic() - start
    if gan.devices.is_chief:
        if not gan.devices.export_error("tf_saved_model"):
            gan.export(folder.saved_model, verbose=False)
        report.print_report(gan, folder, gan.epoch - already, seconds, stop.interrupted)
    return Status.DONE if stop.signal is None else status.of_signal(stop.signal)


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
        f"{preset.name!r}: {preset.images:,} samples to show, in {preset.epochs} parts.",
        "" if gan.devices.has_workers else "Ctrl-C stops and saves.",
        flush=True,
    )
    if preset.expectation:
        print(preset.expectation, flush=True)


def _callbacks(training: Training, folder: RunFolder) -> list[keras.callbacks.Callback]:
    gan = training.gan
    callbacks: list[keras.callbacks.Callback] = [
        not_finite.StopAtNotFinite(),
        kgan.callbacks.HistoryCSV(folder.history),
    ]
    if kgan.data.is_image_shape(gan.sample_shape):
        callbacks.append(
            kgan.callbacks.SampleGrid(folder.samples, gif=folder.animation, reals=False)
        )
    # After the others: when it saves the GAN, the other files of the epoch exist.
    callbacks.append(not_finite.StoppingCheckpoint(folder.gan))
    return [
        *callbacks,
        *([progress(training.preset.images)] if gan.devices.is_chief else []),
    ]
