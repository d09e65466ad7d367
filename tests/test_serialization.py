"""Every public option object is saved and rebuilt."""

import keras
import pytest
from helpers import public_classes

import kgan
from kgan import serialization
from kgan.models.network_pair import NetworkPair

IMAGES = keras.Input((4, 4, 1))
OBJECTS = [
    *map(kgan.generator_losses.get, ("reconstruction", "feature_matching")),
    kgan.generator_losses.Reconstruction(keras.losses.Huber(0.5), 2.0),
    kgan.generator_losses.FeatureMatching(1.0, ["conv2d"], over_batch=True),
    kgan.generator_losses.Perceptual(
        keras.Model(IMAGES, keras.layers.Conv2D(2, 3)(IMAGES))
    ),
    kgan.penalties.MatchingAware(1.0, 2.0, every=2),
    *(kgan.losses.get(name) for name in kgan.losses.names()),
    kgan.losses.KerasLoss(keras.losses.MeanSquaredError()),
    kgan.losses.KerasLoss("mse"),
    kgan.penalties.R1(0.3, every=4),
    kgan.penalties.R2(0.2),
    kgan.penalties.GradientPenalty(5.0, every=2),
    kgan.losses.TopK("hinge", 0.5),
    kgan.losses.TopK("mse", kgan.schedules.Cosine(1.0, 0.5, 100)),
    kgan.losses.NonSaturating(label_smoothing=0.1),
    kgan.penalties.GradientPenalty(center=0.0),
    kgan.penalties.DRAGAN(5.0, every=2),
    kgan.penalties.LeCam(0.1, decay=0.9),
    kgan.penalties.Consistency(2.0, ["flip", kgan.augment.Translation(0.25)], fakes=0.5),
    kgan.penalties.PathLength(1.0, every=2, decay=0.1, shrink=4),
    kgan.penalties.R1(kgan.schedules.Linear(1.0, 0.1, 100, begin=10)),
    kgan.schedules.Linear(1.0, 0.1, 100, begin=10),
    kgan.schedules.Cosine(1.0, 0.1, 100),
    kgan.augment.InstanceNoise(kgan.schedules.Linear(0.1, 0.0, 100)),
    kgan.augment.Compose([kgan.augment.Translation(0.25), kgan.augment.ADA(0.5)]),
    *(
        augmentation()
        for augmentation in public_classes(kgan.augment, kgan.augment.Augmentation)
        if augmentation is not kgan.augment.Compose
    ),
    kgan.noise.Normal(0.1, 0.5),
    kgan.noise.Uniform(-0.5, 2.0),
    kgan.noise.TruncatedNormal(0.7),
]


@pytest.mark.parametrize("obj", OBJECTS, ids=repr)
def test_config_makes_the_same_object(obj):
    assert type(obj).from_config(obj.get_config()) == obj


@pytest.mark.parametrize("obj", OBJECTS, ids=repr)
def test_keras_saves_and_restores_it(obj):
    config = keras.saving.serialize_keras_object(obj)
    assert config["registered_name"].startswith("kgan>")
    assert keras.saving.deserialize_keras_object(config) == obj


# Keras has a loss of the class `Hinge` too.
NAMES = {
    **vars(keras.losses),
    **vars(kgan.generator_losses),
    **{type(obj).__name__: type(obj) for obj in OBJECTS},
    "Hinge": kgan.losses.Hinge,
}


@pytest.mark.parametrize("obj", OBJECTS, ids=repr)
def test_the_text_of_an_object_is_the_call_that_makes_it(obj):
    text = repr(obj)
    assert "\n" not in text and len(text) < 250 and "class_name" not in text
    if not isinstance(obj, kgan.generator_losses.Perceptual):
        assert eval(text, NAMES) == obj


def square(y_true, y_pred):
    return keras.ops.square(y_true - y_pred)


def test_losses_of_keras_are_shown_in_short():
    crossentropy = keras.losses.BinaryCrossentropy(from_logits=True)
    texts = {
        "mse": "KerasLoss(loss='mean_squared_error', label_smoothing=0.0)",
        square: "KerasLoss(loss=square, label_smoothing=0.0)",
        crossentropy: (
            "KerasLoss(loss=BinaryCrossentropy(from_logits=True), label_smoothing=0.0)"
        ),
    }
    for loss, text in texts.items():
        assert repr(kgan.losses.KerasLoss(loss)) == text


def test_objects_with_other_configs_differ():
    assert kgan.penalties.R1(0.3) != kgan.penalties.R1(0.4)
    assert kgan.penalties.R1(0.3) != kgan.penalties.R2(0.3)
    assert len({kgan.penalties.R1(0.3), kgan.penalties.R1(0.3)}) == 1


def test_every_registered_class_is_tested():
    registered = {
        cls
        for name, cls in keras.saving.get_custom_objects().items()
        if name.startswith("kgan>") and cls.__module__.startswith("kgan.")
    }
    # These classes have no equality by config; their own tests save and load them.
    others = {kgan.GAN, kgan.Translator, kgan.CycleGAN, NetworkPair}
    others |= {kgan.constraints.WeightClipping}
    others |= set(public_classes(kgan.text, kgan.text.Encoder))
    others |= {kgan.regularizers.OrthogonalRegularizer}
    others |= {getattr(kgan.layers, name) for name in kgan.layers.__all__}
    assert registered - others == {type(obj) for obj in OBJECTS}


def test_two_classes_can_not_have_one_name():
    twin = type("R1", (), {"__module__": "elsewhere", "get_config": lambda self: {}})
    with pytest.raises(ValueError, match=r"registered as 'R1'.* Received: elsewhere"):
        serialization.register(twin)
    losses = kgan.generator_losses.Reconstruction("mse", weight=2.0)
    layer = kgan.layers.Reconstruction(keras.layers.Conv2D(1, 1), weight=2.0)
    for part in (losses, layer):
        config = keras.saving.serialize_keras_object(part)
        assert type(keras.saving.deserialize_keras_object(config)) is type(part)


def test_the_names_of_classes_are_names_as_in_keras():
    # Keras has a loss of the class `Hinge` too, which trains something else.
    assert kgan.losses.get("Hinge") == kgan.losses.Hinge()
    assert kgan.penalties.get("R1") == kgan.penalties.R1()
    assert kgan.augment.get("ADA") == kgan.augment.ADA()
    assert kgan.noise.get("Uniform") == kgan.noise.Uniform()
    assert kgan.penalties.get("GradientPenalty") == kgan.penalties.get("gradient_penalty")
    with pytest.raises(ValueError, match=r"r1, r2.*class `Penalty`.*Received: .*='R3'"):
        kgan.penalties.get("R3")
