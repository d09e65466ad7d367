"""`kgan train`."""

import contextlib
import dataclasses
import os
import pathlib
import sys
import time
from collections.abc import Mapping
from typing import Any

import kgan
from kgan import checks, exports, files, trainers
from kgan.callbacks.interval import samples_shown
from kgan.cli import (
    captions,
    dataset,
    dry_run,
    model_card,
    not_finite,
    report,
    source,
    summary,
    watch,
)
from kgan.cli.progress_bar import Progress, progress
from kgan.cli.record import Record
from kgan.cli.run_folder import (
    RunFolder,
    check_same_data,
    check_source,
    load_model,
    threads_changed,
)
from kgan.cli.training import Training
from kgan.data import write_reasons
from kgan.types import Config
from kgan_cli import paths, status
from kgan_cli.output import OutputError
from kgan_cli.settings import TrainSettings
from kgan_cli.status import Status
from kgan_cli.translation import source_name


def run(settings: TrainSettings) -> int:
    """Trains, and returns the exit status."""
    folder = RunFolder(settings.resume) if settings.resume else None
    config = folder.read_config("--resume") if folder else {}
    settings = settings.resumed(config["arguments"]) if folder else settings
    name = settings.strategy or "none"
    settings = dataclasses.replace(settings, strategy=name)
    if folder:
        check_source(config, folder)
        # The options of the run were not known before.
        settings.check()
    watch.check(settings)
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
        if not settings.has_workers:
            raise
        raise ValueError(
            "Another worker is gone. Start all workers again with --resume and the run "
            f"folder. Received: {str(error).splitlines()[0]}"
        ) from None


def _begin(settings: TrainSettings) -> int:
    if settings.out is not None:
        # Before the data is loaded, which may take minutes.
        RunFolder(settings.out).check_unused()
    training = source.begin(settings)
    shown = _progress(settings, training)
    if not training.gan.devices.is_chief:
        return _train(settings, training, RunFolder(""), shown)
    with RunFolder.new(settings.out, source_name(settings.record())) as folder:
        return _train(settings, training, folder, shown)


def _progress(settings: TrainSettings, training: Training) -> Progress:
    is_chief = training.gan.devices.is_chief
    return progress(training.preset.images, settings, is_chief)


def _resume(settings: TrainSettings, folder: RunFolder, config: Config) -> int:
    data = dataset.load_training(settings)
    texts = captions.read(settings, data)
    check_same_data(config, data, texts)
    with contextlib.ExitStack() as stack:
        # Only the chief of several workers locks, and only a GAN knows its worker.
        if not settings.has_workers:
            stack.enter_context(folder.locked())
        # A run that was stopped in its first epoch has saved no GAN.
        gan = load_model(folder.path) if folder.gan.exists() else None
        text = captions.of_run(settings, texts, folder.path)
        training = Training.prepare(settings, data, gan, text)
        if gan is None and settings.start_from:
            training = source.Source.read(settings.start_from).start(training)
        _check_epochs(training)
        shown = _progress(settings, training)
        if training.gan.devices.is_chief:
            if settings.has_workers:
                stack.enter_context(folder.locked())
            files.remove_leftovers(folder.path)
            changed = threads_changed(config)
            if changed and not _is_trained(training):
                shown.say(changed)
        return _train(settings, training, folder, shown)


def _check_epochs(training: Training) -> None:
    epoch, epochs = training.gan.epoch, training.preset.epochs
    if epoch > epochs:
        raise ValueError(
            f"--epochs must be at least {epoch}, the number of epochs already trained. "
            f"Received: --epochs {epochs}"
        )


def _is_trained(training: Training) -> bool:
    return training.gan.epoch == training.preset.epochs


def _finished_sentence(training: Training) -> str:
    shown, epochs = samples_shown(training.gan), training.preset.epochs
    return f"{shown:,} samples shown. --epochs N with N above {epochs} trains longer."


def _finish(training: Training, folder: RunFolder, shown: Progress, sentence: str) -> int:
    """Writes what is missing in a run that is trained, and returns the exit status."""
    shown.say(f"This run is finished: {sentence}")
    for path in _write_end(training, folder, shown):
        shown.say(f"{path} was missing, and is written now.")
    shown.end(folder, lambda: None)
    return Status.DONE


def _train(
    settings: TrainSettings, training: Training, folder: RunFolder, shown: Progress
) -> int:
    try:
        return _fit(settings, training, folder, shown)
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
    except KeyboardInterrupt:
        if not folder.gan.exists():
            raise
        command = f"kgan train --resume {paths.quoted(folder.path)}"
        raise KeyboardInterrupt(
            f"interrupted; `{command}` goes on from the last GAN that was saved"
        ) from None
    except OSError as error:
        if not folder.is_cause(error):
            raise
        kept = "nothing is kept"
        if folder.has_training():
            kept = "finished files are kept, and --resume goes on"
        if folder.gan.exists():
            kept += " from the last GAN that was saved"
        raise ValueError(
            f"The run folder can't be written to ({error.strerror or error}); {kept}. "
            f"Received: {_received(settings, folder, error)}"
        ) from None


def _received(settings: TrainSettings, folder: RunFolder, error: OSError) -> str:
    """Returns the option of the run folder, and the file if the system names it."""
    option = "--resume" if settings.resume else "--out"
    file = f" with {os.fsdecode(error.filename)}" if error.filename else ""
    return f"{option} {folder}{file}"


def _fit(
    settings: TrainSettings, training: Training, folder: RunFolder, shown: Progress
) -> int:
    gan = training.gan
    # A single process saves the trained GAN last. Workers save their GAN earlier, so the
    # callbacks may have more to write.
    if not gan.devices.has_workers and _is_trained(training):
        return _finish(training, folder, shown, _finished_sentence(training))
    watched = watch.prepare(settings, training, folder, shown)
    if watched.has_ended(gan):
        longer = "A larger number for --early-stopping trains longer."
        return _finish(training, folder, shown, f"{watched.reason_to_end()} {longer}")
    stop = _Stop(shown)
    # With several workers, a single worker can't stop after the current batch.
    stops = [] if gan.devices.has_workers else [stop]
    if gan.devices.is_chief:
        _write_start(training, folder, shown)
        _rename_metrics(training, folder, shown)
    start, already = time.monotonic(), gan.epoch
    gan.fit(
        training.batches,
        epochs=training.preset.epochs,
        steps_per_epoch=training.preset.steps_per_epoch,
        initial_epoch=already,
        verbose=0,
        callbacks=[*stops, *watched.callbacks],
    )
    seconds = time.monotonic() - start
    if gan.devices.is_chief:
        if stop.interrupted:
            shown.say("Training is stopped and saved. The last files are being written.")
        if reason := watched.reason_to_end():
            shown.say(f"Training has ended early: {reason}")
        _remove_end(folder)
        _write_end(training, folder, shown)
        epochs = gan.epoch - already
        stopped = stop.interrupted and gan.epoch < training.preset.epochs
        shown.end(
            folder, lambda: summary.print_summary(gan, folder, epochs, seconds, stopped)
        )
    return Status.DONE if stop.signal is None else status.of_signal(stop.signal)


class _Stop(kgan.callbacks.StopOnInterrupt):
    """A `StopOnInterrupt` that shows the signal at once: a step may take seconds."""

    def __init__(self, shown: Progress):
        super().__init__()
        self._shown = shown

    def on_signal(self) -> None:
        self._shown.stop()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Keeps the handlers: the GAN is saved now, and then `fit` puts them back."""


def _remove_end(folder: RunFolder) -> None:
    """Removes the files of the last end of a resumed run.

    After an interruption, the files that are missing are written. A folder in place of
    the report, or a file in place of the SavedModel, is no file of kgan, and stays.
    """
    # First the SavedModel, without which the report is written again.
    if folder.saved_model.is_dir():
        files.remove_at_once(folder.saved_model)
    if not folder.report.is_dir():
        files.remove(folder.report)


def _rename_metrics(training: Training, folder: RunFolder, shown: Progress) -> None:
    """Renames the numbers of the GAN from which the training goes on."""
    if not folder.metrics.is_file():
        return
    count = samples_shown(training.gan)
    earlier = folder.metrics.with_name(f"metrics-{count:09d}.json")
    folder.metrics.replace(earlier)
    shown.say(f"{folder.metrics} is now {earlier.name}: the GAN changes.")


def _write_end(
    training: Training, folder: RunFolder, shown: Progress
) -> list[pathlib.Path]:
    """Writes the files of the end of a run that are missing, and returns their paths."""
    written = []
    if not (folder.saved_model.is_dir() or exports.get("saved_model").export_error):
        _export(training.gan, folder, shown)
        if folder.saved_model.is_dir():
            written.append(folder.saved_model)
    if written or not folder.report.is_file():
        report.write_at_end(training, folder)
        if folder.report.is_file():
            written.append(folder.report)
    return written


def _export(gan: kgan.GAN, folder: RunFolder, shown: Progress) -> None:
    """Writes the SavedModel with its card. Without this copy a training is complete."""
    card = model_card.text(Record.read(str(folder)))
    try:
        gan.export(folder.saved_model, verbose=False)
    except ValueError as error:
        shown.say(f"There is no saved_model/: {error}")
        return
    try:
        model_card.write(card, folder.saved_model, exports.get("saved_model"))
    except OSError:
        # `--resume` then writes both.
        files.remove_at_once(folder.saved_model)
        raise


def _write_start(training: Training, folder: RunFolder, shown: Progress) -> None:
    """Writes the first files of the run, and shows the data and the preset."""
    gan, preset, samples = training.gan, training.preset, training.data.samples
    folder.write_config(training)
    if training.text is not None:
        training.text.write(folder.path)
    skipped = training.data.report.left_out if training.data.report else {}
    if skipped:
        write_reasons(skipped, folder.skipped)
        shown.say(f"{kgan.data.left_out(len(skipped))}, see {folder.skipped}.")
    if kgan.data.is_image_shape(gan.sample_shape):
        dataset.save_grid(samples, training.settings.seed, folder.reals)
    stops = "" if gan.devices.has_workers else " Ctrl-C stops and saves."
    data = f"{len(samples):,} samples of shape {gan.sample_shape}"
    if training.sets is not None:
        data = str(training.sets)
    shown.say(
        f"Training on {data}, preset {preset.name!r}: {preset.images:,} samples to show, "
        f"in {checks.counted(preset.epochs, 'part')}.{stops}"
    )
    for sentence in filter(None, (training.note, preset.expectation)):
        shown.say(sentence)
