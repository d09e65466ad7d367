import ast
import dataclasses
import itertools
import json
import pathlib

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy, on_pytorch

import kgan
from kgan.presets import Call, cost
from kgan.presets.call import make
from kgan_cli.main import main

pytestmark = pytest.mark.anywhere

SHAPES = {
    "small": (12, 9, 1),
    "dcgan": (12, 9, 1),
    "sngan": (8, 8, 3),
    "r3gan": (8, 8, 1),
    "stylegan2": (8, 8, 1),
    "fastgan": (12, 9, 3),
    "biggan": (8, 8, 1),
    "wavegan": (70, 1),
    "mlp": (5,),
    "pix2pix": (8, 8, 3),
    "cyclegan": (8, 8, 3),
}
SOURCES = {name: {"source_shape": (8, 8, 1)} for name in ("pix2pix", "cyclegan")}
LABELS = np.arange(20) % 3


def narrowed(preset):
    def narrow(call):
        size = {"hidden": (4,)} if "mlp" in call.function else {"width": 4}
        return dataclasses.replace(call, arguments={**call.arguments, **size})

    networks = narrow(preset.generator), narrow(preset.discriminator)
    return dataclasses.replace(preset, generator=networks[0], discriminator=networks[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    "given", [{"num_classes": 3}, on_pytorch({}), on_pytorch({"condition_dim": 5})]
)
@pytest.mark.parametrize("name", kgan.presets.names())
def test_the_printed_code_builds_the_same_gan(name, given):
    shape, given = SHAPES[name], {**given, **SOURCES.get(name, {})}
    arguments = {"compute": "cpu", "budget": 40, **given}
    if name in SOURCES and len(given) > 1:
        with pytest.raises(ValueError, match="takes no labels and no vectors"):
            kgan.presets.get(name, shape, 20, **arguments)
        return
    preset = kgan.presets.get(name, shape, 20, **arguments)
    assert preset.epochs == max(1, round(40 / preset.batch_size))
    assert preset.name == name
    preset = narrowed(preset)
    code, training = str(preset).split("batches = ")
    built = preset.build(seed=0)
    keras.utils.clear_session(free_memory=False)  # Names are counted anew.
    namespace = {}
    exec(code, namespace)
    printed = namespace["gan"]
    for one, other in zip(built.get_weights(), printed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert built.get_compile_config() == printed.get_compile_config()
    assert built.ema_half_life == printed.ema_half_life
    # A batch can be trained on: its updates divide it.
    argument, y = {
        (): ("", None),
        ("num_classes",): ("labels=labels", LABELS),
        ("condition_dim",): ("labels=vectors", np.zeros((20, 5), "float32")),
        ("source_shape",): ("margin=1", np.zeros((20, 8, 8, 1), "float32")),
    }[tuple(given)]
    data = np.zeros((20, *shape), "float32"), y
    x, y = data[::-1] if name in SOURCES else data
    built.check_data(x, preset.batch_size, y)
    assert f"batch_size={preset.batch_size}," in training and "epochs=" in training
    assert ("labels=" in training) == (bool(given) and name not in SOURCES)
    assert argument in training


@pytest.mark.slow
def test_the_printed_code_trains():
    samples = np.random.default_rng(0).uniform(-1, 1, (20, 5)).astype("float32")
    preset = narrowed(kgan.presets.get("mlp", (5,), 20, 3, compute="cpu", budget=40))
    code = str(preset).replace("epochs=2", "epochs=2, verbose=0")
    namespace = {"samples": samples, "labels": LABELS}
    exec(code, namespace)
    built = preset.build(seed=0)
    batches = kgan.data.Batches(samples, 20, labels=LABELS, seed=0)
    built.fit(batches, epochs=2, verbose=0)
    for one, other in zip(
        built.get_weights(), namespace["gan"].get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert int(numpy(built.images_seen)) == 40


@pytest.mark.parametrize(
    "shape, compute, name",
    [
        ((28, 28, 1), "cpu", "small"),
        ((28, 28, 1), "gpu", "small"),
        ((8, 8, 1), "gpu", "small"),
        ((256, 256, 3), "cpu", "small"),
        ((16_384, 2), "cpu", "wavegan"),
        ((100, 2), "gpu", "mlp"),
        ((2,), "cpu", "mlp"),
        ((4, 4, 4, 1), "cpu", "mlp"),
    ],
)
def test_the_shape_and_the_machine_choose(shape, compute, name):
    assert kgan.presets.suggest(shape, 50_000, compute=compute).name == name


@pytest.mark.parametrize("name", kgan.presets.names())
@pytest.mark.parametrize("count", [5, 500, 1_797, 25_000, 60_000])
def test_a_preset_shows_its_budget_in_about_sixty_parts(name, count):
    for budget in (20_000, 100_000, 150_000, 300_000, 10_000_000):
        preset = kgan.presets.get(
            name, SHAPES[name], count, None, "cpu", budget, **SOURCES.get(name, {})
        )
        size = min(preset.batch_size, count)
        assert preset.images == preset.epochs * preset.steps_per_epoch * size
        assert abs(preset.images - budget) <= max(2 * size, budget / 1_000)
        assert 40 <= preset.epochs <= 90 or preset.images // size < 40
        length = f"epochs={preset.epochs}, steps_per_epoch={preset.steps_per_epoch})"
        assert str(preset).endswith(length)


@pytest.mark.parametrize(
    "budget, size, expected",
    [(150_000, 50, (60, 50)), (300, 5, (60, 1)), (20, 10, (2, 1)), (1, 32, (1, 1))],
)
def test_the_parts_of_a_budget(budget, size, expected):
    assert kgan.presets.parts(budget, size) == expected


@pytest.mark.parametrize("shape", [(2,), (8, 8, 1)], ids=str)
def test_small_networks_train_for_several_steps_in_a_call(shape):
    # Keras on PyTorch takes single steps.
    several = 1 if keras.backend.backend() == "torch" else 8
    preset = kgan.presets.suggest(shape, 1_000, compute="cpu")
    assert preset.build(0).steps_per_execution == several
    # A run that changes the framework keeps its epochs.
    assert (preset.epochs, preset.steps_per_epoch) == kgan.presets.parts(150_000, 32)
    assert ("in one call" in " ".join(preset.reasons)) == (several > 1)


@pytest.mark.parametrize("shape, budget", [((2,), 13_000), ((16, 16, 1), 300_000)])
def test_short_trainings_and_larger_networks_take_single_steps(shape, budget):
    # An epoch has 7 batches of 32.
    preset = kgan.presets.suggest(shape, 1_000, compute="cpu", budget=budget)
    assert "steps_per_execution" not in preset.compile


@pytest.mark.slow
def test_a_run_keeps_its_budget_and_continues_in_epochs_of_the_same_length(tmp_path):
    budget, epochs = 100, 6
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).normal(size=(64, 3)))
    run, straight = tmp_path / "run", tmp_path / "straight"
    options = ["--data", str(tmp_path / "x.npz"), "--budget", str(budget)]
    options += ["--batch-size", "16"]
    assert main(["train", *options, "--out", str(run)]) == 0
    gan = keras.models.load_model(run / "gan.keras")
    shown = int(numpy(gan.images_seen))
    assert gan.epoch == epochs and abs(shown - budget) <= 4
    further = ["--epochs", str(2 * epochs)]
    assert main(["train", "--resume", str(run), *further]) == 0
    assert main(["train", *options, *further, "--out", str(straight)]) == 0
    gans = [keras.models.load_model(path / "gan.keras") for path in (run, straight)]
    assert int(numpy(gans[0].images_seen)) == 2 * shown
    assert_same_state(*gans)


def test_schedules_span_the_budget():
    preset = kgan.presets.get("r3gan", (64, 64, 3), 1_000, compute="gpu", budget=10_000)
    rate = preset.compile["schedules"]["learning_rate"].make()
    found = [float(rate(seen)) for seen in (0, 1_000, 2_000, 10_000)]
    np.testing.assert_allclose(found, [2e-4, 1.25e-4, 5e-5, 5e-5], rtol=1e-5)


def test_the_learning_rate_falls_in_the_second_half():
    preset = kgan.presets.suggest((32, 32, 3), 1_000, compute="cpu", budget=10_000)
    rate = preset.compile["schedules"]["learning_rate"].make()
    found = [float(rate(seen)) for seen in (0, 5_000, 7_500, 10_000, 20_000)]
    np.testing.assert_allclose(found, [2e-3, 2e-3, 1.1e-3, 2e-4, 2e-4], rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_learning_rate_stays_for_grey_images(channels):
    preset = kgan.presets.suggest((28, 28, channels), 50_000, compute="cpu")
    assert "schedules" not in preset.compile
    assert any("rate stays" in reason for reason in preset.reasons)
    adam = preset.build(0).g_optimizer
    assert float(adam.learning_rate) == pytest.approx(2e-3)


def test_stylegan2_has_the_settings_of_its_paper():
    """The table of the configuration `auto`, from the code of the authors."""
    table = {128: (32, 0.1024, 2.5e-3), 256: (16, 0.8192, 2.5e-3), 1024: (4, 52.43, 2e-3)}
    for side, (batch_size, gamma, rate) in table.items():
        preset = kgan.presets.get("stylegan2", (side, side, 3), 50_000, compute="gpu")
        assert preset.batch_size == batch_size
        r1 = preset.compile["penalties"][0].make()
        assert r1 == kgan.penalties.R1(gamma, every=16)
        assert preset.gan["ema_half_life"] == 10_000 * batch_size / 32
        assert preset.compile["optimizer"].arguments["learning_rate"] == rate
        assert preset.generator.arguments["width"] == 512
    paths = preset.compile["generator_penalties"][0].make()
    assert paths == kgan.penalties.PathLength(2.0, every=4)


def test_stylegan2_adapts_the_augmentation_of_few_images():
    def augment(count, budget=None, compute="gpu"):
        options = {"compute": compute, "budget": budget}
        preset = kgan.presets.get("stylegan2", (64, 64, 3), count, **options)
        call = preset.compile.get("augment")
        assert bool(call) == any("adaptive" in reason for reason in preset.reasons)
        return call and call.make()

    assert augment(50_000) is None and augment(49_999) == kgan.augment.ADA(0.6)
    assert augment(50, 30_000, "cpu") is None
    assert augment(49, 30_000, "cpu") == kgan.augment.ADA(0.6, images=7_500)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stylegan2", "fastgan", "biggan"])
def test_networks_of_papers_are_smaller_for_a_cpu(name):
    def preset(compute):
        return kgan.presets.get(name, (64, 64, 3), 5_000, compute=compute)

    for compute in ("cpu", "gpu"):
        reasons = preset(compute).reasons
        assert "arXiv:" in reasons[0]
        said = any(reason.startswith("For a CPU") for reason in reasons)
        assert said == (compute == "cpu")
    assert preset("gpu").discriminator.arguments["width"] >= 64
    # The preset `small` has 386 million operations at this size.
    small = preset("cpu")
    found = cost.flops_per_image(small.build(seed=0), small.batch_size)
    # The blurs and styles of StyleGAN2 take twice the time of plain convolutions.
    fewest = 5e7 if name == "stylegan2" else 3e8
    assert fewest < found < 7e8


def test_attention_is_at_a_halved_size_of_at_most_64_pixels():
    wanted = {(32, 32): None, (64, 64): 32, (128, 96): 48, (256, 256): 64, (50, 99): None}
    for size, attention in wanted.items():
        preset = kgan.presets.get("biggan", (*size, 3), 5_000, compute="cpu")
        for network in (preset.generator, preset.discriminator):
            assert network.arguments["attention"] == attention


def test_colour_and_gpus_get_wider_networks():
    def width(shape, compute):
        preset = kgan.presets.suggest(shape, 5_000, compute=compute)
        widths = {
            call.arguments["width"] for call in (preset.generator, preset.discriminator)
        }
        assert len(widths) == 1
        return widths.pop()

    assert width((28, 28, 1), "cpu") == width((64, 64, 2), "cpu") == 12
    assert (width((32, 32, 3), "cpu"), width((64, 64, 4), "cpu")) == (24, 16)
    assert width((28, 28, 1), "gpu") == width((64, 64, 3), "gpu") == 64


def test_a_preset_for_one_sample_is_built():
    preset = kgan.presets.get("r3gan", (4, 4, 1), 1, compute="cpu", budget=1)
    assert preset.compile["penalties"][0].arguments["weight"].arguments["start"] > 0
    assert narrowed(preset).build(seed=0).penalties


def test_data_shown_too_often_is_augmented():
    def policy(shape, count, compute="cpu", budget=None):
        preset = kgan.presets.suggest(shape, count, compute=compute, budget=budget)
        call = preset.compile.get("augment")
        assert bool(call) == any("memorising" in reason for reason in preset.reasons)
        return call and call.arguments.get("policy", call.function)

    assert policy((28, 28, 1), 60_000) is None
    assert policy((28, 28, 1), 500) is None
    assert policy((28, 28, 1), 499) == "translation"
    assert policy((28, 28, 1), 1_000, "gpu", 200_000) is None
    assert policy((28, 28, 1), 1_000, "gpu", 200_001) == "translation"
    for size in (32, 64):
        assert policy((size, size, 3), 3_551) is None
        assert policy((size, size, 3), 3_551, "gpu") == "color,translation,cutout"
    assert policy((64, 64, 4), 1_000, budget=600_000) is None
    assert policy((64, 64, 4), 1_000, budget=600_001) == "kgan.augment.ADA"
    assert policy((64, 64, 4), 1_000, "gpu", 600_001) == "color,translation,cutout"
    preset = kgan.presets.suggest((32, 32, 3), 100, compute="cpu", budget=80_000)
    ada = kgan.augment.ADA(0.6, images=20_000, initial=0.8)
    assert preset.compile["augment"].make() == ada


def test_the_expectation_grows_with_the_budget():
    def expected(budget, shape=(32, 32, 3)):
        preset = kgan.presets.suggest(shape, 3_551, compute="cpu", budget=budget)
        return preset.expectation

    assert "A budget of 19,999 images is small" in expected(19_999)
    for budget, seen in ((20_000, "20,000"), (199_999, "100,000"), (None, "200,000")):
        assert "is small" not in expected(budget)
        assert f"{seen} images shown" in expected(budget)
    assert expected(20_000, (8, 8, 1)) == ""


def test_a_batch_fits_small_data_and_divides_into_updates():
    for count in (1, 7, 64, 1_000):
        assert kgan.presets.get("small", (8, 8, 1), count).batch_size == min(32, count)
        for name, shape in (("sngan", (8, 8, 1)), ("wavegan", (70, 1))):
            preset = kgan.presets.get(name, shape, count, compute="cpu")
            steps = preset.compile["d_steps"]
            assert steps == min(5, count) and preset.batch_size % steps == 0
            size = preset.batch_size
            assert size <= min(320, count)
            said = f"a batch of {size} feeds {steps} updates of {size // steps}"
            assert any(said in reason for reason in preset.reasons)


def test_batches_of_larger_images_are_smaller():
    wanted = {(28, 28): 256, (32, 32): 256, (64, 64): 64, (100, 60): 43, (256, 256): 8}
    for size, batch_size in wanted.items():
        preset = kgan.presets.get("r3gan", (*size, 3), 10**6, compute="gpu")
        assert preset.batch_size == batch_size


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"name": "gpt"}, "Received: name='gpt'"),
        ({"image_shape": ()}, r"Received: image_shape=\(\)"),
        ({"image_shape": (8, 0, 1)}, "Received: image_shape="),
        ({"num_images": 0}, "Received: num_images=0"),
        ({"num_images": None}, "Received: num_images=None"),
        ({"num_classes": 1.5}, "Received: num_classes=1.5"),
        ({"budget": True}, "Received: budget=True"),
        ({"compute": "tpu"}, "Received: compute='tpu'"),
        ({"name": "small", "image_shape": (16,)}, r"images.*image_shape=\(16,\)"),
        ({"name": "dcgan", "image_shape": (8, 8, 5)}, r"images.*=\(8, 8, 5\)"),
        ({"name": "stylegan2", "image_shape": (64, 3)}, r"images.*=\(64, 3\)"),
        ({"name": "fastgan", "image_shape": (64,)}, r"images.*=\(64,\)"),
        ({"name": "biggan", "image_shape": (8, 8, 8, 1)}, r"images.*=\(8, 8, 8, 1\)"),
        ({"name": "wavegan", "image_shape": (8, 8, 1)}, r"signals.*=\(8, 8, 1\)"),
        ({"name": "pix2pix"}, "needs the shape of the sources.*source_shape=None"),
        ({"name": "mlp", "source_shape": (8, 8, 1)}, r"has no sources.*\(8, 8, 1\)"),
        ({"name": "cyclegan", "source_shape": (9, 8, 1)}, r"one `size`.*\(9, 8, 1\)"),
        ({"source_shape": 3}, "source_shape=3"),
    ],
)
def test_arguments_of_presets_are_checked(arguments, message):
    given = {"name": "small", "image_shape": (8, 8, 1), "num_images": 10} | arguments
    with pytest.raises(ValueError, match=message):
        kgan.presets.get(**given)
    if "name" not in arguments:
        del given["name"]
        with pytest.raises(ValueError, match=message):
            kgan.presets.suggest(**given)


def test_ints_of_numpy_are_printed_as_ints():
    shape = tuple(map(np.int64, (8, 8, 1)))
    counts = {"num_images": 50, "num_classes": 3, "budget": 100}
    given = {name: np.int64(value) for name, value in counts.items()}
    preset = kgan.presets.suggest(shape, **given, compute="cpu")
    assert str(preset) == str(kgan.presets.suggest((8, 8, 1), **counts, compute="cpu"))


def test_presets_of_pictures_have_the_settings_of_their_papers():
    shape = (256, 256, 3)
    options = {"compute": "gpu", "source_shape": shape}
    pix2pix = kgan.presets.get("pix2pix", shape, 400, **options)
    assert pix2pix.batch_size == 1 and pix2pix.budget == 200 * 400
    assert pix2pix.compile["loss"] == "non_saturating"
    (reconstruction,) = make(pix2pix.compile["generator_losses"])
    assert reconstruction.weight == 100 and reconstruction.loss.__name__ == (
        "mean_absolute_error"
    )
    cyclegan = kgan.presets.get("cyclegan", shape, 1_000, **options)
    assert cyclegan.batch_size == 1 and cyclegan.budget == 200 * 1_000
    chosen = {n: cyclegan.compile[n] for n in ("loss", "cycle_weight", "history")}
    assert chosen == {"loss": "least_squares", "cycle_weight": 10, "history": 50}
    assert cyclegan.compile["identity_weight"] == 0.5
    rate = cyclegan.compile["schedules"]["learning_rate"].make()
    found = [float(rate(seen)) for seen in (0, 100_000, 150_000, 200_000)]
    np.testing.assert_allclose(found, [2e-4, 2e-4, 1e-4, 0], rtol=1e-5)
    for preset in (pix2pix, cyclegan):
        assert preset.compile["optimizer"].make().get_config()["beta_1"] == 0.5
        for network in (preset.generator, preset.discriminator):
            chosen = {n: network.arguments[n] for n in ("width", "normalization")}
            assert chosen == {"width": 64, "normalization": "instance"}
        # Patches of 70 pixels; windows that move by 15 pixels to each side.
        assert preset.discriminator.arguments["depth"] == 3
        assert abs(preset.batches["margin"] - (286 - 256) / 2) <= 1


def test_sides_that_three_halvings_do_not_divide_have_a_resnet():
    def generator(side):
        shape = (side, 16, 3)
        preset = kgan.presets.suggest(shape, 10, compute="cpu", source_shape=shape)
        assert preset.name == "pix2pix"
        return preset.generator.function

    assert generator(24) == "kgan.networks.unet_generator"
    assert generator(20) == "kgan.networks.resnet_translator"


@pytest.mark.slow
def test_the_cost_of_a_cyclegan():
    shape = (8, 8, 1)
    call = {"compute": "cpu", "source_shape": shape, "budget": 40}
    cyclegan = narrowed(kgan.presets.get("cyclegan", shape, 20, **call)).build(seed=0)
    g = cost.flops(cyclegan.generator.first) + cost.flops(cyclegan.generator.second)
    d = 2 * cost.flops(cyclegan.discriminator.first)
    # The discriminators; fakes and their judges, the way back, the identity.
    wanted = 6 * d + (3 * g + 2 * d) + 3 * g + 3 * g
    assert cost.flops_per_image(cyclegan, 16) == wanted > 0
    measured = cost.measure_step(lambda: cyclegan, 4, seconds=0.01)
    assert measured.batch_size == 4 and measured.seconds > 0


def test_names_can_be_read_from_the_source():
    """The command line does so, since it lists the names before it imports Keras."""
    path = pathlib.Path(kgan.presets.__file__).parent / "recipes.py"
    (table,) = (
        node.value
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "RECIPES"
    )
    assert sorted(key.value for key in table.keys) == kgan.presets.names()


def test_presets_do_not_import_kgan_as_a_whole():
    for path in pathlib.Path(kgan.presets.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert "kgan" not in [alias.name for alias in node.names], path


def test_calls_print_as_they_are_made():
    schedule = Call("kgan.schedules.Linear", {"start": 1, "end": 0.5, "images": 20_000})
    call = Call("kgan.penalties.R1", {"weight": schedule})
    assert str(call) == (
        "kgan.penalties.R1(weight=kgan.schedules.Linear(start=1, end=0.5, images=20_000))"
    )
    assert eval(str(call)) == call.make()
    assert call.make() == kgan.penalties.R1(kgan.schedules.Linear(1, 0.5, 20_000))
    assert max(map(len, str(kgan.presets.get("r3gan", (64, 64, 3), 9)).split("\n"))) < 89


def networks():
    """Two small networks, whose operations are counted by hand below."""
    z = keras.Input((6,))
    x = keras.layers.Reshape((2, 2, 3))(keras.layers.Dense(12)(z))
    x = keras.layers.Conv2DTranspose(2, 4, strides=2, padding="same")(x)
    generator = keras.Model(z, x)
    images = keras.Input((4, 4, 2))
    convolution = keras.layers.Conv2D(5, 3, strides=2, padding="same")
    x = kgan.layers.SpectralNormalization(convolution)(images)
    x = keras.layers.Dense(1)(keras.layers.Flatten()(x))
    return generator, keras.Model(images, x)


G = 2 * (6 * 12 + 4 * 4 * 4 * 3 * 2)
D = 2 * (3 * 3 * 2 * 5 * 4 + 20)


class Scale(keras.layers.Layer):
    """A layer of a user whose kernel has one axis."""

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1],))

    def call(self, inputs):
        return inputs * self.kernel


def test_operations_of_a_kernel_of_one_axis_are_counted():
    model = keras.Sequential([keras.Input((4, 4, 3)), Scale()])
    # At each of the 16 places, three products.
    assert cost.flops(model) == 2 * 3 * 16


def test_operations_equal_the_count_by_hand():
    generator, discriminator = networks()
    assert cost.flops(generator) == G and cost.flops(discriminator) == D


@pytest.mark.slow
@pytest.mark.parametrize(
    "options, wanted",
    [
        ({}, G + 6 * D + 3 * G + 2 * D),
        ({"penalties": ["r1"]}, G + 9 * D + 3 * G + 2 * D),
        ({"penalties": [kgan.penalties.R1(every=3)]}, G + 7 * D + 3 * G + 2 * D),
        ({"penalties": ["gradient_penalty"]}, G + 10 * D + 3 * G + 2 * D),
        ({"penalties": [kgan.penalties.LeCam(0.1)]}, G + 6 * D + 3 * G + 2 * D),
        ({"penalties": ["consistency"]}, G + 12 * D + 3 * G + 2 * D),
        (
            {"penalties": [kgan.penalties.Consistency(fakes=0.0)]},
            G + 9 * D + 3 * G + 2 * D,
        ),
        ({"loss": "relativistic"}, G + 6 * D + 3 * G + 3 * D),
        # Two updates of 4 reals, then one of the generator, on 4 latents.
        ({"d_steps": 2}, (2 * 4 * (G + 6 * D) + 4 * (3 * G + 2 * D)) / 8),
        ({"g_steps": 3}, G + 6 * D + 3 * (3 * G + 2 * D)),
        ({"reuse_fakes": True}, 6 * D + 3 * G + 2 * D),
        (
            {"reuse_fakes": True, "d_steps": 2},
            (2 * 4 * (G + 6 * D) + 4 * (2 * G + 2 * D)) / 8,
        ),
        (
            {"noise_batch_size": 16},
            (16 * (G + 3 * D) + 8 * 3 * D + 16 * (3 * G + 2 * D)) / 8,
        ),
    ],
)
def test_operations_of_a_step(options, wanted):
    gan = kgan.GAN(*networks())
    gan.compile(**options)
    assert cost.flops_per_image(gan, batch_size=8) == pytest.approx(wanted)
    found = cost.estimate(gan, images=1_000, batch_size=8)
    assert found.flops == pytest.approx(1_000 * wanted)
    assert found.parameters == 6 * 12 + 12 + 96 + 2 + 90 + 5 + 20 + 1 + 5
    assert found.seconds(1e9) == pytest.approx(wanted * 1_000 / 1e9 / 0.5)


def test_memory_is_estimated_for_one_update():
    def outputs(**options):
        gan = kgan.GAN(*networks())
        gan.compile(**options)
        return cost.estimate(gan, 1, 16).memory - cost.estimate(gan, 1, 8).memory

    # Numbers that a layer puts out: inputs of 6 and 32, 12, 12 and 32, 20, 20 and 1.
    plain = 4 * 8 * (6 + 12 + 12 + 32 + 32 + 20 + 20 + 1) * 2
    assert outputs() == pytest.approx(plain)
    assert outputs(d_steps=2) == pytest.approx(plain / 2)
    assert outputs(penalties=["r1"]) == pytest.approx(3 * plain)


def test_speed_of_matrix_products_is_measured():
    assert 1e8 < cost.measure_speed(0.05, size=256) < 1e15
    assert 1e6 < cost.measure_speed(0.01, size=64, dtype="bfloat16") < 1e15
    with pytest.raises(ValueError, match=r"`dtype` .* Received: dtype='int8'"):
        cost.measure_speed(dtype="int8")


def test_info_says_what_would_be_trained(tmp_path, capsys):
    labels = np.arange(40) % 4
    np.savez(tmp_path / "x.npz", x=np.zeros((40, 8, 8, 1), "uint8"), y=labels)
    before = sorted(tmp_path.rglob("*"))
    data = ["--data", str(tmp_path / "x.npz")]
    assert main(["info", *data, "--conditional", "--loss", "hinge", "--n", "9"]) == 0
    said = capsys.readouterr().out
    lines = [line.strip() for line in said.split("\n")]
    assert "40 samples of shape (8, 8, 1), uint8." in lines
    assert "4 classes: 0 10, 1 10, 2 10, 3 10." in lines
    for wanted in ('loss="hinge",', "latent_dim=9,", "num_classes=4,"):
        assert wanted in lines
    said = " ".join(lines)
    assert "memorising" in said and "TFLOP" in said and "Memory: about" in said
    assert sorted(tmp_path.rglob("*")) == before
    assert main(["info", *data, "--batch-size", "50"]) == 1
    assert "Received: --batch-size 50" in capsys.readouterr().err


@pytest.mark.slow
def test_train_takes_a_preset_and_records_it(tmp_path, capsys):
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).normal(size=(64, 3)))
    run = tmp_path / "run"
    options = ["--data", str(tmp_path / "x.npz"), "--preset", "mlp", "--budget", "128"]
    assert main(["train", *options, "--compute", "cpu", "--out", str(run)]) == 0
    config = json.loads((run / "config.json").read_text())
    assert config["arguments"]["preset"] == "mlp"
    assert config["arguments"]["epochs"] == 4 and config["arguments"]["compute"] == "cpu"
    code = "\n".join(config["preset"]["code"])
    assert code == str(kgan.presets.get("mlp", (3,), 64, compute="cpu", budget=128))
    with pytest.raises(SystemExit):
        main(["train", "--preset", "gpt"])
    assert "gpt" in capsys.readouterr().err


def test_numpy_weights_differ_between_seeds():
    preset = kgan.presets.suggest((2,), 10)
    first, second = (preset.build(seed).generator.get_weights() for seed in (0, 1))
    pairs = itertools.zip_longest(first, second)
    assert any(not np.array_equal(a, b) for a, b in pairs)
    assert numpy(preset.build(0).generator.weights[0]).shape == first[0].shape


def test_schedules_span_the_epochs_asked_for(tmp_path, capsys):
    np.savez(tmp_path / "x.npz", x=np.zeros((50, 8, 8, 1), "uint8"))
    options = ["--preset", "r3gan", "--compute", "cpu", "--epochs", "4"]
    assert main(["info", "--data", str(tmp_path / "x.npz"), *options]) == 0
    said = capsys.readouterr().out
    # A fifth of 4 x 50 samples.
    assert "end=5e-05, images=40)" in " ".join(said.split()) and "epochs=4)" in said
    with pytest.raises(SystemExit):
        main(["info", "--resume", "runs/00000-digits"])


@pytest.mark.parametrize(
    "shape, compute, said",
    [
        ((8, 8, 1), "cpu", "digits"),
        ((28, 28, 1), "cpu", "MNIST"),
        ((32, 32, 3), "cpu", "emoji"),
        ((64, 64, 4), "gpu", "on a GPU they have not been measured"),
    ],
)
def test_the_reasons_of_the_default_say_where_it_was_measured(shape, compute, said):
    preset = kgan.presets.suggest(shape, 3_551, compute=compute)
    cited = [reason for reason in preset.reasons if "docs/results.md" in reason]
    assert len(cited) == 1
    assert said in cited[0]


def test_the_rate_of_a_trained_gan_falls_over_the_whole_budget():
    preset = kgan.presets.suggest((32, 32, 3), 3_000, compute="cpu", budget=80_000)
    changed = preset.for_trained()
    rate, late = (
        make(p.compile["schedules"]["learning_rate"]) for p in (changed, preset)
    )
    assert [float(x) for x in (late(0), late(40_000))] == pytest.approx([2e-3] * 2)
    middle = (2e-3 + 2e-4) / 2
    found = [float(rate(n)) for n in (0, 40_000, 80_000)]
    assert found == pytest.approx([2e-3, middle, 2e-4])
    assert changed.batch_size == preset.batch_size and changed.gan == preset.gan
    constant = dataclasses.replace(preset, compile={"loss": "hinge"})
    assert constant.for_trained() is constant


@pytest.mark.parametrize("image_shape", [(1, 1, 1), (2, 2, 3), (1, 3, 2)], ids=str)
def test_the_smallest_images_have_a_preset_that_builds(image_shape):
    preset = kgan.presets.suggest(image_shape, num_images=10, compute="cpu")
    assert preset.build().output_shapes == [(None, 1)]
