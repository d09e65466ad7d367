"""Is a run that is killed at random moments, and resumed, the run that never was killed?

    KERAS_BACKEND=torch python benchmarks/kills.py --kills 17 --seed 0
    python benchmarks/kills.py --model cyclegan

Trains a model with dropout, augmentation, R1 and a moving average. Each trial trains in a
process of its own, which SIGKILL ends at a random moment after its first batch, and
resumes from the last checkpoint. Every second trial is killed again within three batches
of the resume. At the end, all weights, optimizer states and samples are compared bit for
bit with an uninterrupted run.
"""

import argparse
import contextlib
import math
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

EPOCHS, BATCH = 6, 16
SHAPE = (8, 8, 1)
MODELS = ("gan", "translator", "cyclegan")


def network(shape, *inputs, activation=None):
    """Returns a dense network with batch normalisation and dropout.

    Args:
        shape: Shape of the outputs.
        *inputs: Shapes of the inputs.
        activation: Activation of the outputs.
    """
    import kgan

    import keras

    layers = keras.layers
    given = [keras.Input(one) for one in inputs]
    parts = [layers.Flatten()(one) for one in given]
    x = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    x = layers.Dense(32)(x)
    x = layers.ReLU()(kgan.layers.BatchNormalization()(x))
    x = layers.Dense(math.prod(shape), activation)(layers.Dropout(0.4)(x))
    return keras.Model(given, layers.Reshape(shape)(x))


def build(kind):
    """Returns a compiled model of one of the `MODELS`."""
    import kgan

    import keras

    keras.utils.set_random_seed(1)
    if kind == "gan":
        generator = network(SHAPE, (4,), activation="tanh")
        model = kgan.GAN(generator, network((1,), SHAPE), seed=5)
    elif kind == "translator":
        generator = network(SHAPE, SHAPE, activation="tanh")
        model = kgan.Translator(generator, network((1,), SHAPE, SHAPE), seed=5)
    else:
        generators = [network(SHAPE, SHAPE, activation="tanh") for _ in range(2)]
        judges = [network((1,), SHAPE) for _ in range(2)]
        model = kgan.CycleGAN(*generators, *judges, seed=5)
    model.compile(penalties=[kgan.penalties.R1(0.1)], augment="diffaugment")
    return model


def train(folder: pathlib.Path, kind: str, report: int) -> None:
    """Trains from the last checkpoint to the end, and saves the state."""
    import kgan

    import keras
    import numpy as np

    class Report(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            os.write(report, b".")

    path = folder / "gan.keras"
    gan = keras.models.load_model(path) if path.exists() else build(kind)
    images = kgan.data.load("digits")[0][:200]
    data = (images,) if kind == "gan" else (255 - images, images)
    # Any share of the time, so that many kills fall into a save.
    checkpoint = kgan.callbacks.Checkpoint(path, share=0.5)
    gan.fit(
        *data,
        batch_size=BATCH,
        epochs=EPOCHS,
        initial_epoch=gan.epoch,
        verbose=0,
        callbacks=[checkpoint, Report()],
    )
    arrays = [keras.ops.convert_to_numpy(v) for v in gan.variables]
    arrays += [keras.ops.convert_to_numpy(v) for v in gan.optimizer.variables]
    np.savez(folder / "end.npz", *arrays, gan.sample(16, seed=3))


def run(
    folder: pathlib.Path, kind: str, kill_after: tuple[int, float] | None = None
) -> int:
    """Trains in a new process; returns the number of batches that it trained.

    Args:
        folder: Where the run keeps its files.
        kind: One of the `MODELS`.
        kill_after: Batches, and seconds after them, at which the process is killed.
    """
    reader, writer = os.pipe()
    # Before any computation of the framework, so its threads have not begun.
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            train(folder, kind, writer)
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
    parser.add_argument("--model", choices=MODELS, default="gan")
    arguments = parser.parse_args()
    kind = arguments.model

    # Imported once, for all processes. Keras imports TensorFlow while it loads a file.
    import kgan  # noqa: F401

    with contextlib.suppress(ImportError):
        import tensorflow  # noqa: F401

    moments = random.Random(arguments.seed)
    same = 0
    with tempfile.TemporaryDirectory() as name:
        straight = pathlib.Path(name, "straight")
        straight.mkdir()
        total = run(straight, kind)
        for trial in range(arguments.kills):
            folder = pathlib.Path(name, str(trial))
            folder.mkdir()
            moment = moments.randint(1, total - 1), moments.random() / 20
            kills = [run(folder, kind, moment)]
            if trial % 2:
                moment = moments.randint(1, 3), moments.random() / 100
                kills.append(run(folder, kind, moment))
            last = run(folder, kind)
            same += equal(folder, straight)
            print(
                f"{trial:>3}: killed after {' and '.join(map(str, kills))} batches, then "
                f"{last} to the end: {'equal' if equal(folder, straight) else 'DIFFERS'}",
                flush=True,
            )
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    count = f"{same} of {arguments.kills}"
    print(f"{backend}, {kind}: {count} runs equal the run without a kill")
    sys.exit(same != arguments.kills)


if __name__ == "__main__":
    main()
