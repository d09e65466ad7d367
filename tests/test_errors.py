"""Bad input is named, with what was received, before anything trains."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan

# Checks of arguments and long trainings, the same with any backend.
pytestmark = pytest.mark.slow

NAN = np.zeros((8, 8, 8, 1), "float32")
NAN[3, 2, 1, 0] = np.nan


@pytest.fixture
def gan():
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
    )
    gan.compile()
    return gan


DIGITS = np.zeros((8, 8, 8, 1), "uint8")
CONDITIONS = kgan.data.Conditions.of_labels(3)


class Given(keras.utils.PyDataset):
    """Yields the result of a function as each batch."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.make((8, 8, 8, 1))


BATCHED = tf.data.Dataset.from_tensor_slices(DIGITS)
BAD_DATA = {
    "none": (None, r"`x` is missing.*Received: x=None"),
    "empty": (DIGITS[:0], r"`x` is empty.*Received: x.shape=\(0, 8, 8, 1\)"),
    "rank": (DIGITS[..., 0], r"\(8, 8, 1\).*Received: x.shape=\(8, 8, 8\)"),
    "size": (np.zeros((8, 9, 8, 1), "uint8"), r"Received: x.shape=\(8, 9, 8, 1\)"),
    "nan": (NAN, r"NaN.*Received: x with 1 of them among 512"),
    "0..255": (
        np.full((8, 8, 8, 1), 255.0, "float32"),
        r"from 255 to 255.*between -1 and 1.*Received: x of dtype float32",
    ),
    "int64": (DIGITS.astype("int64"), r"uint8.*Received: x of dtype int64"),
    "dict": ({"image": DIGITS}, r"Received: x of type dict"),
    "name": ("digits", r"`kgan.data.load` reads.*Received: x='digits'"),
    "path": (pathlib.Path("faces"), r"`kgan.data.load` reads.*Received: x=PosixPath"),
    "number": (7, r"`x` must be an array.*Received: x of type int"),
    "unbatched": (BATCHED, r"call `.batch\(64\)`.*shape \(8, 8, 1\)"),
    "dict batches": (
        tf.data.Dataset.from_tensor_slices({"image": DIGITS}).batch(4),
        r"Received: x that yields dicts with keys \['image'\]",
    ),
    "float batches": (
        tf.data.Dataset.from_tensor_slices(DIGITS.astype("float32") + 200).batch(4),
        r"from 200 to 200",
    ),
    "empty dataset": (BATCHED.take(0).batch(2), r"`x` is empty"),
    "list of several sizes": (
        [DIGITS[0], DIGITS[0, :6]],
        r"of one shape.*Received: x of type list with shapes \(6, 8, 1\), \(8, 8, 1\)",
    ),
    "ragged lists": ([[[1], [2, 3]]], r"of one shape.*Received: x of type list \("),
    "ragged batches": (
        iter([[[[1.0], [2.0, 3.0]]]]),
        r"of one shape.*Received: x of type",
    ),
    "batches of arrays": (
        kgan.data.Batches(NAN, 4, shuffle=False),
        r"`x` has NaN.*Received: x with 1 of them among 512",
    ),
    "tensors of a PyDataset": (Given(tf.zeros), r"Received: x that yields EagerTensor"),
    "one nan of a tuple": ((NAN,), r"`x` has NaN"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_fit_refuses_data(gan, case):
    data, message = BAD_DATA[case]
    before = gan.get_weights()
    with pytest.raises(ValueError, match=message):
        gan.fit(data, verbose=0)
    for a, b in zip(before, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


LABELS = np.arange(8) % 3
BAD_LABELS = {
    "last too large": (np.arange(8), r"of 0 to 2.*from 0 to 7"),
    "last negative": (np.append(LABELS[1:], -1), r"of 0 to 2.*from -1 to 2"),
    "huge": (np.append(LABELS[1:], 2**62), r"of 0 to 2.*from 0 to 4611686018427387904"),
    "unsigned": (LABELS.astype("uint64") + 2**63, r"of 0 to 2.*from 92233720368547758"),
    "objects": (np.append(LABELS[1:].astype(object), 2**70), r"dtype object"),
    "nan": (np.append(LABELS[1:], np.nan), r"must be ints.*dtype float64"),
    "bools": (LABELS > 0, r"must be ints.*dtype bool"),
    "texts": (LABELS.astype(str), r"must be ints.*dtype <U"),
    "one-hot": (np.eye(8, dtype="int32"), r"must be ints.*shape \(8, 8\)"),
    "ragged": ([[0], [1, 2]] * 4, r"one label for each.*labels of x of type list"),
    "too few": (LABELS[:7], r"8 samples and 7 labels"),
    "missing": (None, r"x without labels"),
}


@pytest.mark.parametrize("kind", ["array", "pair", "store", "batches"])
@pytest.mark.parametrize("case", BAD_LABELS)
def test_all_labels_of_arrays_are_checked(tmp_path, kind, case):
    labels, message = BAD_LABELS[case]
    x = DIGITS
    if kind == "store":
        (tmp_path / "pixels").write_bytes(DIGITS.tobytes())
        x = kgan.data.Store(tmp_path / "pixels", DIGITS.shape)
    if kind == "pair" and labels is not None:
        x, labels = (DIGITS, labels), None
    if kind == "batches":
        # Some labels are refused before the number of classes is known.
        message += "|row of numbers|8 samples and 7 rows|one label for each sample"
    with pytest.raises(ValueError, match=message):
        if kind == "batches":
            x, labels = kgan.data.Batches(DIGITS, 4, shuffle=False, labels=labels), None
        kgan.data.prepare(
            x,
            kgan.data.DataCheck((8, 8, 1), conditions=kgan.data.Conditions.of_labels(3)),
            y=labels,
        )


def test_a_tuple_of_samples_trains_as_the_samples(gan):
    batches, _, _ = kgan.data.prepare((DIGITS,), kgan.data.DataCheck((8, 8, 1)), 4)
    np.testing.assert_array_equal(np.sort(batches.order(0)), np.arange(8))
    (first, _), (last, _) = kgan.data.split((DIGITS,), 0.5)
    assert len(first) == len(last) == 4


def test_batches_of_a_loader_of_single_tensors_are_tuples():
    torch = pytest.importorskip("torch")
    pixels = torch.arange(8 * 64, dtype=torch.float32).reshape(8, 8, 8, 1) / 512
    loader = torch.utils.data.DataLoader(pixels, batch_size=4)
    (data, _), first, _ = kgan.data.prepare(loader, kgan.data.DataCheck((8, 8, 1)))
    assert first.shape == (4, 8, 8, 1) and [len(batch) for batch in data] == [1, 1]
    np.testing.assert_array_equal(np.concatenate([x for (x,) in data]), pixels)
    # The user's own loader is not changed.
    assert next(iter(loader)).shape == (4, 8, 8, 1)


@pytest.mark.parametrize("kind", ["loader", "list of a generator"])
def test_samples_of_several_kinds_of_batches_reach_the_step(gan, kind):
    torch = pytest.importorskip("torch")
    pixels = torch.zeros((8, 8, 8, 1))
    loader = torch.utils.data.DataLoader(pixels, batch_size=4)
    data = loader if kind == "loader" else ([batch.numpy()] for batch in loader)
    gan.fit(data, verbose=0)
    assert gan.images_seen == 8


@pytest.mark.backends("tensorflow", "jax", reason="PyTorch trains on numpy batches")
def test_numpy_batches_of_a_loader_are_refused(gan):
    torch = pytest.importorskip("torch")
    loader = torch.utils.data.DataLoader(DIGITS, batch_size=4, collate_fn=np.stack)
    with pytest.raises(ValueError, match=r"PyTorch tensors.*Received: x that yields nda"):
        gan.fit(loader, verbose=0)


def test_validation_data_is_checked_too(gan):
    with pytest.raises(ValueError, match=r"`validation_data` has NaN"):
        gan.fit(DIGITS, validation_data=NAN, verbose=0)
    with pytest.raises(ValueError, match=r"`validation_split`.*Received: .*=1.5"):
        gan.fit(DIGITS, validation_split=1.5, verbose=0)


@pytest.mark.parametrize("size", [0, -1, 2.5, True])
def test_fit_refuses_batch_size(gan, size):
    with pytest.raises(ValueError, match=rf"`batch_size`.*Received: batch_size={size}"):
        gan.fit(DIGITS, batch_size=size)


def test_batch_must_divide_and_the_error_proposes_one_that_does(gan):
    gan.compile(d_steps=3)
    with pytest.raises(
        ValueError, match=r"for example 9\. Received: batch_size=8, d_steps=3"
    ):
        gan.fit(DIGITS, batch_size=8)


def test_batch_size_of_a_dataset_is_refused(gan):
    with pytest.raises(ValueError, match=r"Received: batch_size=4, x of type"):
        gan.fit(BATCHED.batch(4), batch_size=4)


@pytest.mark.parametrize("name", ["class_weight", "sample_weight"])
def test_weights_are_refused(gan, name):
    with pytest.raises(ValueError, match=f"`{name}`.*Received: {name} that is not None"):
        gan.fit(DIGITS, **{name: [1.0]})


def network(inputs, outputs):
    return keras.Sequential([keras.Input(inputs), keras.layers.Dense(outputs)])


BAD_NETWORKS = {
    "latent_dim": (lambda: kgan.GAN(network((4,), 2), network((2,), 1), latent_dim=5),
                   r"`latent_dim`.*input, 4\. Received: latent_dim=5"),
    "no latent_dim": (lambda: kgan.GAN(keras.Sequential([keras.layers.Dense(2)]),
                                       network((2,), 1)),
                      r"`latent_dim`.*Received: latent_dim=None"),
    "three outputs": (lambda: kgan.GAN(network((4,), 2), network((2,), 3)),
                      r"Received: discriminator with output shape \(None, 3\)"),
    "mismatch": (lambda: kgan.GAN(network((4,), 2), network((3,), 1)),
                 r"output shape \(None, 2\), discriminator with input shape \(None, 3\)"),
    "no model": (lambda: kgan.GAN(network((4,), 2), "dcgan"),
                 r"`discriminator` must be a `keras.Model`\. Received: .* type str"),
    "latents of rank 3": (lambda: kgan.GAN(network((4, 4), 2), network((2,), 1)),
                          r"Received: generator with input shape \(None, 4, 4\)"),
    "half-life": (lambda: kgan.GAN(network((4,), 2), network((2,), 1), ema_half_life=-1),
                  r"`ema_half_life`.*Received: ema_half_life=-1"),
    "noise": (lambda: kgan.GAN(network((4,), 2), network((2,), 1), noise="pink"),
              r"uniform.*Received: noise='pink'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_NETWORKS)
def test_gan_refuses_networks(case):
    build, message = BAD_NETWORKS[case]
    with pytest.raises(ValueError, match=message):
        build()


def test_one_model_for_both_is_refused():
    model = network((2,), 1)
    with pytest.raises(ValueError, match="two models"):
        kgan.GAN(model, model)


ADAM = keras.optimizers.Adam()
BAD_COMPILE = {
    "loss": ({"loss": "gan"}, r"hinge, least_squares, minimax.*Received: loss='gan'"),
    "same optimizer": (
        {"g_optimizer": ADAM, "d_optimizer": ADAM},
        r"`g_optimizer` and `d_optimizer` must be two.*Received: g_optimizer=",
    ),
    "optimizer and one more": (
        {"optimizer": "adam", "d_optimizer": "sgd"},
        r"`optimizer` sets both.*Received: optimizer=.*d_optimizer='sgd'",
    ),
    "d_steps": ({"d_steps": 0}, r"`d_steps`.*Received: d_steps=0"),
    "g_steps": ({"g_steps": 1.5}, r"`g_steps`.*Received: g_steps=1.5"),
    "reuse_fakes": ({"reuse_fakes": 1}, r"`reuse_fakes`.*Received: reuse_fakes=1"),
    "noise_batch_size": ({"noise_batch_size": 0}, r"Received: noise_batch_size=0"),
    "penalties": ({"penalties": ["r3"]}, r"r1, r2.*Received: penalties='r3'"),
}


@pytest.mark.parametrize("case", BAD_COMPILE)
def test_compile_refuses(gan, case):
    arguments, message = BAD_COMPILE[case]
    with pytest.raises(ValueError, match=message):
        gan.compile(**arguments)


def test_an_optimizer_of_other_variables_is_refused(tiny):
    used, other = tiny(), tiny()
    used.compile()
    message = r"`g_optimizer` keeps the moments.*Received: g_optimizer that was built"
    with pytest.raises(ValueError, match=message):
        other.compile(used.g_optimizer, used.d_optimizer)
    with pytest.raises(ValueError, match="`d_optimizer` keeps the moments"):
        other.compile(keras.optimizers.Adam(), used.d_optimizer)
    # The optimizers of the same networks go on.
    used.compile(used.g_optimizer, used.d_optimizer)
    next(x for x in used.generator.layers if x.weights).trainable = False
    with pytest.raises(ValueError, match="from before a change of `trainable`"):
        used.compile(used.g_optimizer, used.d_optimizer)


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_a_change_of_trainable_after_a_fit_is_refused(tiny, network):
    gan, samples = tiny(), np.zeros((8, 2), "float32")
    gan.compile()
    gan.fit(samples, verbose=0)
    next(x for x in getattr(gan, network).layers if x.weights).trainable = False
    before = int(gan.images_seen.numpy())
    with pytest.raises(ValueError, match="Call `compile` again after a change of"):
        gan.fit(samples, verbose=0)
    assert int(gan.images_seen.numpy()) == before
    gan.compile()
    gan.fit(samples, verbose=0)


def test_two_outputs_need_a_keras_loss(tiny):
    with pytest.raises(ValueError, match=r"MeanSquaredError.*output shape \(None, 2\)"):
        tiny(outputs=2).compile(loss="hinge")


def test_unequal_numbers_are_refused_by_the_paired_loss(tiny):
    gan = tiny()
    gan.compile(loss="relativistic", noise_batch_size=4)
    with pytest.raises(ValueError, match="Received: 8 reals and 4 fakes"):
        gan.fit(np.zeros((8, 2), "float32"), batch_size=8, verbose=0)


def test_a_sigmoid_under_a_loss_on_logits_is_named(tiny):
    judge = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")]
    )
    gan = kgan.GAN(tiny().generator, judge)
    with pytest.warns(UserWarning, match="ends in a sigmoid"):
        gan.compile()
    gan.compile(loss="binary_crossentropy")
    for loss in (keras.losses.BinaryCrossentropy(), "bce", "kl_divergence"):
        with pytest.warns(UserWarning, match="from_logits=True"):
            tiny().compile(loss=loss)


@pytest.mark.filterwarnings("ignore:.*from_logits=True")
@pytest.mark.parametrize(
    "outputs, loss, message",
    [
        (1, "categorical_crossentropy", r"\(None, 1\).*loss='categorical_c"),
        (1, lambda true, found: keras.ops.zeros_like(true), r"same.* loss=<lambda>"),
        (2, "sparse_categorical_crossentropy", r"can't read.*\(None, 2\)"),
    ],
    ids=["one class", "zeros", "sparse"],
)
def test_keras_losses_that_teach_nothing_are_refused(tiny, outputs, loss, message):
    with pytest.raises(ValueError, match=message):
        tiny(outputs=outputs).compile(loss=loss)


def test_generator_that_cannot_be_copied_is_named():
    class Closed(keras.Model):
        def __init__(self, secret):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def build(self, shape):
            self.dense.build(shape)

        def call(self, x):
            return self.dense(x)

    with (
        pytest.warns(UserWarning, match="Closed can't be saved"),
        pytest.raises(ValueError, match=r"`ema_half_life=None`.*Received: generator="),
    ):
        kgan.GAN(Closed(1), network((2,), 1), latent_dim=3)
    with pytest.warns(UserWarning, match="Closed can't be saved"):
        gan = kgan.GAN(Closed(1), network((2,), 1), latent_dim=3, ema_half_life=None)
    assert gan.sample(2).shape == (2, 2)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"n": 0}, "Received: n=0"),
        ({"z": np.zeros((2, 5))}, r"\(n, 4\).*Received: z.shape=\(2, 5\)"),
        ({"z": np.zeros((2, 4)), "n": 3}, r"Received: n=3, z.shape=\(2, 4\)"),
        ({"n": 2, "batch_size": 0}, "Received: batch_size=0"),
        ({"n": 2, "noise": "pink"}, "Received: noise='pink'"),
    ],
    ids=str,
)
def test_sample_refuses(gan, arguments, message):
    with pytest.raises(ValueError, match=message):
        gan.sample(**arguments)


@pytest.mark.parametrize("seed", [-1, 2**31 - 1, 1.5])
def test_seeds_that_some_backend_cannot_take(tiny, seed):
    with pytest.raises(ValueError, match=f"Received: seed={seed}"):
        tiny(seed=seed)


ENDLESS = BATCHED.batch(4).repeat()


class EndlessBatches(Given):
    @property
    def num_batches(self):
        return None


@pytest.mark.parametrize("data", [ENDLESS, EndlessBatches(np.zeros)], ids=["tf", "Py"])
@pytest.mark.parametrize(
    "argument, steps",
    [("x", "steps_per_epoch"), ("validation_data", "validation_steps"), ("x", "steps")],
)
def test_endless_data_needs_a_number_of_batches(gan, data, argument, steps):
    message = rf"`{argument}` is endless.*`{steps}`.*Received: {steps}=None"
    run = gan.evaluate if steps == "steps" else gan.fit
    with pytest.raises(ValueError, match=message):
        run(**{"x": DIGITS} | {argument: data}, verbose=0)
    assert gan.images_seen == 0


@pytest.mark.parametrize("value", [0, -1, 1.5, "a", [], [0]])
def test_validation_freq_is_checked_before_training(gan, value):
    with pytest.raises(ValueError, match=r"`validation_freq`.*Received: validation_freq"):
        gan.fit(DIGITS, validation_data=DIGITS, validation_freq=value)
    assert gan.images_seen == 0


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"x": DIGITS[..., 0]}, r"Received: x.shape=\(8, 8, 8\)"),
        ({"x": NAN}, "`x` has NaN"),
        ({"x": None}, "`x` is missing"),
        ({"x": DIGITS, "sample_weight": np.ones(8)}, "`sample_weight` can't be used"),
        ({"x": DIGITS, "class_weight": {0: 1.0}}, "`class_weight` can't be used"),
    ],
    ids=["rank", "nan", "none", "sample_weight", "class_weight"],
)
def test_a_single_batch_is_checked_too(gan, method, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(gan, method)(**arguments)
    assert gan.images_seen == 0


def test_a_single_batch_of_any_size_trains(gan):
    gan.compile(d_steps=3, run_eagerly=True)
    gan.train_on_batch(np.zeros((9, 8, 8, 1), "uint8"))
    assert gan.images_seen == 9
    gan.test_on_batch(DIGITS[:1])


def test_metrics_name_the_dtype_that_was_received(gan):
    with pytest.raises(ValueError, match=r"uint8 images.*dtype float32 and shape"):
        gan.evaluate(DIGITS.astype("float32"), metrics="fd", verbose=0)
