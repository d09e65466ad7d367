"""`kgan train`."""

import argparse
import pathlib
import shutil
import time
from typing import Any

import numpy as np

import kgan
from kgan import files, trainers
from kgan.cli import options, recipe, report, run_folder
from kgan.cli.progress import Progress
from kgan.files import atomic_path


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "train",
        help="train a GAN and save it",
        description="Trains a GAN, on handwritten digits unless told otherwise, and "
        "leaves a run folder with samples, history and the saved model.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
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
    samples, labels = kgan.data.load(arguments.data)
    if arguments.epochs is None:
        arguments.epochs = recipe.epochs(len(samples))
    gan, batches = _built(arguments, samples, labels)
    name = "".join(c if c.isalnum() else "-" for c in pathlib.Path(arguments.data).stem)
    folder = run_folder.make(arguments.out, name) if gan.is_chief else pathlib.Path()
    try:
        return _train(gan, batches, arguments, folder)
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
    samples, labels = kgan.data.load(arguments.data)
    run_folder.check_same_data(config, samples, labels)
    gan, batches = _built(arguments, samples, labels)
    if (folder / "gan.keras").exists():
        gan = run_folder.load_gan(folder)
    if gan.epoch > arguments.epochs:
        raise ValueError(
            f"--epochs must be at least the {gan.epoch} that are trained. "
            f"Received: --epochs {arguments.epochs}"
        )
    if gan.is_chief:
        files.remove_leftovers(folder)
    return _train(gan, batches, arguments, folder)


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


def _built(
    arguments: argparse.Namespace, samples: np.ndarray, labels: np.ndarray | None
) -> tuple[kgan.GAN, kgan.data.Batches]:
    labels = _labels(arguments, labels)
    if arguments.batch_size > len(samples):
        raise ValueError(
            f"--batch-size must be at most the number of samples, {len(samples)}. "
            f"Received: --batch-size {arguments.batch_size}"
        )
    gan = recipe.build(
        samples.shape[1:],
        arguments.latent_dim,
        arguments.loss,
        arguments.seed,
        d_steps=arguments.d_steps,
        g_steps=arguments.g_steps,
        noise_batch_size=arguments.noise_batch_size,
        precision=arguments.precision,
        augment=arguments.augment,
        num_classes=None if labels is None else int(labels.max()) + 1,
    )
    gan.check_data(samples, arguments.batch_size, labels)
    batches = kgan.data.Batches(
        samples,
        arguments.batch_size,
        labels=labels,
        seed=arguments.seed,
        drop_remainder=True,
    )
    return gan, batches


def _labels(
    arguments: argparse.Namespace, labels: np.ndarray | None
) -> np.ndarray | None:
    if not arguments.conditional:
        return None
    if labels is None:
        raise ValueError(
            "--conditional trains on labels, which the data does not have. "
            f"Received: --data {arguments.data}"
        )
    return labels


def _train(
    gan: kgan.GAN,
    batches: kgan.data.Batches,
    arguments: argparse.Namespace,
    folder: pathlib.Path,
) -> int:
    try:
        return _fit(gan, batches, arguments, folder)
    except OSError as error:
        raise ValueError(
            f"The run folder can't be written to ({error.strerror or error}); what was "
            f"finished is there. Received: --out {folder}"
        ) from None


def _fit(
    gan: kgan.GAN,
    batches: kgan.data.Batches,
    arguments: argparse.Namespace,
    folder: pathlib.Path,
) -> int:
    stop = kgan.callbacks.StopOnInterrupt()
    # One worker can't stop by itself after the batch at hand.
    stops = [] if gan.has_workers else [stop]
    if gan.is_chief:
        _prepare(gan, batches, arguments, folder)
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
    gan: kgan.GAN,
    batches: kgan.data.Batches,
    arguments: argparse.Namespace,
    folder: pathlib.Path,
) -> None:
    hidden = ("run", "command", "resume", "defaults")
    given = {k: v for k, v in vars(arguments).items() if k not in hidden}
    if given["data"] != "digits":
        given["data"] = str(pathlib.Path(given["data"]).resolve())
    samples = batches.x
    run_folder.write_config(folder, given, samples, batches.labels, gan)
    if kgan.data.is_image_shape(gan.sample_shape):
        _save_reals(samples, arguments.seed, folder)
    print(
        f"Training on {len(samples):,} samples of shape {gan.sample_shape}, epochs "
        f"{gan.epoch + 1} to {arguments.epochs}.",
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


def _save_reals(samples: np.ndarray, seed: int, folder: pathlib.Path) -> None:
    chosen = np.random.default_rng(seed).permutation(len(samples))[:64]
    with atomic_path(folder / "reals.png") as path:
        kgan.data.grid(samples[chosen], 8, 8).save(path, format="PNG")
