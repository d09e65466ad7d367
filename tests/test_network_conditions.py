"""Networks that are conditioned on float vectors."""

import inspect
import re

import keras
import numpy as np
import pytest
from helpers import feature_maps, numpy

import kgan
from kgan.critic import as_list
from kgan.networks.conditions import condition_of

RANDOM = np.random.default_rng(0)
DIM = 3
PAIRS = (
    "biggan",
    "dcgan",
    "fastgan",
    "mlp",
    "r3gan",
    "resnet",
    "small",
    "stylegan2",
    "transformer",
    "wavegan",
)
SMALL = {"width": 4, "hidden": (6,), "mapping_layers": 1, "blocks": 1, "latent_dim": 4}
SMALL |= {"group_size": None, "reconstruction": 0}


def built(name, **options):
    build = getattr(kgan.networks, name)
    known = inspect.signature(build).parameters
    small = {key: value for key, value in SMALL.items() if key in known}
    if "features" in known:
        small["features"] = feature_maps()
    shape = (20, 1) if "wavegan" in name else (8, 8, 1)
    return build(shape, **small, **options)


def judged(network, x, conditions):
    """Returns the outputs of one sample with each condition."""
    x = np.repeat(x, len(conditions), axis=0).astype("float32")
    # A list of outputs, if several heads judge the sample.
    outputs = as_list(network([x, conditions.astype("float32")], training=False))
    return np.concatenate([numpy(x).reshape(len(x), -1) for x in outputs], axis=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [f"{kind}_{end}" for kind in PAIRS for end in ("generator", "discriminator")]
    + ["projected_discriminator", "super_resolution_generator"],
)
def test_a_vector_reaches_the_output(name):
    network = built(name, condition_dim=DIM)
    first, condition = network.inputs
    assert condition.name == "condition" and condition.shape == (None, DIM)
    for weight in network.trainable_weights:
        weight.assign(RANDOM.uniform(-0.3, 0.3, weight.shape))
    x = RANDOM.normal(size=(1, *first.shape[1:]))
    start = RANDOM.normal(size=(1, DIM))
    # Each number of a vector has an effect.
    outputs = judged(network, x, np.concatenate([start, start + np.eye(DIM)]))
    assert len(outputs) == 1 + DIM
    assert all(not np.allclose(moved, outputs[0]) for moved in outputs[1:])


@pytest.mark.parametrize("kind", ["small", "mlp", "resnet"])
def test_the_logit_of_a_vector_is_linear_in_the_vector(kind):
    """`Dense(1)(features) + features · matrix · vector`, equation 3 of the paper."""
    network = built(f"{kind}_discriminator", condition_dim=DIM)
    x = RANDOM.uniform(-1, 1, (1, 8, 8, 1))
    vectors = RANDOM.normal(size=(2, DIM))
    zero, a, b, both = judged(
        network, x, np.stack([np.zeros(DIM), *vectors, vectors.sum(axis=0)])
    )
    np.testing.assert_allclose(both - zero, (a - zero) + (b - zero), rtol=1e-3, atol=1e-5)
    assert np.abs(a - b) > 1e-4


@pytest.mark.parametrize("kind", ["dcgan", "small"])
def test_a_one_hot_vector_equals_a_label_in_a_generator(kind):
    """A table is a matrix, so the same weights give the same images."""
    by_label = built(f"{kind}_generator", num_classes=DIM)
    by_vector = built(f"{kind}_generator", condition_dim=DIM)
    layers = ([x for x in m.layers if x.weights] for m in (by_label, by_vector))
    for ours, theirs in zip(*layers, strict=True):
        if not hasattr(ours, "gamma"):
            theirs.set_weights(ours.get_weights())
            continue
        gamma, beta = RANDOM.normal(size=(2, *ours.gamma.shape))
        ours.gamma.assign(gamma), ours.beta.assign(beta)
        # The scale of a vector counts from 1.
        theirs.scale.kernel.assign(gamma - 1), theirs.offset.kernel.assign(beta)
    z = RANDOM.normal(size=(DIM, 4)).astype("float32")
    found = numpy(by_vector([z, np.eye(DIM, dtype="float32")]))
    wanted = numpy(by_label([z, np.arange(DIM)]))
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)
    assert np.ptp(wanted, axis=0).max() > 1e-3


@pytest.mark.parametrize("kind", ["dcgan", "small", "resnet"])
def test_a_new_generator_does_not_scale_by_the_vector_yet(kind):
    network = built(f"{kind}_generator", condition_dim=DIM)
    scales = [x for x in network.layers if "modulated" in x.name]
    assert scales
    for layer in scales:
        assert (
            not numpy(layer.scale.kernel).any() and not numpy(layer.offset.kernel).any()
        )


def test_a_network_is_conditioned_on_labels_or_on_vectors():
    for kind in PAIRS:
        for end in ("generator", "discriminator"):
            received = re.escape("Received: num_classes=2, condition_dim=3")
            with pytest.raises(ValueError, match=f"labels or on vectors.*{received}"):
                built(f"{kind}_{end}", num_classes=2, condition_dim=3)


def test_vectors_enter_by_projection_alone():
    for kind in ("dcgan", "mlp", "resnet", "transformer", "wavegan"):
        build = f"{kind}_discriminator"
        with pytest.raises(ValueError, match=r"by projection.*conditioning='auxiliary'"):
            built(build, condition_dim=3, conditioning="auxiliary")
        with pytest.raises(ValueError, match=r"one logit.*Received: outputs=2"):
            built(build, condition_dim=3, outputs=2)


def test_a_matrix_of_vectors_is_not_absurdly_large():
    most = kgan.checks.MOST_UNITS
    with pytest.raises(ValueError, match="`condition_dim` must be smaller"):
        condition_of(None, most).matching(most)
    with pytest.raises(ValueError, match="`num_classes` must be smaller"):
        condition_of(most).embedded(most)


def test_a_saved_network_takes_vectors_again(tmp_path):
    network = built("small_discriminator", condition_dim=DIM)
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    x = RANDOM.normal(size=(1, 8, 8, 1))
    vectors = RANDOM.normal(size=(2, DIM))
    found, wanted = (judged(n, x, vectors) for n in (loaded, network))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
