"""Is a run that is killed at random moments, and resumed, the run that never was killed?

    KERAS_BACKEND=torch python benchmarks/kills.py --kills 17 --seed 0

Trains a GAN with dropout, augmentation, R1 and a moving average. Each trial trains in a
process of its own, which SIGKILL ends at a random moment after its first batch, and
resumes from the last checkpoint. Every second trial is killed again within three batches
of the resume. At the end, all weights, optimizer states and samples are compared bit for
bit with an uninterrupted run.
"""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

EPOCHS, BATCH = 6, 16


def build():
    import keras

    import kgan

    keras.utils.set_random_seed(1)
    layers = keras.layers
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(32),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dense(64, "tanh"),
            layers.Reshape((8, 8, 1)),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(32, "relu"),
            layers.Dropout(0.4),
            layers.Dense(1),
        ]
    )
    gan = kgan.GAN(generator, discriminator, seed=5)
    gan.compile(penalties=[kgan.penalties.R1(0.1)], augment="diffaugment")
    return gan


def train(folder: pathlib.Path, report: int) -> None:
    """Trains from the last checkpoint to the end, and saves the state."""
    import keras
    import numpy as np

    import kgan

    class Report(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            os.write(report, b".")

    path = folder / "gan.keras"
    gan = keras.models.load_model(path) if path.exists() else build()
    images = kgan.data.load("digits")[0][:200]
    # Any share of the time, so that many kills fall into a save.
    checkpoint = kgan.callbacks.Checkpoint(path, share=0.5)
    gan.fit(
        images,
        batch_size=BATCH,
        epochs=EPOCHS,
        initial_epoch=gan.epoch,
        verbose=0,
        callbacks=[checkpoint, Report()],
    )
    arrays = [keras.ops.convert_to_numpy(v) for v in gan.variables]
    arrays += [keras.ops.convert_to_numpy(v) for v in gan.optimizer.variables]
    np.savez(folder / "end.npz", *arrays, gan.sample(16, seed=3))


def run(folder: pathlib.Path, kill_after: tuple[int, float] | None = None) -> int:
    """Trains in a new process; returns the number of batches that it trained.

    Args:
        folder: Where the run keeps its files.
        kill_after: Batches, and seconds after them, at which the process is killed.
    """
    reader, writer = os.pipe()
    # Before any computation of the framework, so its threads have not begun.
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            train(folder, writer)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    batches = 0
    while os.read(reader, 1):
        batches += 1
        if kill_after is not None and batches >= kill_after[0]:
            time.sleep(kill_after[1])
            os.kill(child, signal.SIGKILL)
            break
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    if kill_after is None and status:
        raise SystemExit(f"A run ended with status {status}.")
    return batches


def equal(one: pathlib.Path, other: pathlib.Path) -> bool:
    import numpy as np

    a, b = np.load(one / "end.npz"), np.load(other / "end.npz")
    return a.files == b.files and all(np.array_equal(a[n], b[n]) for n in a.files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=17, help="number of trials")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    # Imported once, for all processes. Keras imports TensorFlow while it loads a file.
    import kgan  # noqa: F401

    with contextlib.suppress(ImportError):
        import tensorflow  # noqa: F401

    moments = random.Random(arguments.seed)
    same = 0
    with tempfile.TemporaryDirectory() as name:
        straight = pathlib.Path(name, "straight")
        straight.mkdir()
        total = run(straight)
        for trial in range(arguments.kills):
            folder = pathlib.Path(name, str(trial))
            folder.mkdir()
            kills = [run(folder, (moments.randint(1, total - 1), moments.random() / 20))]
            if trial % 2:
                kills.append(run(folder, (moments.randint(1, 3), moments.random() / 100)))
            last = run(folder)
            same += equal(folder, straight)
            print(
                f"{trial:>3}: killed after {' and '.join(map(str, kills))} batches, then "
                f"{last} to the end: {'equal' if equal(folder, straight) else 'DIFFERS'}",
                flush=True,
            )
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    print(f"{backend}: {same} of {arguments.kills} runs equal the run without a kill")
    sys.exit(same != arguments.kills)


if __name__ == "__main__":
    main()
