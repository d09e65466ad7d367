"""Each batch is checked: no update on nothing, no label that no class has."""

import keras
import numpy as np
import pytest
from helpers import numpy, on_pytorch

import kgan

POINTS = np.random.default_rng(0).uniform(-1, 1, (43, 2)).astype("float32")
LABELS = (np.arange(43) % 3).astype("int32")


class Data(keras.utils.PyDataset):
    """The batches of 20, 20 and 3 of an array."""

    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return tuple(array[20 * index : 20 * index + 20] for array in self.arrays)


def as_generator(*arrays):
    data = Data(*arrays)
    return (data[index] for index in range(3))


def as_dataset(*arrays):
    tensorflow = pytest.importorskip("tensorflow")
    return tensorflow.data.Dataset.from_tensor_slices(arrays).batch(20)


def as_loader(*arrays):
    torch = pytest.importorskip("torch")
    tensors = torch.utils.data.TensorDataset(*map(torch.tensor, arrays))
    return torch.utils.data.DataLoader(tensors, batch_size=20)


KINDS = [Data, as_generator, as_dataset, as_loader]


def conditional():
    return kgan.GAN(
        kgan.networks.mlp_generator((2,), 3, hidden=(5,), num_classes=3),
        kgan.networks.mlp_discriminator((2,), (5,), num_classes=3),
        seed=1,
    )


def assert_finite(gan):
    assert all(np.isfinite(numpy(v)).all() for v in gan.variables)


@pytest.mark.slow
def test_a_last_batch_smaller_than_d_steps_is_left_out(tiny):
    gan, same = tiny(), tiny()
    weights = gan.get_weights()
    for one, count in ((gan, 43), (same, 40)):
        one.set_weights(weights)
        one.compile(d_steps=5)
        one.fit(POINTS[:count], batch_size=20, epochs=2, shuffle=False, verbose=0)
        assert int(numpy(one.images_seen)) == 80
    for a, b in zip(gan.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_a_last_batch_of_d_steps_samples_is_trained_on(tiny):
    gan = tiny()
    gan.compile(d_steps=3, loss="wasserstein")
    gan.fit(POINTS[:39], batch_size=18, verbose=0)
    assert int(numpy(gan.images_seen)) == 39
    assert_finite(gan)


@pytest.mark.parametrize("options", [{}, {"pack": 2}])
def test_fewer_samples_than_d_steps_are_refused(tiny, options):
    gan = tiny()
    gan.compile(d_steps=5)
    with pytest.raises(ValueError, match=r"at least `d_steps` samples, 5.*3 samples"):
        gan.fit(POINTS[:3], batch_size=20, verbose=0)
    with pytest.raises(ValueError, match=r"at least `d_steps` samples, 5.*3 samples"):
        gan.fit(kgan.data.Batches(POINTS, 20), verbose=0)
    assert int(numpy(gan.images_seen)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_later_batch_smaller_than_d_steps_is_refused_by_name(tiny, kind):
    gan = tiny()
    gan.compile(d_steps=5)
    with pytest.raises(ValueError, match=r"`d_steps` samples, 5.*x with 3 samples"):
        gan.fit(kind(POINTS), verbose=0)
    assert int(numpy(gan.images_seen)) == 40
    assert_finite(gan)


def test_an_empty_batch_is_refused(tiny):
    gan = tiny()
    gan.compile()
    batches = ((POINTS[:size],) for size in (4, 0, 4))
    with pytest.raises(ValueError, match=r"`x` is empty"):
        gan.fit(batches, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_label_out_of_range_in_a_later_batch_is_refused(kind):
    gan = conditional()
    gan.compile()
    labels = LABELS.copy()
    labels[30] = 3
    with pytest.raises(ValueError, match=r"`labels of x` must be of 0 to 2. Received"):
        gan.fit(kind(POINTS, labels), verbose=0)


@pytest.mark.slow
def test_a_label_out_of_range_is_refused_wherever_data_is_given():
    gan = conditional()
    gan.compile()
    labels = LABELS.copy()
    labels[30] = -1
    wrong, right = Data(POINTS, labels), Data(POINTS, LABELS)
    weights = gan.get_weights()
    with pytest.raises(ValueError, match=r"`labels of x` must be of 0 to 2. Received"):
        gan.evaluate(wrong, verbose=0)
    for a, b in zip(gan.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"`labels of validation_data` must be of 0"):
        gan.fit(right, validation_data=wrong, verbose=0)


def test_a_sample_that_is_nan_in_a_later_batch_is_refused(tiny):
    gan = tiny()
    gan.compile()
    points = POINTS.copy()
    points[30, 1] = np.nan
    with pytest.raises(ValueError, match=r"`x` has NaN or infinite values"):
        gan.fit(Data(points), verbose=0)


@pytest.mark.parametrize(
    "kind", [as_dataset, *map(on_pytorch, [Data, as_generator, as_loader])]
)
def test_checked_data_trains_as_the_array_does(kind):
    weights, trained = None, []
    for data in ((POINTS, LABELS), kind(POINTS, LABELS)):
        gan = conditional()
        weights = weights or gan.get_weights()
        gan.set_weights(weights)
        gan.compile()
        options = {"batch_size": 20, "shuffle": False} if isinstance(data, tuple) else {}
        gan.fit(data, verbose=0, **options)
        # The end of a generator is no batch: no counter and no seed moves there.
        trained.append([numpy(v) for v in gan.variables])
    for a, b in zip(*trained, strict=True):
        np.testing.assert_array_equal(a, b)


def test_keras_counts_the_batches_and_the_epochs_of_checked_data(tiny):
    class Counting(Data):
        ends = 0

        def on_epoch_end(self):
            self.ends += 1

    gan, data = tiny(), Counting(POINTS)
    gan.compile()
    seen = []
    batches = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: seen.append(batches.params["steps"])
    )
    gan.fit(data, epochs=2, verbose=0, callbacks=[batches])
    assert seen == [3] and data.ends >= 2 and int(numpy(gan.images_seen)) == 86
