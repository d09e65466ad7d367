import gc
import os
import signal
from importlib.metadata import version

# Before Keras is imported: quiet, and the same numbers on every machine.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# As kgan does on x86 processors. Here kgan is imported after Keras.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# On JAX most of the time XLA compiles what then runs once. The tests of
# `test_backends.py` have the passes of XLA that users have.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
    # XLA ends the process at flags that it doesn't know, and these releases know both.
    if os.environ.get("KERAS_BACKEND") == "jax" and version("jax").startswith("0.10.")
    else "--xla_backend_optimization_level=0",
)
# Commands would keep what JAX compiles in the folder of the user. `.ci/run` names another
# folder.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", "")

import keras
import pytest
from helpers import release

import kgan

# Begun last, each would keep one process busy while the other has nothing left to do.
LONGEST = [
    "test_backends.py",
    "test_strategies.py",
    "test_processes.py",
    "test_cli.py",
    "test_resume.py",
]


def pytest_addoption(parser):
    parser.addoption(
        "--slow", action="store_true", help="run the slow tests on every backend"
    )


def pytest_configure(config):
    # `nohup` lets all that it starts ignore this signal, which tests send.
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Nor need graphs that run a few times be optimized. Processes of their own, as
        # those of the command line and of strategies, do it.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    # pytest-xdist would begin with the files of many tests.
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(config, items):
    backend = keras.backend.backend()
    # TensorFlow needs several times as long as PyTorch to train a few steps.
    skips_slow = backend != "torch" and not config.getoption("--slow")
    slow = pytest.mark.skip(reason="slow: PyTorch runs this test, or --slow")
    order = {name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
    for item in items:
        backends = list(item.iter_markers("backends"))
        on_torch = all("torch" in mark.args for mark in backends)
        if skips_slow and on_torch and item.get_closest_marker("slow"):
            item.add_marker(slow)
        for mark in backends:
            if backend not in mark.args:
                item.add_marker(pytest.mark.skip(reason=mark.kwargs["reason"]))
        for mark in item.iter_markers("since_keras"):
            if release(keras.__version__) < release(mark.args[0]):
                reason = f"Keras {mark.args[0]} is the first that {mark.kwargs['reason']}"
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish():
    # Collecting garbage went through all that the frameworks keep forever, and took two
    # thirds of the time of these tests.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.clear_session(free_memory=False)
    if keras.backend.backend() == "tensorflow":
        free_graphs()
    keras.utils.set_random_seed(0)


def free_graphs():
    """Lets TensorFlow free the graphs of the trainings before.

    In a graph, each optimizer registers the gradient of a sum over devices by a name of
    its own. TensorFlow never removes the registration, which refers to the whole graph:
    60 MB for a training of a small GAN, more than 20 GB for all tests.
    """
    from tensorflow.python.framework import ops

    registered = ops.gradient_registry._registry
    for name in [name for name in registered if name.startswith("CustomGradient-")]:
        del registered[name]


@pytest.fixture
def channels_first():
    """Sets the other image format as the default of Keras."""
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.fixture
def policy():
    """Sets the dtype policy, for one test."""
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="session")
def digits():
    return kgan.data.load("digits")[0]


@pytest.fixture
def tiny():
    """Builds an uncompiled GAN of two small dense networks on points."""

    def build(outputs=1, **arguments):
        generator = kgan.networks.mlp_generator((2,), 3, hidden=(5,), activation=None)
        discriminator = kgan.networks.mlp_discriminator((2,), (5,), outputs=outputs)
        return kgan.GAN(generator, discriminator, **{"seed": 1, **arguments})

    return build
