"""FID's network: its weights' file, its resizes, and its layers against PyTorch's."""

import collections
import io
import pickle
import struct
import tracemalloc
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

import kgan
from kgan.metrics.extractors import inception
from kgan.metrics.extractors.inception import network, pth, resize, weights

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(0)
TENSORS = {
    "a.weight": RANDOM.normal(size=(2, 3)).astype("float32"),
    "b": np.arange(4),
    "empty": np.zeros(0, "float32"),
}


class Storage:
    """Stands for a storage in a pickle."""

    def __init__(self, key, array):
        self.key, self.array = key, array


class Tensor:
    """Pickles as a tensor of PyTorch does."""

    def __init__(self, storage, shape, strides, offset=0):
        self.arguments = storage, offset, shape, strides, False, collections.OrderedDict()

    def __reduce__(self):
        return rebuild, self.arguments


def rebuild(*arguments):
    raise AssertionError("never called")


class Named:
    """A global of another module, without importing that."""


KINDS = {"float32": "FloatStorage", "int64": "LongStorage"}


class Pickler(pickle._Pickler):
    """Writes what PyTorch would, by its names."""

    def persistent_id(self, x):
        if isinstance(x, Storage):
            kind = KINDS[str(x.array.dtype)]
            return "storage", Global("torch", kind), x.key, "cpu", x.array.size

    def save(self, x, save_persistent_id=True):
        if isinstance(x, Global):
            self.write(b"c" + f"{x.module}\n{x.name}\n".encode())
        elif x is rebuild:
            self.write(b"ctorch._utils\n_rebuild_tensor_v2\n")
        else:
            super().save(x, save_persistent_id)


Global = collections.namedtuple("Global", "module name")


def dumped(x):
    file = io.BytesIO()
    Pickler(file, 2).dump(x)
    return file.getvalue()


def tensors():
    storages = {name: Storage(str(i), x) for i, (name, x) in enumerate(TENSORS.items())}
    steps = {"a.weight": (3, 1), "b": (1,), "empty": (1,)}
    return storages.values(), collections.OrderedDict(
        (name, Tensor(storage, storage.array.shape, steps[name]))
        for name, storage in storages.items()
    )


def new_format(path, state=None, pickled=None):
    storages, made = tensors()
    pickled = pickled or dumped(made if state is None else state)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        for storage in storages:
            archive.writestr(f"archive/data/{storage.key}", storage.array.tobytes())


def old_format(path, state=None, pickled=None):
    storages, made = tensors()
    # The pickles in this file refer to the first storage only.
    storages = list(storages)[: 1 if pickled else None]
    pickled = pickled or dumped(made if state is None else state)
    path.write_bytes(legacy(pickled, [(s.key, s.array.ravel()) for s in storages]))


def legacy(pickled, storages):
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    data = [*map(dumped, parts), pickled, dumped([key for key, _ in storages])]
    for _, array in storages:
        data += [struct.pack("<q", len(array)), bytes(array)]
    return b"".join(data)


FORMATS = pytest.mark.parametrize("write", [new_format, old_format])


@FORMATS
def test_weights_are_read_without_pytorch(tmp_path, write):
    write(tmp_path / "x.pth")
    found = pth.read(tmp_path / "x.pth")
    assert list(found) == list(TENSORS)
    for name, expected in TENSORS.items():
        np.testing.assert_array_equal(found[name], expected)
        assert found[name].dtype == expected.dtype


@FORMATS
def test_weights_that_pytorch_has_written_are_read(tmp_path, write):
    torch = pytest.importorskip("torch")
    state = {name: torch.tensor(x) for name, x in TENSORS.items()}
    state["a.weight"] = state["a.weight"].T  # A view with strides of its own.
    state["p"] = torch.nn.Parameter(torch.ones(2))
    new = write is new_format
    torch.save(state, tmp_path / "x.pth", _use_new_zipfile_serialization=new)
    found = pth.read(tmp_path / "x.pth")
    np.testing.assert_array_equal(found["a.weight"], TENSORS["a.weight"].T)
    np.testing.assert_array_equal(found["b"], TENSORS["b"])
    np.testing.assert_array_equal(found["p"], [1, 1])


class Poison:
    """Runs code when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@FORMATS
def test_code_in_a_weights_file_is_refused_and_not_run(tmp_path, write):
    victim = tmp_path / "victim"
    write(tmp_path / "x.pth", {"a": Poison(victim)})
    # Python's own reader would have run it.
    pickle.loads(pickle.dumps(Poison(victim))).close()
    assert victim.exists()
    victim.unlink()
    with pytest.raises(ValueError, match=r"would run .*open.*Received: path=.*x.pth"):
        pth.read(tmp_path / "x.pth")
    assert not victim.exists()


@FORMATS
@pytest.mark.parametrize(
    "state",
    [
        {},
        [1],
        {"a": 1},
        {"a": Global("torch", "FloatStorage")},
        {"a": Global("os", "system")},
    ],
    ids=str,
)
def test_files_of_anything_but_tensors_are_refused(tmp_path, write, state):
    write(tmp_path / "x.pth", state)
    with pytest.raises(ValueError, match="of nothing but tensors"):
        pth.read(tmp_path / "x.pth")


@FORMATS
@pytest.mark.parametrize(
    "shape, strides, offset", [((9,), (1,), 0), ((2,), (1,), 5), ((2, 2), (-1, 1), 3)]
)
def test_tensors_that_reach_out_of_the_file_are_refused(
    tmp_path, write, shape, strides, offset
):
    storages, state = tensors()
    state["bad"] = Tensor(next(iter(storages)), shape, strides, offset)
    write(tmp_path / "x.pth", state)
    with pytest.raises(ValueError, match="reaches out of the file"):
        pth.read(tmp_path / "x.pth")


@FORMATS
@pytest.mark.parametrize("cut", [0, 1, 40, -3])
def test_files_that_are_cut_off_are_refused(tmp_path, write, cut):
    write(tmp_path / "x.pth")
    data = (tmp_path / "x.pth").read_bytes()
    (tmp_path / "x.pth").write_bytes(data[:cut])
    with pytest.raises(ValueError, match="Received: path="):
        pth.read(tmp_path / "x.pth")


def instructions(*parts):
    """A pickle of these instructions, each bytes, or a number of bytes and a letter."""
    return b"\x80\x02" + b"".join(parts) + b"."


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value):
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def row(*values):
    return b"(" + b"".join(values) + b"t"


REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
ORDERED = b"ccollections\nOrderedDict\n"
REFERENCE = (
    row(text("storage"), b"ctorch\nFloatStorage\n", text("0"), text("cpu"), number(6))
    + b"Q"
)


def view(shape, strides, offset=0):
    sizes = row(*map(number, shape)), row(*map(number, strides))
    return (
        REBUILD + row(REFERENCE, number(offset), *sizes, b"\x89", ORDERED + b")R") + b"R"
    )


def state(value):
    return instructions(b"}", text("w"), value, b"s")


LONG = row(*[b"K\0"] * 20_000)
PAIRS = b"](" + b"".join(text(str(i)) + b"K\0\x86" for i in range(2000)) + b"e"
OUT = "reaches out of the file"
# Pickles of a few bytes that would take a lot of memory or time, or change the reader.
BOMBS = {
    "stride of 0": (OUT, state(view((1 << 28,), (0,)))),
    "two strides of 0": (OUT, state(view((1 << 14, 1 << 14, 2), (0, 0, 1)))),
    "more numbers than the storage": (OUT, state(view((2, 4), (1, 1)))),
    "negative stride": (OUT, state(view((2,), (-1,), 1))),
    "negative offset": (OUT, state(view((2,), (1,), -1))),
    "negative shape": (OUT, state(view((-1, -4), (4, 1)))),
    "huge numbers": (OUT, state(view((2**2000,) * 40, (2**2000,) * 40))),
    "strides for other axes": ("is longer than", state(view((2,), (1, 1)))),
    "place of the memo": ("a tuple", state(row(REFERENCE, b"r\xff\xff\xff\x1f"))),
    "length of bytes": ("but only", instructions(b"\x96" + struct.pack("<Q", 1 << 33))),
    "length of a text": ("but only", instructions(b"\x8d" + struct.pack("<Q", 1 << 40))),
    "length of a frame": (
        "it holds a tuple",
        state(row(REFERENCE, b"\x95" + struct.pack("<Q", 1 << 40))),
    ),
    "many bytes": ("its pickle has more than", state(text("x" * (1 << 20)))),
    "nested keys": ("keys other than", instructions(b"})", b"q\0h\0\x86" * 60, b"}s")),
    "nested keys of a call": (
        "keys other than",
        instructions(ORDERED, b"])", b"q\0h\0\x86" * 60, b"N\x86a\x85R"),
    ),
    "nested name": (
        "name that is no text",
        instructions(b")", b"q\0h\0\x86" * 60, text("x"), b"\x93"),
    ),
    "repeated shapes": (
        "repeats long arguments",
        instructions(
            *(LONG, b"q\0", REFERENCE, b"q\1]("),
            (REBUILD + b"(h\1K\0h\0h\0\x89}tR") * 100 + b"e",
        ),
    ),
    "repeated arguments": (
        "repeats long arguments",
        instructions(PAIRS, b"q\0](", (ORDERED + b"h\0\x85R") * 2_000),
    ),
    "repeated references": (
        "repeats long arguments",
        instructions(REFERENCE[:-2], b"K\0" * 20_000 + b"tq\0](", b"h\0Q" * 100),
    ),
    "state of a function": (
        "changes a Global",
        instructions(REBUILD, b"N}", text("x"), b"K\1s\x86b"),
    ),
    "state of a class": (
        "changes a Global",
        instructions(ORDERED, b"N}", text("x"), b"K\1s\x86b"),
    ),
    "state of a tensor": (
        "changes a _Tensor",
        instructions(view((2,), (1,)), b"}", text("x"), b"K\1sb"),
    ),
    "state of a storage": (
        "changes a _Storage",
        instructions(REFERENCE, b"}", text("count"), b"K\1sb"),
    ),
    "item of a tensor": (
        "changes a _Tensor",
        instructions(view((2,), (1,)), text("x"), b"K\1s"),
    ),
    "item of a list": ("changes a list", instructions(b"]", text("x"), b"K\1s")),
    "call of a name": ("it calls a", instructions(b"ctorch\nFloatStorage\n)R")),
    "call of a tuple": ("it calls a tuple", instructions(b"))R")),
    "another storage": ("other than storages", instructions(row(*[b"N"] * 5) + b"Q")),
    "another instruction": ("the instruction POP_MARK", instructions(b"}1")),
    "no value": ("pop from empty list", instructions(b"R")),
}


@FORMATS
@pytest.mark.parametrize("case", BOMBS)
def test_hostile_pickles_are_refused_and_take_no_memory(tmp_path, write, case):
    reason, pickled = BOMBS[case]
    write(tmp_path / "x.pth", pickled=pickled)
    before = vars(pth).copy(), vars(pth._Tensor).copy(), vars(pth._tensor).copy()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=rf"but tensors.*{reason}.*Received: path="):
            pth.read(tmp_path / "x.pth")
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()
    assert before == (vars(pth), vars(pth._Tensor), vars(pth._tensor))
    write(tmp_path / "x.pth")
    assert list(pth.read(tmp_path / "x.pth")) == list(TENSORS)


def test_nested_keys_of_storages_take_no_time(tmp_path):
    pickled = state(view((2,), (1,)))
    data = legacy(pickled, [("0", TENSORS["a.weight"].ravel())])
    keys = dumped(["0"])
    nested = instructions(b"](", text("0"), b")" + b"q\0h\0\x86" * 60, b"e")
    assert data.count(keys) == 1
    (tmp_path / "x.pth").write_bytes(data.replace(keys, nested))
    assert pth.read(tmp_path / "x.pth")["w"].shape == (2,)


def test_storages_take_no_more_memory_than_the_file(tmp_path):
    path = tmp_path / "x.pth"
    zeros = np.zeros(1 << 25, "float32")
    name = dumped({"w": Tensor(Storage("0", zeros), zeros.shape, (1,))})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", name)
        archive.writestr("archive/data/0", zeros.tobytes())
    with pytest.raises(ValueError, match="it is compressed"):
        pth.read(path)
    # A storage that the file does not hold, in both formats.
    path.write_bytes(legacy(name, [("0", b"")]))
    with pytest.raises(ValueError, match="cut off"):
        pth.read(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", name)
        archive.writestr("archive/data/0", b"")
    with pytest.raises(ValueError, match="cut off"):
        pth.read(path)
    with open(path, "wb") as file:
        file.truncate(1 << 28)  # No block of the disk is used.
    with pytest.raises(ValueError, match="more than 134,217,728 bytes"):
        pth.read(path)


def test_tensors_of_one_storage_are_views_of_its_bytes(tmp_path):
    numbers = np.arange(1 << 16, dtype="float32")
    shared = Storage("0", numbers)
    made = {str(i): Tensor(shared, (1 << 8, 1 << 8), (1, 1 << 8)) for i in range(1000)}
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", dumped(made))
        archive.writestr("archive/data/0", numbers.tobytes())
    tracemalloc.start()
    try:
        found = pth.read(tmp_path / "x.pth")
        assert tracemalloc.get_traced_memory()[1] < 1 << 23
    finally:
        tracemalloc.stop()
    assert len(found) == 1000
    np.testing.assert_array_equal(found["999"], numbers.reshape(1 << 8, 1 << 8).T)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("new", [True, False])
def test_state_dicts_of_pytorch_are_read_in_any_protocol(tmp_path, new, protocol):
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    options = {"_use_new_zipfile_serialization": new, "pickle_protocol": protocol}
    torch.save(model.state_dict(), tmp_path / "x.pth", **options)
    found = pth.read(tmp_path / "x.pth")
    for name, expected in model.state_dict().items():
        np.testing.assert_array_equal(found.pop(name), expected.numpy())
    assert found == {}


def test_ordered_dicts_of_python_2_are_read(tmp_path):
    # Python 2 passes the items to the class, as a list of lists.
    items = b"](](" + text("w") + view((2,), (2,)) + b"ee\x85"
    new_format(tmp_path / "x.pth", pickled=instructions(ORDERED, items, b"R"))
    np.testing.assert_array_equal(
        pth.read(tmp_path / "x.pth")["w"], TENSORS["a.weight"].ravel()[:4:2]
    )


IMAGES = RANDOM.integers(0, 256, (2, 32, 47, 3), dtype="uint8")


@pytest.mark.parametrize("size", [(32, 47), (299, 299), (512, 400)])
def test_tf1_resize_is_that_of_tensorflow_1(size):
    tf = pytest.importorskip("tensorflow")
    images = RANDOM.integers(0, 256, (2, *size, 3), dtype="uint8")
    old = tf.compat.v1.image.resize_bilinear(images, (299, 299), align_corners=False)
    found = resize.tf1(images)
    np.testing.assert_array_equal(found, (old.numpy() - 128) / 128)
    assert found.dtype == np.float32


@pytest.mark.parametrize("size", [(32, 47), (299, 299), (512, 400)])
def test_pytorch_resize_is_that_of_pytorch(size):
    torch = pytest.importorskip("torch")
    images = RANDOM.integers(0, 256, (2, *size, 3), dtype="uint8")
    x = torch.tensor(images).permute(0, 3, 1, 2).float() / 255
    options = {"mode": "bilinear", "align_corners": False}
    expected = torch.nn.functional.interpolate(x, (299, 299), **options)
    expected = (2 * expected - 1).permute(0, 2, 3, 1).numpy()
    # The places between pixels are rounded otherwise.
    np.testing.assert_allclose(resize.pytorch(images), expected, atol=1e-5)
    expected = torch.nn.functional.interpolate(x.double(), (299, 299), **options)
    expected = (2 * expected - 1).permute(0, 2, 3, 1).numpy()
    # Pixels were divided by 255 in float32.
    found = resize.pytorch(images, "float64")
    np.testing.assert_allclose(found, expected, atol=2e-7)


@pytest.mark.parametrize("size", [(512, 512), (37, 300)])
def test_tf1_resize_in_float64_rounds_the_scale_only(size):
    image = RANDOM.integers(0, 256, (1, *size, 3), dtype="uint8")
    found = resize.tf1(image, "float64")[0]

    def between(number, side):
        low, share = divmod(number * float(np.float32(side / 299)), 1)
        return [int(low), min(int(low) + 1, side - 1)], [1 - share, share]

    for i, j in ((0, 0), (298, 298), (150, 7), (3, 291), (211, 160)):
        (rows, down), (columns, across) = between(i, size[0]), between(j, size[1])
        corners = image[0][np.ix_(rows, columns)].astype("float64")
        expected = (np.tensordot(np.outer(down, across), corners) - 128) / 128
        np.testing.assert_allclose(found[i, j], expected, atol=1e-12)


def test_clean_resize_is_pillows_of_single_channels():
    found = resize.clean(IMAGES)
    channel = Image.fromarray(IMAGES[1, ..., 2].astype("float32"))
    expected = np.asarray(channel.resize((299, 299), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(
        found[1, ..., 2], (expected.clip(0, 255) - 128) / np.float32(128)
    )


def test_protocols_differ_by_more_than_rounding():
    three = [f(IMAGES) for f in resize.PROTOCOLS.values()]
    assert np.abs(three[0] - three[1]).max() > 0.1
    assert np.abs(three[0] - three[2]).max() > 0.1


def published(seed=0):
    """Weights of the published names and shapes, of the right size for activations."""
    random, made = np.random.default_rng(seed), {}
    for layer in network.build().layers:
        if isinstance(layer, keras.layers.Conv2D):
            name = layer.name.replace("-", ".")
            height, width, fan, filters = layer.kernel.shape
            scale = np.sqrt(2 / (height * width * fan))
            kernel = random.normal(0, scale, (filters, fan, height, width))
            made[f"{name}.conv.weight"] = kernel
            made[f"{name}.bn.weight"] = random.uniform(0.8, 1.2, filters)
            made[f"{name}.bn.bias"] = random.normal(0, 0.1, filters)
            made[f"{name}.bn.running_mean"] = random.normal(0, 0.1, filters)
            made[f"{name}.bn.running_var"] = random.uniform(0.8, 1.2, filters)
    made["fc.weight"] = random.normal(0, 0.02, (1008, 2048))
    made["fc.bias"] = random.normal(0, 0.02, 1008)
    return {name: x.astype("float32") for name, x in made.items()}


@pytest.mark.parametrize("dtype, tolerance", [("float32", 2e-4), ("float64", 1e-6)])
def test_the_network_is_that_of_pytorch(dtype, tolerance):
    pytest.importorskip("torch")
    from torch_inception import Reference

    tensors = published()
    model = inception.build(dtype)
    inception.load(model, tensors)
    x = resize.tf1(IMAGES[:1], dtype)
    features, logits = (np.asarray(y) for y in model.predict_on_batch(x))
    expected = Reference(tensors)(x)
    assert features.shape == (1, 2048) and logits.shape == (1, 1008)
    assert features.dtype == dtype and expected[0].std() > 0.01
    np.testing.assert_allclose(features, expected[0], atol=tolerance)
    if keras.backend.backend() == "torch":
        # Keras multiplies matrices of float64 in float32 there.
        tolerance = max(tolerance, 2e-5)
    np.testing.assert_allclose(logits, expected[1], atol=tolerance)


def test_the_weights_must_be_those_of_the_network():
    model = inception.build()
    with pytest.raises(ValueError, match=r"Received: weights without .*Conv2d_1a_3x3"):
        inception.load(model, TENSORS)
    # Multiplied, two tensors of these shapes would have 4 TB.
    name = "Conv2d_1a_3x3"
    large = {f"{name}.conv.weight": np.zeros((1, 1, 1 << 20, 1), "uint8")}
    for part in ("weight", "bias", "running_mean", "running_var"):
        large[f"{name}.bn.{part}"] = np.zeros(1 << 20, "uint8")
    with pytest.raises(ValueError, match=r"shape \(32,\)\. Received: shape \(1048576,\)"):
        inception.load(model, large)


def test_weights_are_found_by_path_variable_or_download(tmp_path, monkeypatch):
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"download=True.*KGAN_INCEPTION"):
        weights.find()
    with pytest.raises(FileNotFoundError, match=r"Received: .*nowhere"):
        weights.find(tmp_path / "nowhere")
    given = tmp_path / "given.pth"
    given.write_bytes(b"weights")
    assert weights.find(given) == given
    monkeypatch.setenv(weights.VARIABLE, str(given))
    assert weights.find() == given


def test_a_download_is_checked_again(tmp_path, monkeypatch):
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    origin = tmp_path / "origin.pth"
    origin.write_bytes(b"weights")
    monkeypatch.setattr(weights, "ORIGIN", origin.as_uri())
    monkeypatch.setattr(weights, "SHA256", weights.sha256(origin))
    # Keras' own download, of a file on this machine.
    found = weights.find(download=True)
    assert found.read_bytes() == b"weights" and weights.find() == found
    found.write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"not the published file.*Received: .*pth"):
        weights.find()


def test_a_download_that_fails_says_where_the_file_may_be_put(tmp_path, monkeypatch):
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(weights, "ORIGIN", (tmp_path / "nowhere.pth").as_uri())
    with pytest.raises(ValueError, match=rf"can't be downloaded.*{tmp_path}.models"):
        weights.find(download=True)


def test_a_download_beside_a_read_only_home_is_found(tmp_path, monkeypatch):
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    # Where Keras has put the file.
    elsewhere = tmp_path / "other" / "models" / weights.NAME
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_bytes(b"weights")
    monkeypatch.setattr(weights, "SHA256", weights.sha256(elsewhere))
    monkeypatch.setattr(keras.utils, "get_file", lambda *a, **k: elsewhere)
    assert weights.find(download=True) == elsewhere
    monkeypatch.setattr(weights, "_NO_HOME", str(tmp_path / "other"))
    assert weights.find() == elsewhere


def test_other_weights_have_another_name(tmp_path, monkeypatch):
    monkeypatch.setattr(pth, "read", lambda path: {})
    monkeypatch.setattr(network, "load", lambda *arguments: None)
    path = tmp_path / "x.pth"
    path.write_bytes(b"random")
    extractor = kgan.metrics.Inception(path, protocol="clean")
    assert not extractor.is_fid
    assert extractor.name == f"inception_clean_{weights.sha256(path)[:8]}"
    assert extractor.protocol()["weights"] == weights.sha256(path)
    monkeypatch.setattr(weights, "SHA256", weights.sha256(path))
    assert kgan.metrics.Inception(path).is_fid
    assert kgan.metrics.Inception(path).name == "inception_tf1"
    with pytest.raises(ValueError, match="protocol='tf2'"):
        kgan.metrics.Inception(path, protocol="tf2")
