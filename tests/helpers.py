"""What several test files use."""

import csv

import keras
import numpy as np

import kgan


class Interrupted(Exception):
    pass


class Stop(keras.callbacks.Callback):
    """Stops training in mid-epoch, as Ctrl-C does with `StopOnInterrupt`.

    Args:
        epoch: Int, in which.
        batch: Int, after which of its batches.
    """

    def __init__(self, epoch, batch):
        super().__init__()
        self.at = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            self.act()

    def act(self):
        self.model.stop_training = True


class Interrupt(Stop):
    """Raises there, as a crash would."""

    def act(self):
        raise Interrupted


class Spoil(keras.callbacks.Callback):
    """Makes a weight of the generator NaN when an epoch begins, as a divergence does.

    Args:
        epoch: Int, the epoch.
    """

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            spoil(self.model.generator.trainable_variables[0])


def spoil(variable):
    """Makes the first number of a variable NaN."""
    value = keras.ops.convert_to_numpy(variable).copy()
    value.flat[0] = np.nan
    variable.assign(value)


def assert_same_state(a, b):
    """Compares weights, seeds and optimizers of two GANs bit for bit."""
    variables = zip(
        a.variables + a.optimizer.variables,
        b.variables + b.optimizer.variables,
        strict=True,
    )
    for one, other in variables:
        np.testing.assert_array_equal(one.numpy(), other.numpy(), one.path)


# The families of networks with state, noise and penalties of their own.
FAMILIES = ["stylegan2", "fastgan", "biggan", "resnet"]


def family(kind, num_classes=None):
    """Returns a small GAN of a family, with the options of its paper, for 8x8 images."""
    shape, both = (8, 8, 1), {"width": 4, "num_classes": num_classes}
    if kind == "stylegan2":
        both["mapping_layers"] = 2
    attention = {"attention": 8} if kind in ("biggan", "resnet") else {}
    gan = kgan.GAN(
        getattr(kgan.networks, f"{kind}_generator")(shape, 4, **both, **attention),
        getattr(kgan.networks, f"{kind}_discriminator")(shape, **both),
        seed=0,
    )
    penalties = {"penalties": [kgan.penalties.R1(0.1, every=2)]}
    gan.compile(
        **{
            "stylegan2": {
                **penalties,
                "generator_penalties": [kgan.penalties.PathLength(every=2)],
            },
            "fastgan": {"loss": "hinge", "augment": "diffaugment"},
            "biggan": {"loss": "hinge", "d_steps": 2},
            "resnet": {"loss": "hinge", **penalties},
        }[kind]
    )
    return gan


def numpy(x):
    """Returns a tensor or variable of any backend as an array."""
    return keras.ops.convert_to_numpy(x)


def public_classes(module, base):
    """Returns the subclasses of `base` that a module offers, without `base` itself."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    ]


def release(version):
    """Returns the numbers of a version such as `3.12.0`, to compare versions by."""
    return tuple(int(part) for part in version.split(".")[:3])


def assert_same_history(*runs):
    """Asserts that the histories in two folders are equal, but for the seconds."""
    histories = []
    for run in runs:
        with open(run / "history.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        seconds = [float(row.pop("seconds")) for row in rows]
        assert rows and seconds == sorted(seconds)
        histories.append(rows)
    assert histories[0] == histories[1]


def feature_maps(size=(8, 8)):
    """Returns a small network of features, as projected discriminators take it."""
    images = keras.Input((*size, 3))
    options = {"padding": "same", "data_format": "channels_last"}
    x = keras.layers.Conv2D(2, 3, strides=2, **options)(images)
    y = keras.layers.Conv2D(3, 3, strides=2, **options)(x)
    return keras.Model(images, [x, y])
