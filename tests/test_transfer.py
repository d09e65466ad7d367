"""Training that starts from a trained GAN, and a discriminator of frozen first layers."""

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy, spoil

import kgan
from kgan.models import freezing

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (24, 8, 8, 1), dtype="uint8")
LABELS = np.arange(24) % 3
POINTS = RANDOM.uniform(-1, 1, (24, 2)).astype("float32")


def build(seed=0, shape=(8, 8, 1), latent_dim=4, width=4, num_classes=None):
    """Returns a GAN with batch normalisation, and with embeddings of labels."""
    keras.utils.set_random_seed(seed)
    generator = kgan.networks.small_generator(
        shape, latent_dim, width=width, num_classes=num_classes
    )
    discriminator = kgan.networks.small_discriminator(
        shape, width=width, num_classes=num_classes
    )
    gan = kgan.GAN(generator, discriminator, seed=seed)
    gan.compile()
    return gan


def networks(gan):
    return [gan.generator, gan.discriminator, gan.ema_generator]


def weights(gan):
    return [numpy(w) for network in networks(gan) for w in network.weights]


@pytest.fixture(scope="module")
def source():
    """A GAN of three classes, whose average differs from its generator."""
    gan = build(num_classes=3)
    gan.fit(IMAGES, LABELS, batch_size=8, epochs=2, verbose=0)
    return gan


@pytest.fixture(scope="module")
def file(source, tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "gan.keras"
    source.save(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gan", "file"])
def test_each_network_copies_its_own_weights_and_the_counters_begin_at_0(
    source, file, kind
):
    gan = build(seed=5, num_classes=3)
    assert gan.start_from(source if kind == "gan" else file) == []
    for found, expected in zip(weights(gan), weights(source), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(gan.sample(6, seed=1), source.sample(6, seed=1))
    generator, _, average = (network.get_weights() for network in networks(source))
    assert any((a != b).any() for a, b in zip(generator, average, strict=True))
    assert (int(gan.images_seen), int(gan.steps_seen), gan.epoch) == (0, 0, 0)
    assert gan.seed == 5
    assert int(gan.d_optimizer.iterations) == 0 < int(source.d_optimizer.iterations)


def test_the_average_remembers_the_source_also_in_a_file(tiny, tmp_path):
    trained = tiny(seed=2)
    trained.ema_generator.set_weights([w + 1 for w in trained.generator.get_weights()])
    gan = tiny(ema_half_life=100)
    gan.start_from(trained)
    gan.save(tmp_path / "gan.keras")
    gan = keras.models.load_model(tmp_path / "gan.keras")
    gan.compile()
    average = gan.ema_generator.get_weights()
    gan.train_on_batch(POINTS)
    # Without the ramp: 24 images, at a half-life of 100 images.
    kept = 0.5 ** (24 / 100)
    new = zip(average, gan.generator.get_weights(), strict=True)
    for found, (old, now) in zip(gan.ema_generator.get_weights(), new, strict=True):
        np.testing.assert_allclose(found, kept * old + (1 - kept) * now, atol=1e-6)


def test_an_average_may_be_missing_on_either_side(tiny):
    plain, averaged = tiny(seed=2, ema_half_life=None), tiny(seed=3)
    averaged.start_from(plain)
    for network in (averaged.generator, averaged.ema_generator):
        for one, other in zip(network.weights, plain.generator.weights, strict=True):
            np.testing.assert_array_equal(numpy(one), numpy(other))
    other = tiny(seed=4, ema_half_life=None)
    other.start_from(averaged)
    np.testing.assert_array_equal(other.sample(3, seed=1), plain.sample(3, seed=1))


@pytest.mark.slow
def test_weights_of_other_classes_stay_new_and_all_others_are_copied(source):
    gan = build(seed=5, num_classes=5)
    before = weights(gan)
    new = gan.start_from(source)
    counts = {"new": 0, "copied": 0}
    triples = zip(weights(gan), before, weights(source), strict=True)
    for found, old, trained in triples:
        differs = trained.shape != old.shape
        np.testing.assert_array_equal(found, old if differs else trained)
        counts["new" if differs else "copied"] += 1
    tables = {w.path for n in networks(gan)[:2] for w in n.weights if 5 in w.shape[:1]}
    assert set(new) == tables
    assert counts["new"] > len(new) > 0 and counts["copied"] > 10
    gan.fit(IMAGES, np.arange(24) % 5, batch_size=8, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"shape": (16, 16, 1), "num_classes": 3},
            r"`sample_shape` of the GAN, \(16, 16, 1\)\. Received: source with sample_s",
        ),
        (
            {"latent_dim": 6, "num_classes": 3},
            r"`latent_dim` of the GAN, 6\. Received: source with latent_dim=4",
        ),
        ({}, r"take labels.*Received: num_classes=None, source with num_classes=3"),
        (
            {"width": 6, "num_classes": 3},
            r"same preset.*generator of the source with .* of shape .*, expected",
        ),
    ],
    ids=["shape", "latent_dim", "labels", "width"],
)
def test_other_networks_are_named_before_a_weight_changes(source, options, message):
    gan = build(seed=5, **options)
    before = weights(gan)
    with pytest.raises(ValueError, match=message):
        gan.start_from(source)
    for found, old in zip(weights(gan), before, strict=True):
        np.testing.assert_array_equal(found, old)
    assert gan.get_config()["ema_ramp"] == 0.05


def test_networks_of_other_depth_and_names_are_named(tiny):
    def other(hidden):
        return kgan.GAN(
            kgan.networks.mlp_generator((2,), 3, hidden=(5,), activation=None),
            kgan.networks.mlp_discriminator((2,), hidden),
        )

    with pytest.raises(ValueError, match=r"discriminator of the source with .* of shape"):
        tiny().start_from(other((7,)))
    with pytest.raises(ValueError, match="with 6 weights, expected 4"):
        first = keras.Sequential([keras.Input((2,)), keras.layers.Dense(5)])
        first.add(keras.layers.Dense(1))
        second = keras.Sequential([*first.layers, keras.layers.Dense(1)])
        generators = [keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])] * 2
        one, two = map(kgan.GAN, generators, (first, second))
        one.start_from(two)


@pytest.mark.slow
def test_sources_that_are_no_trained_gan_are_refused(tiny, source, tmp_path):
    with pytest.raises(ValueError, match=r"path that ends in \.keras.*source='a\.h5'"):
        tiny().start_from("a.h5")
    with pytest.raises(ValueError, match=r"`kgan\.GAN`, or the path.*Received: source="):
        tiny().start_from(tiny().generator)
    path = str(tmp_path / "generator.keras")
    tiny().generator.save(path)
    with pytest.raises(ValueError, match=r"`kgan\.GAN`, or the path.*Received: source="):
        tiny().start_from(path)
    bad = tiny(seed=2)
    spoil(bad.ema_generator.weights[0])
    with pytest.raises(ValueError, match=r"finite weights.*Received: source="):
        tiny().start_from(bad)
    gan = tiny()
    gan.compile()
    gan.train_on_batch(POINTS)
    with pytest.raises(ValueError, match=r"before its first batch.*seen 24 images"):
        gan.start_from(tiny())


def compiled(gan, optimizer="adam", **options):
    gan.compile(optimizer=keras.optimizers.get(optimizer), **options)
    return gan


@pytest.mark.slow
def test_optimizers_go_on_where_the_source_ended(tiny, tmp_path):
    trained = compiled(tiny(seed=2))
    trained.fit(POINTS, batch_size=8, verbose=0)
    trained.save(tmp_path / "gan.keras")
    for one in (trained, tmp_path / "gan.keras"):
        gan = compiled(tiny(), keras.optimizers.Adam(0.5))
        gan.start_from(one, optimizers=True)
        for ours, theirs in zip(
            gan.optimizer.optimizers, trained.optimizer.optimizers, strict=True
        ):
            assert float(numpy(ours.learning_rate)) == 0.5
            for v, other in zip(ours.variables, theirs.variables, strict=True):
                if v.name != "learning_rate":
                    np.testing.assert_array_equal(numpy(v), numpy(other))
    for other, message in (
        (compiled(tiny(), "sgd"), "Received: SGD with"),
        (compiled(tiny(), freeze_d=1), "train the same weights.*Received: Adam with"),
        (tiny(), "compile both.*Received: optimizers=True, compiled=False"),
    ):
        with pytest.raises(ValueError, match=message):
            other.start_from(trained, optimizers=True)


def frozen_and_others(gan, count):
    """Returns the values of the first and of the other trainable weights."""
    first = freezing.first_weights(gan.discriminator, count)
    ids = {id(w) for w in first}
    others = [w for w in gan.discriminator.trainable_weights if id(w) not in ids]
    return [[numpy(w).copy() for w in part] for part in (first, others)]


def assert_only_others_change(gan, count, train):
    first, others = frozen_and_others(gan, count)
    train()
    after, changed = frozen_and_others(gan, count)
    for a, b in zip(first, after, strict=True):
        np.testing.assert_array_equal(a, b)
    assert first and all((a != b).any() for a, b in zip(others, changed, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("eager", [True, False])
def test_frozen_layers_do_not_train_also_after_loading(tmp_path, eager):
    if eager and keras.backend.backend() == "jax":
        pytest.skip("JAX has no eager steps")
    gan, options = build(), {"batch_size": 8, "verbose": 0}
    adam = keras.optimizers.AdamW(1e-2)
    gan.compile(
        optimizer=adam,
        penalties=[kgan.penalties.R1(0.1)],
        freeze_d=1,
        run_eagerly=eager,
    )
    combined, generator = (
        {id(v) for v in model.trainable_variables}
        for model in (gan.combined, gan.generator)
    )
    assert combined == generator
    assert_only_others_change(gan, 1, lambda: gan.fit(IMAGES, **options))
    gan.save(tmp_path / "gan.keras")
    other = keras.models.load_model(tmp_path / "gan.keras")
    assert other.recipe.freeze_d == 1
    go_on = {"epochs": 2, "initial_epoch": 1, **options}
    assert_only_others_change(other, 1, lambda: other.fit(IMAGES, **go_on))
    gan.fit(IMAGES, **go_on)
    # The run that was saved and loaded is the run without an interruption.
    assert_same_state(gan, other)


def test_layers_are_counted_from_the_input():
    inputs = keras.Input((4,))
    inner = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(4, name="a"), keras.layers.ReLU()]
    )
    inner.add(kgan.layers.SpectralNormalization(keras.layers.Dense(4, name="b")))
    x = kgan.layers.Frozen(keras.layers.Dense(4, name="never"))(inputs)
    x = keras.layers.BatchNormalization(name="c")(inner(x))
    model = keras.Model(inputs, keras.layers.Dense(1, name="d")(x))
    names = [
        [next(part for part in w.path.split("/")[::-1] if part in "abcd") for w in found]
        for found in (freezing.first_weights(model, count) for count in range(5))
    ]
    expected = ["", "aa", "aabb", "aabbcc", "aabbccdd"]
    assert ["".join(found) for found in names] == expected


def test_layers_of_conditions_are_not_frozen():
    samples, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    shared = keras.layers.Dense(4, name="b")
    x, y = keras.Input((4,)), keras.Input((4,))
    inner = keras.Model(
        [x, y],
        keras.layers.Dense(4, name="c")(x) * keras.layers.Dense(4, name="label_2")(y),
    )
    x = shared(shared(keras.layers.Dense(4, name="a")(samples)))
    y = kgan.layers.LabelEmbedding(3, 4, name="label")(labels)
    for _ in range(6):  # As long as the way of the samples, or longer.
        y = keras.layers.ReLU()(y)
    logit = keras.layers.Dense(1, name="d")(inner([x, keras.layers.Dense(4)(y)]))
    model = keras.Model([samples, labels], logit)
    paths = [w.path for w in freezing.first_weights(model, 9) if "kernel" in w.path]
    assert [path.split("/")[-2] for path in paths] == ["a", "b", "c", "d"]


def test_freezing_that_leaves_nothing_or_has_no_order_is_refused(tiny):
    with pytest.raises(ValueError, match=r"must be below 2.*Received: freeze_d=2"):
        tiny().compile(freeze_d=2)
    with pytest.raises(ValueError, match=r"`freeze_d` must be an int of at least 0"):
        tiny().compile(freeze_d=-1)

    @keras.saving.register_keras_serializable("tests")
    class Unordered(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(1)
            self.first = keras.layers.Dense(5)

        def build(self, shape):
            self.first.build(shape)
            self.last.build((None, 5))

        def call(self, x):
            return self.last(self.first(x))

        def get_config(self):
            return {}

    gan = kgan.GAN(tiny().generator, Unordered())
    with pytest.raises(ValueError, match=r"no order.*freeze_d=1, discriminator of type"):
        gan.compile(freeze_d=1)
