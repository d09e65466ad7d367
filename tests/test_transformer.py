"""The attention of transformers against numpy; the pair of networks."""

import keras
import numpy as np
import pytest
from helpers import numpy, on_pytorch

import kgan

RANDOM = np.random.default_rng(0)
SMALL = {"width": 8, "depth": 1, "num_heads": 2}


def attend(query, key, value):
    """One head of one sample."""
    weights = np.exp(query @ key.T / np.sqrt(query.shape[1]))
    return weights / weights.sum(axis=1, keepdims=True) @ value


@pytest.mark.parametrize(
    "tokens, channels, heads",
    [((5, 5), (6, 6), 2), ((3, 7), (4, 6), 2), ((1, 1), (4, 4), 4), ((4, 1), (3, 5), 1)],
)
def test_attention_is_its_formula(tokens, channels, heads):
    """Queries and keys may have other channels than values, and other tokens."""
    query = RANDOM.standard_normal((3, tokens[0], channels[0])).astype("float32")
    key = RANDOM.standard_normal((3, tokens[1], channels[0])).astype("float32")
    value = RANDOM.standard_normal((3, tokens[1], channels[1])).astype("float32")
    layer = kgan.layers.ScaledDotProductAttention(heads)
    found = numpy(layer([query, key, value]))
    wanted = np.stack(
        [
            np.concatenate(
                [
                    attend(*parts)
                    for parts in zip(
                        *(np.split(x, heads, axis=1) for x in sample), strict=True
                    )
                ],
                axis=1,
            )
            for sample in zip(query, key, value, strict=True)
        ]
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    shapes = [query.shape, key.shape, value.shape]
    assert layer.compute_output_shape(shapes) == found.shape
    assert layer.weights == []


def test_attention_agrees_with_keras():
    x = RANDOM.standard_normal((2, 5, 6)).astype("float32")
    theirs = keras.layers.MultiHeadAttention(2, 3)
    wanted = numpy(theirs(x, x))
    kernels = [numpy(w) for w in theirs.weights if w.name == "kernel"]
    parts = [x @ kernel.reshape(6, 6) for kernel in kernels[:3]]
    mixed = numpy(kgan.layers.ScaledDotProductAttention(2)(parts))
    found = mixed @ kernels[3].reshape(6, 6)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_patches_lie_where_their_tokens_are():
    """The last dense layer draws the pixels of a patch row by row."""
    generator = kgan.networks.transformer_generator((5, 7, 2), 3, patch_size=3, **SMALL)
    steps = [type(layer).__name__ for layer in generator.layers]
    last = len(steps) - 1 - steps[::-1].index("Dense")
    last = generator.layers[last]
    draw = keras.Model(last.output, generator.output)
    patches = RANDOM.uniform(-1, 1, (1, 2 * 3, 3 * 3 * 2)).astype("float32")
    image = np.empty((6, 9, 2))
    for token, patch in enumerate(patches[0]):
        i, j = divmod(token, 3)
        image[3 * i : 3 * i + 3, 3 * j : 3 * j + 3] = patch.reshape(3, 3, 2)
    np.testing.assert_allclose(numpy(draw(patches))[0], np.tanh(image[:5, :7]), rtol=1e-5)


def test_parameters_by_hand():
    w, d, p, c, z = 8, 3, 2, 3, 5
    options = {"width": w, "depth": d, "num_heads": 2, "patch_size": p}
    tokens = 4 * 3
    block = 4 * (w * w + w) + 2 * 4 * w * w + 4 * w + w
    style = w * w + w
    generator = kgan.networks.transformer_generator((8, 6, c), z, **options)
    by_hand = (z * w + w) + style + tokens * w + d * block
    by_hand += (2 * d + 1) * 2 * style + w * p * p * c + p * p * c
    assert generator.count_params() == by_hand
    discriminator = kgan.networks.transformer_discriminator((8, 6, c), **options)
    by_hand = p * p * c * w + w + tokens * w + d * block + (2 * d + 1) * 2 * w + w + 1
    assert discriminator.count_params() == by_hand


def test_each_image_is_judged_and_drawn_by_itself():
    generator = kgan.networks.transformer_generator((8, 8, 1), 3, **SMALL)
    discriminator = kgan.networks.transformer_discriminator((8, 8, 1), **SMALL)
    z = RANDOM.standard_normal((4, 3)).astype("float32")
    x = RANDOM.uniform(-1, 1, (4, 8, 8, 1)).astype("float32")
    for network, inputs in ((generator, z), (discriminator, x)):
        together = numpy(network(inputs))
        alone = np.concatenate([numpy(network(inputs[i : i + 1])) for i in range(4)])
        np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)
        assert np.ptp(together, axis=0).max() > 1e-3


def test_the_place_of_a_patch_counts():
    discriminator = kgan.networks.transformer_discriminator((8, 8, 1), **SMALL)
    x = RANDOM.uniform(-1, 1, (1, 8, 8, 1)).astype("float32")
    logits = numpy(discriminator(np.concatenate([x, np.roll(x, 4, axis=1)])))
    assert abs(logits[0] - logits[1]) > 1e-4


@pytest.mark.parametrize("name", ["transformer_generator", "transformer_discriminator"])
@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_heads": 3}, r"`num_heads` must divide `width`.*num_heads=3, width=8"),
        ({"depth": 65}, r"`depth` must be.*Received: depth=65"),
        ({"patch_size": 0}, r"`patch_size` must be.*Received: patch_size=0"),
        (
            {"image_shape": (1024, 1024, 3)},
            r"`patch_size` must be larger: .*65,536 patches.*Received: patch_size=4, im",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(name, options, message):
    given = {"image_shape": (8, 8, 1), **SMALL, **options}
    with pytest.raises(ValueError, match=message):
        getattr(kgan.networks, name)(**given)


@pytest.mark.slow
@pytest.mark.parametrize("conditioning", ["projection", on_pytorch("auxiliary")])
def test_transformers_train_with_labels_and_are_saved(conditioning, tmp_path):
    shape = (7, 5, 3)
    options = {**SMALL, "num_classes": 3}
    gan = kgan.GAN(
        kgan.networks.transformer_generator(shape, 4, **options),
        kgan.networks.transformer_discriminator(
            shape, conditioning=conditioning, **options
        ),
        seed=0,
    )
    gan.compile(loss="relativistic", penalties=["r1", "r2"])
    networks = (gan.generator, gan.discriminator)
    before = [numpy(w) for network in networks for w in network.trainable_weights]
    x = RANDOM.uniform(-1, 1, (8, *shape)).astype("float32")
    history = gan.fit(x, np.arange(8) % 3, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    after = [numpy(w) for network in networks for w in network.trainable_weights]
    # The biases of keys have no gradient: each adds the same number to all scores.
    same = sum((a == b).all() for a, b in zip(after, before, strict=True))
    assert same <= 2
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    samples = [model.sample(labels=[0, 1, 2], seed=1) for model in (gan, loaded)]
    np.testing.assert_array_equal(*samples)
