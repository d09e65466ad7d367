"""What an earlier version saved loads, and trains on, for ever."""

import json
import pathlib
import zipfile

import keras
import numpy as np
import pytest
from helpers import release

import kgan

FILES = sorted((pathlib.Path(__file__).parent / "releases").glob("*.keras"))
POINTS = np.random.default_rng(0).uniform(-1, 1, (24, 2)).astype("float32")


def test_this_version_has_a_file():
    assert kgan.__version__ in {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_loads_and_goes_on(path):
    with zipfile.ZipFile(path) as file:
        written = json.loads(file.read("metadata.json"))["keras_version"]
    if release(keras.__version__) < release(written):
        pytest.skip(f"Keras {written} wrote it, and an older Keras does not load it")
    gan = keras.models.load_model(path)
    kept = np.load(path.with_suffix(".npz"))
    np.testing.assert_allclose(gan.sample(4, seed=1), kept["samples"], atol=1e-6)
    assert gan.epoch == kept["epoch"]
    assert int(gan.g_optimizer.iterations) == kept["g_iterations"]
    assert int(gan.d_optimizer.iterations) == kept["d_iterations"]
    assert gan.loss == kgan.losses.get("relativistic")
    assert gan.penalties == (
        kgan.penalties.R1(0.1, every=2), kgan.penalties.GradientPenalty(),
    )  # fmt: skip
    gan.fit(POINTS, batch_size=8, epochs=2, initial_epoch=gan.epoch, verbose=0)
    left = 3 - int(kept["batch"])
    assert int(gan.g_optimizer.iterations) == kept["g_iterations"] + left
    assert all(np.isfinite(weight).all() for weight in gan.get_weights())
