"""`kgan train`."""

import argparse
import os
import pathlib
import shutil
import time
from typing import Any, NamedTuple

import numpy as np

import kgan
from kgan import files, trainers
from kgan.cli import options, pictures, recipe, report, run_folder
from kgan.cli.progress import Progress
from kgan.data import LoadedData, write_reasons
from kgan.files import PathLike, atomic_path


class Training(NamedTuple):
    """What is trained, on what, and by which preset."""

    gan: kgan.GAN
    batches: kgan.data.Batches
    preset: kgan.presets.Preset
    loaded: LoadedData


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "train",
        help="train a GAN and save it",
        description="Trains a GAN, on handwritten digits unless told otherwise, and "
        "leaves a run folder with samples, history and the saved model.",
    )
    options.add_to(parser)
    defaults = {action.dest: action.default for action in parser._actions}
    parser.set_defaults(run=run, defaults=defaults)


def run(arguments: argparse.Namespace) -> int:
    """Trains, and returns the exit status."""
    config = run_folder.read_config(arguments.resume) if arguments.resume else None
    if arguments.strategy is None:
        arguments.strategy = config["arguments"]["strategy"] if config else "none"
    # Several workers find each other before anything else is done.
    strategy = trainers.strategy(arguments.strategy)
    try:
        with strategy.scope():
            return _resume(arguments, config) if config else _begin(arguments)
    except trainers.WorkerLost as error:
        if arguments.strategy != "multi_worker":
            raise
        raise ValueError(
            "Another worker is gone. Start all of them again with --resume and the run "
            f"folder. Received: {str(error).splitlines()[0]}"
        ) from None


def _begin(arguments: argparse.Namespace) -> int:
    loaded = pictures.load(arguments)
    training = built(arguments, loaded)
    gan = training.gan
    name = "".join(c if c.isalnum() else "-" for c in pathlib.Path(arguments.data).stem)
    folder = run_folder.make(arguments.out, name) if gan.is_chief else pathlib.Path()
    try:
        return _train(training, arguments, folder)
    except trainers.WorkerLost:
        raise
    except BaseException:
        # Nothing was trained: leave nothing behind.
        if gan.is_chief and not (folder / "gan.keras").exists():
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _resume(arguments: argparse.Namespace, config: dict[str, Any]) -> int:
    folder = pathlib.Path(arguments.resume)
    _refuse_others(arguments)
    wanted = {key: getattr(arguments, key) for key in ("resume", "strategy", "epochs")}
    vars(arguments).update(config["arguments"])
    vars(arguments).update({key: value for key, value in wanted.items() if value})
    loaded = pictures.load(arguments)
    run_folder.check_same_data(config, loaded.samples, loaded.labels)
    training = built(arguments, loaded)
    if (folder / "gan.keras").exists():
        training = training._replace(gan=run_folder.load_gan(folder))
    gan = training.gan
    if gan.epoch > arguments.epochs:
        raise ValueError(
            f"--epochs must be at least the {gan.epoch} that are trained. "
            f"Received: --epochs {arguments.epochs}"
        )
    if gan.is_chief:
        files.remove_leftovers(folder)
    return _train(training, arguments, folder)


def _refuse_others(arguments: argparse.Namespace) -> None:
    others = {
        key: value
        for key, value in vars(arguments).items()
        if key not in ("command", "run", "resume", "epochs", "strategy", "defaults")
        and value != arguments.defaults[key]
    }
    if others:
        raise ValueError(
            "--resume goes on with the options of the run; only --epochs and --strategy "
            f"can be given anew. Received: {others}"
        )


def built(arguments: argparse.Namespace, loaded: LoadedData) -> Training:
    """Returns what a command trains, checked against the data.

    What the command leaves open, and data and preset settle, is filled into `arguments`.
    """
    samples, labels = loaded.samples, _labels(arguments, loaded.labels)
    pictures.settle(arguments, loaded)
    if (arguments.batch_size or 0) > len(samples):
        raise ValueError(
            f"--batch-size must be at most the number of samples, {len(samples)}. "
            f"Received: --batch-size {arguments.batch_size}"
        )
    num_classes = None if labels is None else int(labels.max()) + 1
    preset = recipe.preset(arguments, samples.shape[1:], len(samples), num_classes)
    # What was left open is settled, for the run's record and to resume it anywhere.
    arguments.preset, arguments.compute = preset.name, preset.compute
    arguments.epochs, arguments.batch_size = preset.epochs, preset.batch_size
    arguments.latent_dim = preset.generator.arguments["latent_dim"]
    gan = recipe.build(preset, arguments.seed, arguments.precision)
    gan.check_data(samples, arguments.batch_size, labels)
    batches = kgan.data.Batches(
        samples,
        arguments.batch_size,
        labels=labels,
        seed=arguments.seed,
        drop_remainder=True,
    )
    return Training(gan, batches, preset, loaded)


def _labels(
    arguments: argparse.Namespace, labels: np.ndarray | None
) -> np.ndarray | None:
    """Returns the labels that a command trains on, or None.

    Raises:
        ValueError: If it asks for some that the data does not have.
    """
    if not arguments.conditional:
        return None
    if labels is None:
        raise ValueError(
            "--conditional trains on labels, which the data does not have. "
            f"Received: --data {arguments.data}"
        )
    classes = len(np.unique(labels))
    # Each int up to the largest label gets parameters, whether or not it is one.
    if labels.min() < 0 or labels.max() >= max(1000, 10 * classes):
        raise ValueError(
            "--conditional makes a class of each int up to the largest label: number "
            f"them 0, 1, ... Received: --data {arguments.data} with {classes} labels "
            f"from {labels.min()} to {labels.max()}"
        )
    return labels


def _train(
    training: Training, arguments: argparse.Namespace, folder: pathlib.Path
) -> int:
    try:
        return _fit(training, arguments, folder)
    except OSError as error:
        raise ValueError(
            f"The run folder can't be written to ({error.strerror or error}); what was "
            f"finished is there. Received: --out {folder}"
        ) from None


def _fit(training: Training, arguments: argparse.Namespace, folder: pathlib.Path) -> int:
    gan, batches = training.gan, training.batches
    stop = kgan.callbacks.StopOnInterrupt()
    # One worker can't stop by itself after the batch at hand.
    stops = [] if gan.has_workers else [stop]
    if gan.is_chief:
        _prepare(training, arguments, folder)
    start, already = time.monotonic(), gan.epoch
    gan.fit(
        batches,
        epochs=arguments.epochs,
        initial_epoch=gan.epoch,
        verbose=0,
        callbacks=[*stops, *_callbacks(gan, folder)],
    )
    seconds = time.monotonic() - start
    if gan.is_chief:
        if not gan.why_no_export("tf_saved_model"):
            gan.export(folder / "saved_model", verbose=False)
        report.say(gan, folder, gan.epoch - already, seconds, stop.interrupted)
    return 130 if stop.interrupted else 0


def _prepare(
    training: Training, arguments: argparse.Namespace, folder: pathlib.Path
) -> None:
    gan, batches, preset, loaded = training
    hidden = ("run", "command", "resume", "defaults")
    given = {k: v for k, v in vars(arguments).items() if k not in hidden}
    for key in ("data", "cache"):
        if given[key] is not None and os.path.exists(given[key]):
            given[key] = os.path.abspath(given[key])
    samples = batches.x
    run_folder.write_config(folder, given, samples, batches.labels, gan, preset)
    skipped = loaded.report.left_out if loaded.report else {}
    if skipped:
        write_reasons(skipped, folder / "skipped.txt")
        print(f"{len(skipped):,} files are left out, see {folder / 'skipped.txt'}.")
    if kgan.data.is_image_shape(gan.sample_shape):
        save_grid(samples, arguments.seed, folder / "reals.png")
    print(
        f"Training on {len(samples):,} samples of shape {gan.sample_shape} by the preset "
        f"{preset.name!r}, epochs {gan.epoch + 1} to {arguments.epochs}.",
        "" if gan.has_workers else "Ctrl-C stops and saves.",
        flush=True,
    )


def _callbacks(gan: kgan.GAN, folder: pathlib.Path) -> list:
    # The checkpoint comes last: what belongs to the epochs before it is there.
    callbacks = [
        *([Progress()] if gan.is_chief else []),
        kgan.callbacks.HistoryCSV(folder / "history.csv"),
        kgan.callbacks.Checkpoint(folder / "gan.keras"),
    ]
    if kgan.data.is_image_shape(gan.sample_shape):
        grid = kgan.callbacks.SampleGrid(
            folder / "samples", gif=folder / "samples.gif", reals=False
        )
        callbacks.insert(-1, grid)
    return callbacks


def save_grid(samples: Any, seed: int, path: PathLike) -> None:
    """Saves a grid of some samples, as the networks will see them."""
    chosen = np.random.default_rng(seed).permutation(len(samples))[:64]
    with atomic_path(path) as temporary:
        kgan.data.grid(samples[chosen], 8, 8).save(temporary, format="PNG")
