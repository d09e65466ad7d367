"""Arrays and GANs leave memory when nothing of the user refers to them."""

import gc
import logging
import subprocess
import sys
import weakref

import keras
import numpy as np
import pytest

import kgan


class Array(np.ndarray):
    """An array that can be referred to weakly, and stays of this class."""


def array():
    return np.zeros((16, 2), "float32").view(Array)


def alive(references):
    gc.collect()
    gc.collect()
    return sum(reference() is not None for reference in references)


@pytest.mark.parametrize("use", ["fit", "evaluate", "validation", "check"])
def test_an_array_is_freed_after_use(tiny, use):
    gan = tiny()
    gan.compile()
    references = []
    for _ in range(3):
        x = array()
        references.append(weakref.ref(x))
        if use == "validation":
            gan.fit(np.zeros((16, 2)), validation_data=x, verbose=0)
        elif use == "check":
            gan.check_data(x)
        else:
            getattr(gan, use)(x, verbose=0)
        del x
    # The examples of the data that callbacks show are copies.
    assert alive(references) == 0


class Data(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return (np.zeros((16, 2), "float32"),)


def test_a_gan_is_freed_with_its_callbacks(tiny, tmp_path):
    def used():
        gan = tiny()
        gan.compile()
        callbacks = [
            kgan.callbacks.Checkpoint(tmp_path / "gan.keras"),
            kgan.callbacks.HistoryCSV(tmp_path / "history.csv"),
            kgan.callbacks.Health(),
            kgan.callbacks.StopOnInterrupt(),
        ]
        gan.fit(array(), validation_data=array(), verbose=0, callbacks=callbacks)
        gan.fit(Data(), verbose=0)
        gan.evaluate(array(), verbose=0)
        gan.sample(4)
        loaded = keras.models.load_model(tmp_path / "gan.keras")
        loaded.fit(array(), verbose=0)
        return [weakref.ref(gan), weakref.ref(loaded), weakref.ref(gan.generator)]

    assert alive(used()) == 0


@pytest.mark.backends("tensorflow", reason="other frameworks keep no such graph")
def test_the_graph_of_a_step_is_freed(tiny):
    import tensorflow as tf

    def used():
        gan = tiny()
        step, graphs = gan.training_step, []

        def watched(batch):
            graphs.append(weakref.ref(tf.compat.v1.get_default_graph()))
            return step(batch)

        gan.training_step = watched
        gan.compile(penalties=["r1"])
        gan.fit(array(), verbose=0)
        return graphs

    graphs = used()
    assert graphs and alive(graphs) == 0


@pytest.mark.backends("torch", reason="other frameworks follow chosen variables only")
def test_reals_have_no_graph_in_the_step_of_the_generator(tiny):
    gan, kept = tiny(), []
    gan.compile(loss="relativistic")
    forward = gan.critic.forward

    def watched(*inputs, **options):
        result = forward(*inputs, **options)
        kept.append(result[0].requires_grad)
        return result

    gan.critic.forward = watched
    gan.train_on_batch(array())
    # Reals and fakes train the discriminator, fakes the generator.
    assert kept == [True, True, True, False]


@pytest.mark.backends("tensorflow", reason="other frameworks do not warn of traces")
def test_a_trace_for_each_of_many_gans_is_no_retracing(tiny):
    import tensorflow as tf

    records = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = records.append
    tf.get_logger().addHandler(handler)
    references = []
    try:
        for _ in range(6):
            gan = tiny()
            gan.sample(2)
            gan.predict(np.zeros((2, 3), "float32"), verbose=0)
            references += [weakref.ref(gan), weakref.ref(gan.generator)]
            del gan
    finally:
        tf.get_logger().removeHandler(handler)
    assert [record.getMessage() for record in records] == []
    assert alive(references) == 0


WITHOUT_TENSORFLOW = """
import sys
import keras, numpy as np, kgan
gan = kgan.GAN(
    kgan.networks.mlp_generator((2,), 3, hidden=(5,)),
    kgan.networks.mlp_discriminator((2,), (5,)),
)
gan.compile()
gan.fit(np.zeros((4, 2)), verbose=0, callbacks=[kgan.callbacks.Checkpoint(sys.argv[1])])
keras.models.load_model(sys.argv[1]).sample(2)
assert "tensorflow" not in sys.modules
"""


@pytest.mark.backends("jax", "torch", reason="TensorFlow computes")
def test_other_backends_import_no_tensorflow(tmp_path):
    # TensorFlow takes 490 MB and seconds.
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, str(tmp_path / "gan.keras")]
    subprocess.run(command, check=True, capture_output=True)
