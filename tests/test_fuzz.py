"""Nonsense for each argument of each public callable is refused, and named.

One argument at a time gets a value that no reader would expect there. The callable must
refuse the value in a `ValueError` or a `TypeError` that names the argument, or the value
must be in `ALLOWED`. Nothing may hang.
"""

import inspect
import signal

import hypothesis
import keras
import numpy as np
import pytest
from helpers import feature_maps
from hypothesis import strategies

import kgan

pytestmark = pytest.mark.slow

NAN, INF = float("nan"), float("inf")
# Values that no argument takes, beside the arguments in `ALLOWED`.
NONSENSE = [
    NAN,
    INF,
    -INF,
    1e300,
    10**39,
    10**400,
    object(),
    {"a": 1},
    {1, 2},
    b"x",
    1j,
    [None],
    [NAN],
    (1, -1),
    "no such name/",
    np.float32(NAN),
    np.array([1.0, 2.0]),
    np.zeros((2, 3, 4, 5)),
    int,
]
WRONG = strategies.one_of(
    strategies.sampled_from(NONSENSE),
    strategies.integers(min_value=10**39),
    strategies.floats(max_value=-1e39),
    strategies.dictionaries(strategies.integers(), strategies.none(), min_size=1),
    strategies.binary(),
    strategies.complex_numbers(),
)
NETWORKS = {"width": 4, "latent_dim": 3, "blocks": 1, "depth": 1, "hidden": (3,)}
NETWORKS |= {"mapping_layers": 1, "features": feature_maps()}
LAYERS = {
    "Reconstruction": {"layer": keras.layers.Dense(2)},
    "ConditionalBatchNormalization": {"num_classes": 2},
    "EqualizedConv2D": {"filters": 2, "kernel_size": 3},
    "EqualizedDense": {"units": 2},
    "EqualizedEmbedding": {"num_classes": 2, "units": 2},
    "Frozen": {"layer": keras.layers.Dense(2)},
    "GenerativeBasis": {"size": (2, 2)},
    "LabelEmbedding": {"num_classes": 2, "dim": 2},
    "LearnedConstant": {"shape": (2, 2, 2)},
    "ModulatedConv2D": {"filters": 2, "kernel_size": 3},
    "UpSamplingConv2D": {"filters": 2},
    "ProjectionLogit": {"num_classes": 2},
    "SpectralNormalization": {"layer": keras.layers.Dense(2)},
    "StyleMixing": {"count": 2},
    "normalized": {"layer": keras.layers.Dense(2), "normalization": "batch"},
}
# Arguments of Keras that each layer has.
OF_LAYERS = {"name": None, "dtype": None, "trainable": True}
OF_NORMALIZATIONS = {"epsilon": 1e-3, "center": True, "scale": True, "axis": -1}
OF_NORMALIZATIONS |= {"beta_initializer": "zeros", "gamma_constraint": None}
# Activations, regularizers and initializers may be functions, and dtypes may be types.
FUNCTIONS = ("activation", "_initializer", "_constraint", "_regularizer")


def shape_of(name):
    return {"wavegan": (20, 1), "mlp": (2,)}.get(name.split("_")[0], (8, 8, 1))


def builders():
    features = kgan.networks.feature_network
    yield "networks.feature_network", features, {"weights": None}
    for name in kgan.networks.__all__:
        build = getattr(kgan.networks, name)
        if build is features:
            continue
        if name == "stacked_generator":
            stages = {"first": kgan.networks.mlp_generator((2,), 3)}
            stages["second"] = keras.Sequential([keras.Input((2,))])
            yield f"networks.{name}", build, stages
            continue
        known = inspect.signature(build).parameters
        given = {k: v for k, v in NETWORKS.items() if k in known}
        yield f"networks.{name}", build, {next(iter(known)): shape_of(name), **given}


def layers():
    for name in kgan.layers.__all__:
        layer = getattr(kgan.layers, name)
        given = LAYERS.get(name, {})
        if inspect.isclass(layer):
            given = {**OF_LAYERS, **given}
        if inspect.isclass(layer) and layer.__module__.endswith("layers.normalization"):
            given = {**OF_NORMALIZATIONS, **given}
        yield f"layers.{name}", layer, given


def options():
    needed = {
        "TopK": {"loss": "hinge"},
        "KerasLoss": {"loss": "mse"},
        "Compose": {"augmentations": [kgan.augment.Flip()]},
        "Linear": {"start": 1.0, "end": 0.0, "images": 9},
        "Cosine": {"start": 1.0, "end": 0.0, "images": 9},
        "Schedule": {"start": 1.0, "end": 0.0, "images": 9},
    }
    rooms = (kgan.noise, kgan.losses, kgan.penalties, kgan.augment)
    for room in (*rooms, kgan.schedules, kgan.constraints, kgan.regularizers):
        for name, option in vars(room).items():
            public = inspect.isclass(option) and not name.startswith("_")
            if public and option.__module__.startswith(room.__name__):
                yield f"{room.__name__}.{name}", option, needed.get(name, {})
    for room, name in zip(rooms, ("normal", "hinge", "r1", "flip"), strict=True):
        yield f"{room.__name__}.get", room.get, {"identifier": name}


def callbacks():
    callbacks = kgan.callbacks
    yield "callbacks.Checkpoint", callbacks.Checkpoint, {"path": "a.keras"}
    yield "callbacks.HistoryCSV", callbacks.HistoryCSV, {"path": "a.csv"}
    yield "callbacks.SampleGrid", callbacks.SampleGrid, {"directory": "samples"}
    yield "callbacks.Health", callbacks.Health, {}
    yield "callbacks.TensorBoard", callbacks.TensorBoard, {"log_dir": "logs"}
    extractor = kgan.metrics.Function(lambda x: x.reshape(len(x), -1), "pixels")
    images = {"reals": np.zeros((9, 8, 8, 1), "uint8"), "extractor": extractor}
    yield "callbacks.Evaluate", callbacks.Evaluate, images
    yield "metrics.Function", kgan.metrics.Function, {"function": len, "name": "n"}
    yield "metrics.untrained", kgan.metrics.untrained, {"image_shape": (8, 8, 1)}
    suggest = kgan.penalties.R1.suggest
    yield "R1.suggest", suggest, {"image_shape": (8, 8, 1), "batch_size": 4}
    data = {"image_shape": (8, 8, 1), "num_images": 100}
    yield "presets.suggest", kgan.presets.suggest, data
    yield "presets.get", kgan.presets.get, {"name": kgan.presets.names()[0], **data}


TARGETS = {
    name: (function, given)
    for group in (builders, layers, options, callbacks)
    for name, function, given in group()
}


def arguments(function, given):
    variable = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL
    known = inspect.signature(function).parameters.values()
    names = [p.name for p in known if p.kind not in variable and p.name != "self"]
    return sorted({*names, *given})


def faults(function, given, values, called=None):
    """Yields each argument and value that is accepted, or refused in another way."""
    for argument in arguments(function, given):
        name = called or argument
        for value in values:
            try:
                function(**{**given, argument: value})
            except (ValueError, TypeError) as error:
                text = str(error)
                if f"`{name}`" not in text and "Received: " not in text:
                    yield argument, value, text
            except Exception as error:
                yield argument, value, repr(error)
            else:
                if not allowed(argument, value):
                    yield argument, value, "accepted"


@pytest.fixture(autouse=True)
def no_hang(tmp_path, monkeypatch):
    """Ends a test after a minute, far above the time that it takes."""

    def late(*_):
        raise TimeoutError("an argument makes a public function hang")

    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def allowed(argument, value):
    """Whether an argument takes the value, although no other argument does."""
    if argument.endswith(FUNCTIONS) or argument == "dtype":
        # Keras calls functions and classes, and reads arrays as constants.
        return callable(value) or isinstance(value, np.ndarray | np.generic)
    if argument == "conditions":
        # Only the model knows their shapes.
        return isinstance(value, np.ndarray)
    if argument == "function":
        return callable(value)
    if argument in ("path", "directory", "gif", "log_dir", "cache", "filepath"):
        return isinstance(value, str)
    # `LayerNormalization` has several axes, counted from the end.
    return argument == "axis" and isinstance(value, tuple)


# The names that `get` and others of kgan give to the argument `identifier`.
NAMES = {
    "kgan.noise.get": "noise",
    "kgan.losses.get": "loss",
    "kgan.penalties.get": "penalties",
    "kgan.augment.get": "augment",
}


@pytest.mark.parametrize("name", TARGETS)
@hypothesis.settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=3,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)
@hypothesis.given(random=WRONG)
def test_nonsense_is_refused(name, random):
    function, given = TARGETS[name]
    called = NAMES.get(name)
    assert list(faults(function, given, [*NONSENSE, random], called)) == []


@pytest.fixture(scope="module")
def gan():
    gan = kgan.GAN(
        kgan.networks.mlp_generator((2,), 3, (3,), activation=None),
        kgan.networks.mlp_discriminator((2,), (3,)),
        seed=0,
    )
    gan.compile()
    return gan


POINTS = np.zeros((8, 2), "float32")
GIVEN = {
    "fit": {"x": POINTS, "verbose": 0, "validation_data": POINTS},
    "evaluate": {"x": POINTS, "verbose": 0, "steps": 1, "return_dict": True},
    "save": {"filepath": "a.keras"},
}


@pytest.mark.parametrize("method", ["compile", "fit", "evaluate", "sample", "save"])
def test_nonsense_is_refused_by_a_method(gan, method):
    function, given = getattr(gan, method), GIVEN.get(method, {})
    found = faults(function, given, NONSENSE)
    # An unconditional GAN ignores labels.
    assert [fault for fault in found if fault[0] != "y"] == []


def test_nonsense_is_refused_by_the_gan(gan):
    given = {"generator": gan.generator, "discriminator": gan.discriminator}
    assert list(faults(kgan.GAN, given, NONSENSE)) == []
