"""Named sets, data sets and tables: what `kgan.data.load` takes besides pictures."""

import sys
import types

import keras
import numpy as np
import pytest

import kgan

IMAGES = np.random.default_rng(0).integers(0, 256, (10, 4, 6, 3), dtype="uint8")
LABELS = np.arange(10) % 3


class Batched(keras.utils.PyDataset):
    def __init__(self, x, y=None, size=4):
        super().__init__()
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return -(-len(self.x) // self.size)

    def __getitem__(self, index):
        rows = slice(index * self.size, (index + 1) * self.size)
        return (self.x[rows],) if self.y is None else (self.x[rows], self.y[rows])


class Endless(Batched):
    @property
    def num_batches(self):
        return None


def dataset(*arrays, batch=None):
    tensorflow = pytest.importorskip("tensorflow")
    made = tensorflow.data.Dataset.from_tensor_slices(arrays if arrays[1:] else arrays[0])
    return made if batch is None else made.batch(batch)


@pytest.mark.parametrize("labels", [None, LABELS])
@pytest.mark.parametrize("kind", ["dataset", "single", "py"])
def test_data_sets_are_read_to_their_end(kind, labels):
    arrays = [IMAGES] if labels is None else [IMAGES, labels]
    source = Batched(*arrays) if kind == "py" else dataset(
        *arrays, batch=None if kind == "single" else 4
    )  # fmt: skip
    images, found = kgan.data.load(source)
    np.testing.assert_array_equal(images, IMAGES)
    assert found is None if labels is None else found.tolist() == labels.tolist()


@pytest.mark.parametrize("kind", ["dataset", "py"])
def test_data_sets_of_points_are_read_without_assumptions(kind):
    points = np.random.default_rng(0).standard_normal((10, 5)).astype("float32")
    source = Batched(points, LABELS) if kind == "py" else dataset(points, LABELS, batch=3)
    found, labels = kgan.data.load(source)
    np.testing.assert_array_equal(found, points)
    np.testing.assert_array_equal(labels, LABELS)


def test_data_sets_without_an_end_are_refused():
    with pytest.raises(ValueError, match=r"has no end.*Received: source="):
        kgan.data.load(dataset(IMAGES, batch=4).repeat())
    with pytest.raises(ValueError, match=r"has no end.*Received: source="):
        kgan.data.load(Endless(IMAGES))


def test_empty_data_sets_are_refused():
    with pytest.raises(ValueError, match=r"nothing in it. Received: source="):
        kgan.data.load(Batched(IMAGES[:0]))


def test_grey_data_sets_may_have_no_channels():
    grey = IMAGES[..., 0]
    for batch in (3, 10):
        found, _ = kgan.data.load(dataset(grey, batch=batch))
        np.testing.assert_array_equal(found, grey[..., None])


@pytest.mark.parametrize(
    "make, reason",
    [
        (lambda: dataset(IMAGES[..., 0]), "call `.batch"),
        (lambda: dataset(IMAGES.astype("float32")), "call `.batch"),
        (lambda: dataset(IMAGES, np.eye(10)[:, :3], batch=4), "one-hot"),
        (lambda: dataset(IMAGES, np.eye(10)[:, :3]), "one-hot"),
        (lambda: Batched(IMAGES, np.eye(10)[:, :3]), "one-hot"),
        (lambda: dataset(IMAGES, LABELS, LABELS, batch=4), "3 parts"),
        (lambda: dataset({"x": IMAGES}).batch(4), "known rank"),
    ],
)
def test_data_sets_of_something_else_are_named(make, reason):
    with pytest.raises(ValueError, match=f"{reason}.*Received: source|source .*{reason}"):
        kgan.data.load(make())


@pytest.mark.parametrize(
    "source, reason",
    [
        ((IMAGES, np.array(list("abcdefghij"))), "whole numbers"),
        ((IMAGES, LABELS + 0.5), "whole numbers"),
        ([np.zeros(3), np.zeros(4)], "of one shape"),
    ],
)
def test_arrays_that_are_none_are_named(source, reason):
    with pytest.raises(ValueError, match=f"{reason}.*Received: "):
        kgan.data.load(source)


def test_a_store_is_indexed_along_its_first_axis(tmp_path):
    path = tmp_path / "pixels"
    path.write_bytes(IMAGES.tobytes())
    store = kgan.data.Store(path, IMAGES.shape)
    for index in (3, -1, slice(2, 9, 3), [4, -2], LABELS == 1, np.array(5)):
        np.testing.assert_array_equal(store[index], IMAGES[index])
    for index in ((0, 1), 10, [-11]):
        with pytest.raises(IndexError):
            store[index]


def test_arrays_are_made_alike_where_asked():
    same, _ = kgan.data.load(IMAGES)
    np.testing.assert_array_equal(same, IMAGES)
    images, labels = kgan.data.load((IMAGES, LABELS), size=(2, 3), channels=1, flip=True)
    assert images.shape == (20, 2, 3, 1) and labels.tolist() == LABELS.repeat(2).tolist()
    assert kgan.data.load((IMAGES, LABELS), labels="none")[1] is None
    with pytest.raises(ValueError, match=r"`size`.* are for pictures.*float32"):
        kgan.data.load(np.zeros((3, 5)), size=8)


def test_npy_goes_round(tmp_path):
    signals = np.random.default_rng(0).standard_normal((5, 70, 1))
    np.save(tmp_path / "x.npy", signals)
    found, labels = kgan.data.load(tmp_path / "x.npy")
    np.testing.assert_allclose(found, signals, rtol=1e-6)
    assert found.dtype == np.float32 and labels is None


def test_npy_files_that_are_none_are_named(tmp_path):
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object))
    (tmp_path / "text.npy").write_text("no array")
    np.savez(tmp_path / "several.npz", np.zeros(3))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    for name in ("pickle", "text", "several"):
        with pytest.raises(ValueError, match=f"npy.*Received: source='.*{name}.npy'"):
            kgan.data.load(tmp_path / f"{name}.npy")


def test_tables_of_numbers(tmp_path):
    (tmp_path / "x.csv").write_text("1,2.5\n-3,4e-1\n")
    found, labels = kgan.data.load(tmp_path / "x.csv")
    np.testing.assert_array_equal(found, np.array([[1, 2.5], [-3, 0.4]], "float32"))
    assert labels is None


@pytest.mark.parametrize(
    "values, expected", [("b a b", [1, 0, 1]), ("10 9 10", [1, 0, 1])]
)
def test_tables_have_named_columns_and_labels(tmp_path, values, expected):
    rows = [f"{i},{v},{i / 2}" for i, v in enumerate(values.split())]
    (tmp_path / "x.csv").write_text("\n".join(["x,Label,z", *rows]), "utf-8-sig")
    found, labels = kgan.data.load(tmp_path / "x.csv")
    np.testing.assert_array_equal(found, [[0, 0], [1, 0.5], [2, 1]])
    assert labels.tolist() == expected


@pytest.mark.parametrize(
    "text, reason",
    [
        ("a,b\n1,x\n", "'x' in row 1, column 2"),
        ("1,2\n3\n", "of lengths"),
        ("", "of lengths"),
        ("a,b\n", "of lengths"),
        ("label\n1\n", "of lengths"),
    ],
)
def test_tables_that_are_none_are_named(tmp_path, text, reason):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"Received: source='.*x.csv' with .*{reason}"):
        kgan.data.load(tmp_path / "x.csv")


def test_named_sets_come_from_keras(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype="uint8")
    labels = np.arange(6, dtype="uint8")
    np.savez(
        tmp_path / "mnist.npz",
        x_train=images, y_train=labels, x_test=images[:1], y_test=labels[:1],
    )  # fmt: skip
    # Keras' own loading code, of a file on this machine.
    origin = (tmp_path / "mnist.npz").as_uri()
    module = sys.modules["keras.src.datasets.mnist"]
    get_file = module.get_file
    monkeypatch.setattr(
        module,
        "get_file",
        lambda fname, origin_=None, **_: get_file(
            fname, origin=origin, cache_dir=tmp_path / "home"
        ),
    )
    found, found_labels = kgan.data.load("mnist")
    np.testing.assert_array_equal(found, images[..., None])
    np.testing.assert_array_equal(found_labels, labels)
    assert kgan.data.load("mnist", size=32)[0].shape == (6, 32, 32, 1)


def test_named_sets_say_where_to_put_them_without_a_connection(monkeypatch):
    def fail(**_):
        raise Exception("URL fetch failure on https://x: None -- no route")

    monkeypatch.setattr(sys.modules["keras.src.datasets.mnist"], "get_file", fail)
    with pytest.raises(ValueError, match=r"no route.*datasets/mnist.npz.*source='mnist'"):
        kgan.data.load("mnist")


def test_tfds_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r"pip install kgan\[tfds\]"):
        kgan.data.load("tfds:horses")


def stand_in(features):
    """What kgan uses of tensorflow-datasets."""

    def load(name, split):
        assert (name, split) == ("horses", "test")
        return types.SimpleNamespace(element_spec=features, rows=features)

    def as_numpy(dataset):
        return ({k: v[i] for k, v in dataset.rows.items()} for i in range(10))

    return types.SimpleNamespace(load=load, as_numpy=as_numpy)


def test_pictures_of_tfds_are_made_alike(monkeypatch):
    module = stand_in({"image": IMAGES, "label": LABELS})
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", module)
    images, labels = kgan.data.load("tfds:horses:test")
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    module = stand_in({"text": LABELS})
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", module)
    with pytest.raises(ValueError, match=r"feature `image`.*\['text'\]"):
        kgan.data.load("tfds:horses:test")


def test_files_of_other_kinds_are_named(tmp_path):
    (tmp_path / "x.docx").write_text("")
    with pytest.raises(ValueError, match=r"Received: source='.*x.docx'"):
        kgan.data.load(tmp_path / "x.docx")


def test_a_store_splits_without_being_read(tmp_path, tiny):
    path = tmp_path / "pixels"
    path.write_bytes(IMAGES.tobytes())
    store = kgan.data.Store(path, IMAGES.shape)
    (first, _), (last, labels) = kgan.data.split(store, 0.3, LABELS)
    assert isinstance(first, kgan.data.Store) and isinstance(last, kgan.data.Store)
    np.testing.assert_array_equal(first[:], IMAGES[:7])
    np.testing.assert_array_equal(last[[2, 0]], IMAGES[[9, 7]])
    np.testing.assert_array_equal(labels, LABELS[7:])


def test_a_store_trains_as_the_array_does(tmp_path):
    path = tmp_path / "pixels"
    path.write_bytes(IMAGES.tobytes())

    def trained(x):
        keras.utils.set_random_seed(0)
        gan = kgan.GAN(
            kgan.networks.dcgan_generator((4, 6, 3), 3, width=4),
            kgan.networks.dcgan_discriminator((4, 6, 3), width=4),
            seed=0,
        )
        gan.compile()
        gan.fit(x, batch_size=5, epochs=1, verbose=0)
        return gan.get_weights()

    pairs = zip(
        trained(IMAGES), trained(kgan.data.Store(path, IMAGES.shape)), strict=True
    )
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)
