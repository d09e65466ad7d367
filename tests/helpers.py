"""What several test files use."""

import csv
import html.parser
import json

import keras
import numpy as np
import pytest
from PIL import Image

import kgan


class Interrupted(Exception):
    pass


def on_pytorch(*values):
    """Returns one more case of a parametrized test, which PyTorch alone runs."""
    return pytest.param(*values, marks=pytest.mark.slow)


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


# The numbers of samples shown at the grids of `make_run`.
SHOWN = [0, 640, 1280, 1920]


def make_run(folder, seed=0, data="digits", reason="", **arguments):
    """Makes the files of a run by hand."""
    random = np.random.default_rng(seed)
    (folder / "samples").mkdir(parents=True)
    for number in SHOWN:
        pixels = random.integers(0, 256, (20, 20), dtype="uint8")
        Image.fromarray(pixels).save(folder / "samples" / f"samples-{number:09d}.png")
    Image.fromarray(pixels).save(folder / "reals.png")
    (folder / "history.csv").write_text(
        "epoch,images,seconds,d_loss,g_loss,loss,r1,val_fd1k_x\n"
        f"1,640,1.0,{1 + seed},2.0,3.0,1000,\n"
        f"2,1280,2.0,{1.5 + seed},1.0,2.5,0.5,7.5\n"
        f"3,1920,3.0,{1.25 + seed},nan,2.5,0.25,5.5\n"
    )
    samples, _ = kgan.data.load("digits")
    config = {
        "arguments": {"data": data, "preset": "small", "seed": seed, **arguments},
        "preset": {"code": ["gan = kgan.GAN()"], "reasons": [reason]},
        "data": {"shape": [1797, 8, 8, 1], **kgan.data.fingerprints(samples)},
        "parameters": {"generator": 1000, "discriminator": 200},
        "compile": {"loss": {"class_name": "Hinge", "config": {"margin": seed}}},
        "backend": "jax",
        "versions": {"jax": "0.10.2"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


class Page(html.parser.HTMLParser):
    """The elements and the texts of a page. Every element must end where it should."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.open = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "img", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]
