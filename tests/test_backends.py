"""JAX and PyTorch train what TensorFlow trains: each in a process of its own."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

# It starts the other backends itself.
pytestmark = pytest.mark.backends("tensorflow", reason="compares all with TensorFlow")

TRAIN = pathlib.Path(__file__).parent / "backends" / "train.py"
OTHERS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(name) is None, reason=f"{name} is not installed"
        ),
    )
    for name in ("jax", "torch")
]
INSTALLED = ["tensorflow"] + [
    name for name in ("jax", "torch") if importlib.util.find_spec(name)
]


def run(backend, task, folder):
    subprocess.run(
        [sys.executable, str(TRAIN), task, str(folder)],
        env={**os.environ, "KERAS_BACKEND": backend}, check=True, timeout=600,
        stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    if len(INSTALLED) == 1:
        pytest.skip("neither jax nor torch is installed")
    folder = tmp_path_factory.mktemp("backends")
    for task in ("train", "load"):
        for backend in INSTALLED:
            run(backend, task, folder)
    return {path.stem: dict(np.load(path)) for path in folder.glob("*.npz")}


@pytest.mark.parametrize("backend", OTHERS)
def test_trains_what_tensorflow_trains(runs, backend):
    assert len(runs["tensorflow"]) > 600
    for key, wanted in runs["tensorflow"].items():
        np.testing.assert_allclose(
            runs[backend][key], wanted, rtol=1e-4, atol=1e-5, err_msg=key
        )


@pytest.mark.parametrize("backend", OTHERS)
def test_files_of_all_load_and_train_on(runs, backend):
    loaded = runs[f"loaded by {backend}"]
    for saved_by in INSTALLED:
        np.testing.assert_allclose(
            loaded[saved_by], runs[saved_by]["samples"], atol=1e-5, err_msg=saved_by
        )
        assert loaded[f"{saved_by}:steps"] == 10


@pytest.mark.parametrize("backend", OTHERS)
def test_imports_no_tensorflow(backend):
    code = "import sys, kgan, kgan.cli.main; assert 'tensorflow' not in sys.modules"
    subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": backend}, check=True, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.skipif("jax" not in INSTALLED, reason="jax is not installed")
def test_two_jax_devices_train_what_one_does(tmp_path):
    found = []
    for kind in ("one", "two"):
        script = TRAIN.with_name("parallel.py")
        subprocess.run(
            [sys.executable, str(script), kind, str(tmp_path / kind)],
            check=True, timeout=600, stderr=subprocess.PIPE,
        )  # fmt: skip
        found.append(dict(np.load(tmp_path / f"{kind}.npz")))
    for key, wanted in found[0].items():
        np.testing.assert_allclose(found[1][key], wanted, atol=1e-6, err_msg=key)
