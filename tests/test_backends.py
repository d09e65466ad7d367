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


# LLVM optimizes little, to save time. XLA's own passes are those of users.
XLA_FLAGS = "--xla_backend_optimization_level=1"


def start(backend, task, folder):
    environment = {
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        **os.environ,
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": XLA_FLAGS,
        # What was compiled for training is not compiled again for each loaded file.
        "JAX_COMPILATION_CACHE_DIR": os.environ["JAX_COMPILATION_CACHE_DIR"]
        or str(folder / "compiled"),
    }
    return subprocess.Popen(
        [sys.executable, str(TRAIN), task, str(folder)],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    if len(INSTALLED) == 1:
        pytest.skip("neither jax nor torch is installed")
    folder = tmp_path_factory.mktemp("backends")
    for task in ("train", "load"):
        processes = [start(backend, task, folder) for backend in INSTALLED]
        errors = [process.communicate(timeout=600)[1] for process in processes]
        for process, error in zip(processes, errors, strict=True):
            assert process.returncode == 0, error[-3000:]
    return {path.stem: dict(np.load(path)) for path in folder.glob("*.npz")}


@pytest.mark.parametrize("backend", OTHERS)
def test_trains_what_tensorflow_trains(runs, backend):
    assert len(runs["tensorflow"]) > 120
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
def test_imports_no_tensorflow(runs, backend):
    imported = runs[f"loaded by {backend}"]["imports"]
    assert backend in imported and "tensorflow" not in imported


@pytest.mark.skipif("jax" not in INSTALLED, reason="jax is not installed")
def test_two_jax_devices_train_what_one_does(tmp_path):
    subprocess.run(
        [sys.executable, str(TRAIN.with_name("parallel.py")), str(tmp_path)],
        check=True, timeout=600, stderr=subprocess.PIPE,
    )  # fmt: skip
    one, two = (dict(np.load(tmp_path / f"{kind}.npz")) for kind in ("one", "two"))
    assert len(one) > 60
    for key, wanted in one.items():
        np.testing.assert_allclose(two[key], wanted, atol=1e-6, err_msg=key)
