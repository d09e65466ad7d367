import hashlib
import pathlib
import zipfile

import keras
import numpy as np
import pytest
from helpers import numpy
from PIL import Image

import kgan
from kgan.data.batches import Batches


def test_digits_are_those_of_the_uci_set(digits):
    images, labels = kgan.data.load("digits")
    assert images.shape == (1797, 8, 8, 1) and images.dtype == np.uint8
    # Counts of the set's own description.
    np.testing.assert_array_equal(
        np.bincount(labels), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    )
    # The first image, a zero, as the set gives it, in steps of 1 / 16.
    row = np.rint(images[0, 0, :, 0] / 255 * 16)
    np.testing.assert_array_equal(row, [0, 0, 5, 13, 9, 1, 0, 0])
    assert labels[0] == 0


@pytest.mark.parametrize(
    "names", [("images", "labels"), ("x_train", "y_train"), ("arr_0", "arr_1")]
)
def test_npz_goes_round(tmp_path, names):
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 6), dtype="uint8")
    labels = np.arange(5).reshape(5, 1)
    path = tmp_path / "data.npz"
    np.savez(path, **dict(zip(names, (images, labels), strict=True)))
    loaded, loaded_labels = kgan.data.load(path)
    np.testing.assert_array_equal(loaded, images[..., None])
    np.testing.assert_array_equal(loaded_labels, np.arange(5))


def test_arrays_and_pairs_go_through():
    points = np.random.default_rng(0).standard_normal((7, 2))
    loaded, labels = kgan.data.load(points)
    assert loaded.dtype == np.float32 and labels is None
    np.testing.assert_allclose(loaded, points, rtol=1e-6)
    _, labels = kgan.data.load((points, np.arange(7)))
    np.testing.assert_array_equal(labels, np.arange(7))


def bad_files(folder):
    (folder / "text.npz").write_text("not an archive")
    (folder / "empty.npz").write_bytes(b"")
    np.savez(folder / "whole.npz", images=np.zeros((9, 8, 8), "uint8"))
    cut = (folder / "whole.npz").read_bytes()[:200]
    (folder / "cut.npz").write_bytes(cut)
    with zipfile.ZipFile(folder / "zip.npz", "w") as archive:
        archive.writestr("images.npy", b"no array")
    np.savez(folder / "pickle.npz", images=np.array([{}, {}], dtype=object))
    np.savez(folder / "other.npz", pictures=np.zeros((2, 2)))
    np.save(folder / "single.npy", np.zeros((2, 2)))
    (folder / "single.npy").rename(folder / "npy.npz")
    secret = bytearray((folder / "whole.npz").read_bytes())
    # The flags that say that it is encrypted, before the member and in the directory.
    for start, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        secret[secret.index(start) + offset] |= 1
    (folder / "secret.npz").write_bytes(secret)
    return ["text", "empty", "cut", "zip", "pickle", "other", "npy", "secret"]


def test_files_that_are_no_npz_are_named(tmp_path):
    for name in bad_files(tmp_path):
        with pytest.raises(ValueError, match=rf"npz.*Received: source='.*{name}.npz'"):
            kgan.data.load(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError, match=r"Received: source='.*none.npz'"):
        kgan.data.load(tmp_path / "none.npz")


@pytest.mark.parametrize(
    "source",
    [np.zeros((0, 8, 8), "uint8"), np.zeros(3), np.zeros((2, 2), "int64"), 7, (1, 2, 3)],
    ids=lambda source: f"{type(source).__name__}",
)
def test_sources_that_hold_no_samples_are_named(source):
    with pytest.raises(ValueError, match="Received: "):
        kgan.data.load(source)


def test_order_is_a_function_of_seed_and_epoch():
    x = np.arange(20)

    def epoch(seed, epoch):
        batches = Batches(x, 6, seed=seed, epoch=epoch)
        return np.concatenate([batches[i][0] for i in range(len(batches))])

    np.testing.assert_array_equal(epoch(1, 2), epoch(1, 2))
    np.testing.assert_array_equal(np.sort(epoch(1, 2)), x)
    assert (epoch(1, 2) != epoch(1, 3)).any() and (epoch(1, 2) != epoch(2, 2)).any()
    moving = Batches(x, 6, seed=1, epoch=2)
    moving.on_epoch_end()
    np.testing.assert_array_equal(moving[0][0], epoch(1, 3)[:6])


def test_fit_trains_on_each_sample_once_in_the_order_of_seed_and_epoch(tiny):
    seen = []

    @keras.saving.register_keras_serializable("tests")
    class Look(kgan.GAN):
        def training_step(self, batch):
            seen.append(np.array(batch[0])[:, 0])
            return super().training_step(batch)

    networks = tiny()
    gan = Look(networks.generator, networks.discriminator, seed=5)
    gan.compile(run_eagerly=True)
    data = np.stack([np.arange(10), np.zeros(10)], axis=1).astype("float32")
    gan.fit(data, batch_size=4, epochs=2, verbose=0)
    wanted = [np.random.default_rng((5, epoch)).permutation(10) for epoch in (0, 1)]
    np.testing.assert_array_equal(np.concatenate(seen), np.concatenate(wanted))
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2


def test_remainder_is_kept_or_dropped_by_choice():
    assert len(Batches(np.arange(10), 4)) == 3
    assert len(Batches(np.arange(10), 4, drop_remainder=True)) == 2
    assert len(Batches(np.arange(3), 4, drop_remainder=True)) == 1


def test_pixels_are_unchanged_by_scaling_there_and_back():
    pixels = np.arange(256, dtype="uint8")
    there = numpy(kgan.data.to_float(keras.ops.convert_to_tensor(pixels)))
    assert there.min() == -1 and there.max() == 1
    np.testing.assert_array_equal(kgan.data.to_uint8(there), pixels)
    scaled = kgan.data.scale_pixels(pixels.astype("float32"))
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, pixels.astype("float32") / 127.5 - 1)


@pytest.mark.parametrize("channels, mode", [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_grid_lays_pixels_out(channels, mode):
    images = np.random.default_rng(0).integers(0, 256, (5, 2, 3, channels), dtype="uint8")
    picture = kgan.data.grid(images, rows=2, columns=3, scale=4)
    assert picture.mode == mode
    # Two rows of 2 x 4 pixels and a gap of 1 between, before and after.
    assert picture.size == (3 * 13 + 1, 2 * 9 + 1)
    pixels = np.asarray(picture).reshape(19, 40, channels)
    for index, image in enumerate(images):
        row, column = divmod(index, 3)
        cell = pixels[1 + 9 * row :, 1 + 13 * column :][:8:4, :12:4]
        np.testing.assert_array_equal(cell, image)


def test_grid_refuses_samples_that_are_no_images():
    with pytest.raises(ValueError, match=r"Received: images.shape=\(5, 2\)"):
        kgan.data.grid(np.zeros((5, 2)))


def test_grid_of_floats_is_scaled(tmp_path):
    picture = kgan.data.grid(np.ones((1, 1, 1, 1), "float32"), scale=1)
    picture.save(tmp_path / "one.png")
    assert np.asarray(Image.open(tmp_path / "one.png")).max() == 255


@pytest.mark.parametrize(
    "samples",
    [
        np.arange(24, dtype="uint8").reshape(4, 2, 3),
        np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)[:, ::2],
    ],
)
def test_a_fingerprint_is_the_sha256_of_the_bytes(samples, tmp_path):
    expected = hashlib.sha256(samples.tobytes()).hexdigest()
    assert kgan.data.fingerprint(samples) == expected
    assert kgan.data.fingerprints(samples) == {"sha256": expected}
    (tmp_path / "bytes").write_bytes(samples.tobytes())
    if samples.dtype == np.uint8:
        store = kgan.data.Store(tmp_path / "bytes", samples.shape)
        assert kgan.data.fingerprint(store) == expected


def test_a_fingerprint_of_labels_is_of_int64():
    labels = np.array([3, 0, 1], "uint8")
    found = kgan.data.fingerprints(np.zeros((3, 1)), labels)
    expected = hashlib.sha256(labels.astype("int64").tobytes()).hexdigest()
    assert found["labels_sha256"] == expected


@pytest.mark.parametrize("value", [0, -1, 2.0, True, "2"])
@pytest.mark.parametrize("name", ["batch_size", "rows", "columns", "scale"])
def test_counts_out_of_range_are_named(name, value):
    images = np.zeros((5, 2, 2, 1), "uint8")
    function = Batches if name == "batch_size" else kgan.data.grid
    with pytest.raises(ValueError, match=f"`{name}` must be an int.*Received: {name}="):
        function(images, **{name: value})


@pytest.mark.parametrize("value", [-1, 2.0, True, None])
@pytest.mark.parametrize("name", ["seed", "epoch"])
def test_seeds_and_epochs_of_batches_are_ints_of_at_least_0(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be an int.*Received: {name}="):
        Batches(np.arange(5), **{name: value})


NO_ROWS = ["digits", 7, None, [], np.zeros((0, 2)), np.zeros((3, 2)) > 0, {"x": [1]}]


@pytest.mark.parametrize("x", NO_ROWS, ids=repr)
def test_batches_need_samples(x):
    message = r"`x` must be an array with a row of numbers .*Received: x="
    with pytest.raises(ValueError, match=message):
        Batches(x)
    with pytest.raises(ValueError, match=message):
        kgan.data.CaptionBatches(x, np.zeros((1, 2)))


@pytest.mark.parametrize(
    "labels, message",
    [
        (np.arange(4), "Received: 5 samples and 4 rows of labels"),
        ((np.arange(5), np.zeros((6, 2))), "Received: 5 samples and 6 rows of labels"),
        ([0, 1, 2], "Received: 5 samples and 3 rows of labels"),
        (7, "`labels` must be an array or arrays with a row of numbers"),
        (["a"] * 5, "`labels` must be an array or arrays with a row of numbers"),
        ([[0], [1, 2]], "one label for each sample. Received: labels of type list"),
    ],
    ids=repr,
)
def test_each_sample_of_batches_has_a_row_of_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        Batches(np.arange(5), labels=labels)


def test_batches_of_lists_are_those_of_arrays():
    samples, labels = [[0.0], [1.0], [2.0]], [5, 6, 7]
    batches = Batches(samples, 2, shuffle=False, labels=labels)
    found = [(x.ravel().tolist(), y.tolist()) for x, y in batches]
    assert found == [([0, 1], [5, 6]), ([2], [7])]


@pytest.mark.parametrize("name", ["shuffle", "drop_remainder"])
@pytest.mark.parametrize("value", [2, 1, "no", None])
def test_flags_of_batches_are_bools(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be True.*Received: {name}="):
        Batches(np.arange(5), **{name: value})


@pytest.mark.parametrize("value", [-1, 1.0, True, "1"])
def test_batches_have_numbers_of_at_least_0(value):
    batches = Batches(np.arange(5), 2)
    for function, name in ((batches.batch, "number"), (batches.order, "epoch")):
        with pytest.raises(ValueError, match=f"`{name}` must be an int of at least 0"):
            function(value)
    with pytest.raises(IndexError, match=r"`index` must be an int of 0 to 2\. R"):
        batches[value]


def test_an_epoch_of_batches_has_at_least_one():
    with pytest.raises(ValueError, match=r"Received: smallest=3, 2 samples"):
        Batches(np.arange(2), 4, smallest=3)


def test_ints_of_numpy_are_accepted():
    three = np.int64(3)
    batches = Batches(np.arange(7), three, seed=three, epoch=three)
    same = Batches(np.arange(7), 3, seed=3, epoch=3)
    np.testing.assert_array_equal(batches[0][0], same[0][0])
    options = {"size": (3, 3), "channels": 3, "background": (3, 3, 3), "workers": 3}
    of_numpy = {"size": (three, three), "channels": three, "workers": three}
    of_numpy["background"] = (three, three, three)
    found = kgan.data.Options(**of_numpy, seed=three, crop="random")
    assert found == kgan.data.Options(**options, seed=3, crop="random")
    # The key of the cache is made of the text.
    assert str(found.decoding) == "((3, 3), 3, 'random', (3, 3, 3), False, 3)"


@pytest.mark.parametrize("shape", [(), (2, -1), (2.0, 3), (True, 3), 7, None], ids=str)
def test_shapes_of_a_store_are_checked(tmp_path, shape):
    (tmp_path / "pixels").write_bytes(bytes(6))
    with pytest.raises(ValueError, match=r"`shape` must be .*Received: shape="):
        kgan.data.Store(tmp_path / "pixels", shape)
    assert kgan.data.Store(tmp_path / "pixels", (np.int64(2), 3)).nbytes == 6


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, np.nan, True, "half", 0.999])
def test_a_split_leaves_samples_in_both_parts(share):
    with pytest.raises(ValueError, match=r"`validation_split` must.*Received: "):
        kgan.data.split(np.zeros((5, 2)), share)


def test_a_split_takes_the_last_part():
    (first, _), (last, labels) = kgan.data.split((np.arange(10), np.arange(10)), 0.2)
    assert first.tolist() == list(range(8)) and last.tolist() == labels.tolist() == [8, 9]


def test_only_the_data_room_imports_the_reading_behind_it():
    root = pathlib.Path(kgan.__file__).parent
    paths = [path for path in root.rglob("*.py") if path.parts[len(root.parts)] != "data"]
    assert len(paths) > 50
    assert [path for path in paths if "data.reading" in path.read_text("utf-8")] == []
