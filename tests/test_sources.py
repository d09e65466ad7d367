"""Sources of `kgan.data.load` besides pictures: named datasets, datasets, tables."""

import struct
import sys
import tracemalloc
import types
import zipfile

import keras
import numpy as np
import pytest

import kgan
from kgan.data.reading import entries

pytestmark = pytest.mark.anywhere

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


class Single(Batched):
    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index]


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
    if kind == "py":
        source = Batched(*arrays)
    else:
        source = dataset(*arrays, batch=None if kind == "single" else 4)
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
    with pytest.raises(ValueError, match=r"is endless.*Received: source="):
        kgan.data.load(dataset(IMAGES, batch=4).repeat())
    with pytest.raises(ValueError, match=r"is endless.*Received: source="):
        kgan.data.load(Endless(IMAGES))


def test_empty_data_sets_are_refused():
    with pytest.raises(ValueError, match=r"is empty. Received: source="):
        kgan.data.load(Batched(IMAGES[:0]))


def test_grey_data_sets_may_have_no_channels():
    grey = IMAGES[..., 0]
    for batch in (3, 10):
        found, _ = kgan.data.load(dataset(grey, batch=batch))
        np.testing.assert_array_equal(found, grey[..., None])


def of_shape(shape, arrays):
    """A dataset of arrays of unknown length, with elements of that shape."""
    tensorflow = pytest.importorskip("tensorflow")
    spec = tensorflow.TensorSpec(shape, "uint8")
    return tensorflow.data.Dataset.from_generator(lambda: arrays, output_signature=spec)


def test_single_pictures_may_be_of_any_size():
    several = [IMAGES[0], IMAGES[1, :3], IMAGES[2, :, :2]]
    found, _ = kgan.data.load(of_shape((None, None, 3), several), size=2, crop="none")
    expected, _ = kgan.data.load(IMAGES[:1], size=2, crop="none")
    assert found.shape == (3, 2, 2, 3)
    np.testing.assert_array_equal(found[:1], expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda: of_shape((None, None, None), IMAGES),
        lambda: Batched(IMAGES[0], size=10),
        lambda: Single(IMAGES),
    ],
)
def test_single_pictures_in_place_of_batches_are_refused(make):
    with pytest.raises(ValueError, match=r"single samples, not batches.*\(4, 6, 3\)"):
        kgan.data.load(make())


@pytest.mark.parametrize("labels", [LABELS + 0.5, LABELS + np.inf, np.array(["a"] * 10)])
@pytest.mark.parametrize("batch", [None, 4])
def test_labels_of_data_sets_are_whole_numbers(batch, labels):
    source = dataset(IMAGES, labels, batch=batch)
    with pytest.raises(ValueError, match=r"whole numbers. Received: labels of dtype"):
        kgan.data.load(source)
    assert kgan.data.load(source, labels="none")[1] is None


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
def test_unusable_data_sets_are_named(make, reason):
    with pytest.raises(ValueError, match=f"{reason}.*Received: source|source .*{reason}"):
        kgan.data.load(make())


@pytest.mark.parametrize(
    "source, reason",
    [
        ((IMAGES, np.array(list("abcdefghij"))), "whole numbers"),
        ((IMAGES, LABELS + 0.5), "whole numbers"),
        ((IMAGES, LABELS + np.nan), "whole numbers"),
        ((IMAGES, LABELS + np.inf), "whole numbers"),
        ((IMAGES, LABELS * 1e300), "whole numbers"),
        ((IMAGES, LABELS + 0j), "whole numbers"),
        ((IMAGES, [[0], [1, 2]] * 5), "one label for each"),
        ([np.zeros(3), np.zeros(4)], "of one shape"),
    ],
)
def test_unusable_arrays_are_named(source, reason):
    with pytest.raises(ValueError, match=f"{reason}.*Received: "):
        kgan.data.load(source)


def test_a_store_is_indexed_along_its_first_axis(tmp_path):
    path = tmp_path / "pixels"
    path.write_bytes(IMAGES.tobytes())
    store = kgan.data.Store(path, IMAGES.shape)
    indices = (3, -1, slice(2, 9, 3), [4, -2], LABELS == 1, np.array(5), ...)
    for index in indices:
        np.testing.assert_array_equal(store[index], IMAGES[index])
    for index in ((0, 1), 10, [-11], 1.5, None, True, LABELS[:9] == 1, ["a"]):
        with pytest.raises(IndexError):
            store[index]
    assert store[[]].shape == (0, 4, 6, 3)


def test_a_store_whose_file_is_cut_short_raises_an_error(tmp_path):
    path = tmp_path / "pixels"
    path.write_bytes(IMAGES.tobytes()[:-1])
    with pytest.raises(OSError, match="cut short"):
        kgan.data.Store(path, IMAGES.shape)[9]


def test_a_store_is_loaded_as_it_is(tmp_path):
    path = tmp_path / "pixels"
    path.write_bytes(IMAGES.tobytes())
    store = kgan.data.Store(path, IMAGES.shape)
    assert kgan.data.load(store) == (store, None)
    found, labels = kgan.data.load((store, LABELS))
    assert found is store and labels.tolist() == LABELS.tolist()
    small, _ = kgan.data.load(store, size=2)
    np.testing.assert_array_equal(small, kgan.data.load(IMAGES, size=2)[0])


def test_arrays_are_changed_only_when_options_ask():
    same, _ = kgan.data.load(IMAGES)
    np.testing.assert_array_equal(same, IMAGES)
    images, labels = kgan.data.load((IMAGES, LABELS), size=(2, 3), channels=1, flip=True)
    assert images.shape == (20, 2, 3, 1) and labels.tolist() == LABELS.repeat(2).tolist()
    assert kgan.data.load((IMAGES, LABELS), labels="none")[1] is None
    with pytest.raises(ValueError, match=r"`size`.* are for images.*float32"):
        kgan.data.load(np.zeros((3, 5)), size=8)


@pytest.mark.parametrize("kind", ["array", "pair", "npy", "options", "dataset"])
def test_uint8_images_of_a_few_low_values_are_named(tmp_path, kind):
    masks = IMAGES[..., :1] // 128
    np.save(tmp_path / "x.npy", masks)
    sources = {"pair": (masks, LABELS), "npy": tmp_path / "x.npy"}
    source = Batched(masks) if kind == "dataset" else sources.get(kind, masks)
    options = {"size": 4} if kind == "options" else {}
    message = (
        r"is 1 of 255, .* almost black. Multiply the pixels by 255 if they have 1 bit"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        kgan.data.load(source, **options)
    assert len(caught) == 1 and caught[0].filename == __file__
    # An alpha channel is no brightness, points are no images, and black is black.
    with pytest.warns(UserWarning, match="is 1 of 255"):
        kgan.data.load(np.concatenate([masks, masks * 0 + 255], axis=-1))
    for fine in (masks * 255, masks * 0, masks.reshape(10, -1)):
        kgan.data.load(fine)


def test_npy_goes_round(tmp_path):
    signals = np.random.default_rng(0).standard_normal((5, 70, 1))
    np.save(tmp_path / "x.npy", signals)
    found, labels = kgan.data.load(tmp_path / "x.npy")
    np.testing.assert_allclose(found, signals, rtol=1e-6)
    assert found.dtype == np.float32 and labels is None


def test_files_that_are_no_npy_are_named(tmp_path):
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object))
    (tmp_path / "text.npy").write_text("no array")
    np.savez(tmp_path / "several.npz", np.zeros(3))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (%s, 8)}"
    headers = {"long": header % 10**15, "syntax": "{'descr': ", "many": "(" * 300}
    for name, text in headers.items():
        data = b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text.encode()
        (tmp_path / f"{name}.npy").write_bytes(data)
    for name in ("pickle", "text", "several", *headers):
        with pytest.raises(ValueError, match=f"npy.*Received: source='.*{name}.npy'"):
            kgan.data.load(tmp_path / f"{name}.npy")


def npy(shape, data=b"", kind="|u1", version=b"\1\0"):
    """The bytes of an .npy file whose header says that shape."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    size = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text + data


@pytest.mark.parametrize(
    "content, reason",
    [
        (npy((1 << 30, 1 << 10)), "its header says"),
        (npy((3, 2), bytes(5)), r"its header says 6 bytes, the file has"),
        (npy((-1, -2), bytes(2)), "its header says"),
        (npy((2, -1), bytes(2)), "its header says"),
        (npy((2, 2), bytes(99), "|O"), "[Oo]bject"),
        (npy((2, 2), bytes(4), version=b"\3\0"), "version"),
        (npy(f"({'9' * 5000},)"), "can't be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_arrays_are_as_large_as_the_file_says(tmp_path, suffix, content, reason):
    path = tmp_path / f"x.{suffix}"
    if suffix == "npy":
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images.npy", content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=rf"{reason}.*Received: source=.*x.{suffix}"):
            kgan.data.load(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 22
    finally:
        tracemalloc.stop()


def test_arrays_that_unpack_to_many_times_the_file_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, images=np.zeros((9, 400, 400), "uint8"))
    assert kgan.data.load(path)[0].shape == (9, 400, 400, 1)
    monkeypatch.setattr(entries, "_ALWAYS_ALLOWED", 1 << 16)
    message = r"unpacks to more than .*without compression.*Received: source=.*x.npz"
    with pytest.raises(ValueError, match=message):
        kgan.data.load(path)
    np.savez(path, images=np.zeros((9, 400, 400), "uint8"))
    assert kgan.data.load(path)[0].shape == (9, 400, 400, 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("images.npy", npy((2, 2), bytes(4)))
    with pytest.raises(ValueError, match=r"otherwise than by numpy.*Received: source="):
        kgan.data.load(path)


def test_tables_of_numbers(tmp_path):
    (tmp_path / "x.csv").write_text("1,2.5\n-3,4e-1\n")
    found, labels = kgan.data.load(tmp_path / "x.csv")
    np.testing.assert_array_equal(found, np.array([[1, 2.5], [-3, 0.4]], "float32"))
    assert labels is None


@pytest.mark.parametrize("header", ["", "\n", "a;b,c;z\n", '"a";"b";z\n'])
def test_tables_of_excel_have_semicolons_and_decimal_commas(tmp_path, header):
    (tmp_path / "x.csv").write_text(header + "1;2,5;0.5\n-3;4,5e-1;-,5\n")
    found, _ = kgan.data.load(tmp_path / "x.csv")
    expected = np.array([[1, 2.5, 0.5], [-3, 0.45, -0.5]], "float32")
    np.testing.assert_array_equal(found, expected)


def test_labels_between_semicolons_keep_their_commas(tmp_path):
    (tmp_path / "x.csv").write_text("a;label\n1;1,1\n2;1,10\n3;1,1\n")
    assert kgan.data.load(tmp_path / "x.csv")[1].tolist() == [0, 1, 0]


@pytest.mark.parametrize("header", ['"a;b",c\n', '"a;\nb",c\n', "a;b,c\n", "\n"])
def test_tables_with_commas_keep_them(tmp_path, header):
    (tmp_path / "x.csv").write_text(header + "1,2\n3,4\n")
    found, _ = kgan.data.load(tmp_path / "x.csv")
    np.testing.assert_array_equal(found, [[1, 2], [3, 4]])


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
    "header, label",
    [
        ("x,y", None),
        ("a,Y", 1),
        ("x,y,class", 2),
        ("target,b,label", 2),
        ("class,label,labels", 1),
        (",b,label", 2),
    ],
)
def test_the_column_of_labels_is_found_by_its_name(tmp_path, header, label):
    width = header.count(",") + 1
    numbers = np.arange(2 * width).reshape(2, width)
    rows = [",".join(map(str, row)) for row in numbers]
    (tmp_path / "x.csv").write_text("\n".join([header, *rows]))
    found, labels = kgan.data.load(tmp_path / "x.csv")
    expected = numbers if label is None else np.delete(numbers, label, axis=1)
    np.testing.assert_array_equal(found, expected)
    assert labels is None if label is None else labels.tolist() == [0, 1]
    without, none = kgan.data.load(tmp_path / "x.csv", labels="none")
    np.testing.assert_array_equal(without, expected)
    assert none is None


@pytest.mark.parametrize(
    "text, shape, labels",
    [
        ("0,1,2\n7,8,9\n", (1, 3), None),
        ("0,1\n0.5,8\n", (1, 2), None),
        # Points on a grid.
        ("0,1\n5,8\n", (2, 2), None),
        ("0,2,1\n7,8,9\n", (2, 3), None),
        ("0,1,label\n7,8,b\n7,9,a\n", (2, 2), [1, 0]),
    ],
)
def test_pandas_numbers_columns_without_names(tmp_path, text, shape, labels):
    (tmp_path / "x.csv").write_text(text)
    samples, found = kgan.data.load(tmp_path / "x.csv")
    assert samples.shape == shape
    assert found is None if labels is None else found.tolist() == labels


@pytest.mark.parametrize(
    "header, first, named",
    [
        (",0,1", 0, "''"),
        (",a,b", 0, "''"),
        ("Unnamed: 0,a,b", 0, "'Unnamed: 0'"),
        ("unnamed: 3,a,b", None, "'unnamed: 3'"),
        ("index,a,label", 5, "'index'"),
        (" ,a,b", None, None),
        ("a,b,c", 0, None),
        ("index,a,b", None, None),
    ],
)
def test_the_index_of_a_pandas_table_is_named(tmp_path, header, first, named):
    column = [3, 1, 7] if first is None else range(first, first + 3)
    rows = [
        f"{count},{value / 2},{value}"
        for count, value in zip(column, (9, 4, 6), strict=True)
    ]
    (tmp_path / "x.csv").write_text("\n".join([header, *rows]))
    if named is None:
        samples, _ = kgan.data.load(tmp_path / "x.csv")
    else:
        message = rf"column {named} looks like the index.*index=False.*Received: source="
        with pytest.warns(UserWarning, match=message) as caught:
            samples, _ = kgan.data.load(tmp_path / "x.csv")
        assert len(caught) == 1 and caught[0].filename == __file__
    # The samples are unchanged.
    assert samples[:, 0].tolist() == list(column)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("1,\n2,3\n", "'' in row 1, column 2"),
        (",\n2,3\n", "'' in row 1, column 1"),
        ("1,label\n2,3\n", "'label' in row 1, column 2"),
        ("a,label\n1,0\n2,nan\n", "'nan' in row 2, column 2"),
        ("a,label\n1,x\n2,\n", "'' in row 2, column 2"),
        ("a,b,label\n1,2\n", "of lengths"),
        ("a,b\n1,x\n", "'x' in row 1, column 2"),
        ("1,2\n3\n", "of lengths"),
        ("1;2,5,0\n", "'2,5,0' in row 1, column 2"),
        ("", "of lengths"),
        ("a,b\n", "of lengths"),
        ("label\n1\n", "of lengths"),
    ],
)
def test_damaged_tables_are_named(tmp_path, text, reason):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"Received: source='.*x.csv' with .*{reason}"):
        kgan.data.load(tmp_path / "x.csv")


def test_named_sets_come_from_keras(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype="uint8")
    labels = np.arange(6, dtype="uint8")
    test = {"x_test": images[:1], "y_test": labels[:1]}
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels, **test)
    # Keras' own loading code runs with a file on this machine.
    origin = (tmp_path / "mnist.npz").as_uri()
    module = sys.modules[keras.datasets.mnist.load_data.__module__]
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

    module = sys.modules[keras.datasets.mnist.load_data.__module__]
    monkeypatch.setattr(module, "get_file", fail)
    with pytest.raises(ValueError, match=r"no route.*datasets/mnist.npz.*source='mnist'"):
        kgan.data.load("mnist")


def test_tfds_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r'`pip install "kgan\[tfds\]"`'):
        kgan.data.load("tfds:horses")


def stand_in(features):
    """A fake tensorflow-datasets, with the functions that kgan uses."""

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
