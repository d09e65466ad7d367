"""How `kgan train` is watched: callbacks that draw, save, evaluate, show and stop."""

import dataclasses

import keras

import kgan
from kgan.callbacks.tensorboard import check_installed
from kgan.cli import captions, measures, not_finite, trackers
from kgan.cli.best import EarlyStopping, KeepBest, evaluations
from kgan.cli.problems import Problems
from kgan.cli.progress_bar import Progress
from kgan.cli.run_folder import RunFolder
from kgan.cli.training import Training
from kgan_cli.settings import TrainSettings


def check(settings: TrainSettings) -> None:
    """Checks the options for the watching of a training, before any work.

    Raises:
        ValueError: If two options exclude each other, or an option needs another one.
        ImportError: If TensorBoard, or the package of a tracker, is missing.
    """
    if settings.quiet and settings.json:
        raise ValueError("Give --quiet or --json, not both. Received: --quiet, --json")
    if settings.tensorboard:
        check_installed()
    trackers.load(settings.track)
    if settings.metrics is not None:
        measures.check(settings, settings.metrics)
        if settings.has_workers:
            raise ValueError(
                "--metrics evaluates on one machine: leave it out, and run `kgan "
                f"evaluate` after the training. Received: --metrics {settings.metrics}, "
                f"--strategy {settings.strategy}"
            )
        return
    for name in ("evaluate_every", "early_stopping"):
        if value := getattr(settings, name):
            option = f"--{name.replace('_', '-')}"
            raise ValueError(
                f"{option} needs --metrics, for example --metrics fd10k. Received: "
                f"{option} {value} without --metrics"
            )


@dataclasses.dataclass(frozen=True)
class Watch:
    """The callbacks of a run.

    Args:
        callbacks: All callbacks, in their order.
        early_stopping: The callback among them that may end training early, or None.
    """

    callbacks: list[keras.callbacks.Callback]
    early_stopping: EarlyStopping | None = None

    def has_ended(self, gan: kgan.GAN) -> bool:
        """Whether a run that is resumed has ended early before."""
        if self.early_stopping is None:
            return False
        self.early_stopping.set_model(gan)
        return self.early_stopping.has_ended()

    def reason_to_end(self) -> str:
        """Returns why training has ended early, before or now; empty if it has not."""
        stopping = self.early_stopping
        return stopping.sentence() if stopping and stopping.stopped_epoch else ""


def prepare(
    settings: TrainSettings, training: Training, folder: RunFolder, progress: Progress
) -> Watch:
    """Returns the callbacks of a run.

    Args:
        settings: The settings of the command.
        training: The training.
        folder: Its run folder.
        progress: The callback that shows the progress.
    """
    gan, stopping = training.gan, None
    history = kgan.callbacks.HistoryCSV(folder.history)
    evaluate = _evaluate(settings, training, progress)
    key = evaluate.monitor["monitor"] if evaluate else ""
    earlier = evaluations(history, gan.epoch, key) if evaluate else []
    best = KeepBest(folder.best, evaluate, earlier) if evaluate else None
    if evaluate and settings.early_stopping:
        stopping = EarlyStopping(settings.early_stopping, evaluate, earlier)
    has_logs = settings.tensorboard and gan.devices.is_chief
    logs = kgan.callbacks.TensorBoard(folder.logs) if has_logs else None
    callbacks = [
        not_finite.StopAtNotFinite(),
        # Both add to the logs, which the next callbacks write.
        evaluate,
        Problems(folder.health, progress.say),
        history,
        logs,
        *_grids(settings, training, folder),
        *_tracks(settings, gan, folder, progress),
        best,
        stopping,
        # After the others: when it saves the GAN, the other files of the epoch exist.
        not_finite.StoppingCheckpoint(folder.gan, every=settings.save_every),
        progress,
    ]
    return Watch([one for one in callbacks if one is not None], stopping)


def _grids(
    settings: TrainSettings, training: Training, folder: RunFolder
) -> list[keras.callbacks.Callback]:
    if not kgan.data.is_image_shape(training.gan.sample_shape):
        return []
    text = training.text
    rows = None if text is None else text.rows
    grids = kgan.callbacks.SampleGrid(
        folder.samples,
        gif=folder.animation,
        reals=False,
        every=settings.grid_every,
        conditions=None if rows is None else rows.vectors,
        captions=None if rows is None else rows.flat,
    )
    if rows is None:
        return [grids]
    return [grids, captions.RowCaptions(folder.samples / "captions.txt", rows.flat)]


def _tracks(
    settings: TrainSettings, gan: kgan.GAN, folder: RunFolder, progress: Progress
) -> list[trackers.Track]:
    if not gan.devices.is_chief:
        return []
    found = trackers.load(settings.track)
    return [trackers.Track(tracker, folder, progress.say) for tracker in found]


def _evaluate(
    settings: TrainSettings, training: Training, progress: Progress
) -> kgan.callbacks.Evaluate | None:
    if settings.metrics is None:
        return None
    reals = training.data
    kgan.metrics.check_images(reals.samples)
    progress.say("Preparing the metrics.")
    return kgan.callbacks.Evaluate(
        reals.samples,
        measures.names(settings.metrics),
        measures.extractor(settings, reals),
        # With 1, each part but a part in which training is stopped.
        every=settings.evaluate_every or 1,
        seed=training.settings.seed,
        cache=settings.features,
        conditions=None if training.text is None else training.text.vectors,
    )
