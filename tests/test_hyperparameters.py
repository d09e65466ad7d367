"""Hyperparameters from the shell: the preset that `kgan train` and `kgan info` use."""

import pytest

import kgan
from kgan.cli import preset
from kgan_cli import optimization
from kgan_cli.main import parse

pytestmark = pytest.mark.anywhere

IMAGES = ((16, 16, 3), 5_000)


def changed(options, shape=IMAGES[0]):
    """Returns the preset of options, and the preset without these options."""
    name = " --preset r3gan" if "r3gan" in options else ""
    name = " --preset biggan" if "biggan" in options else name
    common = f"train --compute cpu --budget 10000{name}"
    named = options.replace("r3gan", "").replace("biggan", "")
    _, settings = parse(f"{common} {named}".split())
    _, plain = parse(common.split())
    return (
        preset.choose(settings, shape, IMAGES[1], None),
        preset.choose(plain, shape, IMAGES[1], None),
    )


def adam(rate, beta_1=0.0, beta_2=0.99):
    arguments = f"learning_rate={rate}, beta_1={beta_1}, beta_2={beta_2}"
    return f"keras.optimizers.Adam({arguments})"


def cosine(start, end, images=5_000, begin=5_000, name="Cosine"):
    arguments = f"start={start}, end={end}, images={images}, begin={begin}"
    return f"kgan.schedules.{name}({arguments})"


def test_the_names_of_penalties_are_the_names_of_kgan():
    assert kgan.penalties.names() == optimization.PENALTIES


@pytest.mark.parametrize(
    "options, optimizers, schedules",
    [
        ("", {"": adam(0.002)}, {"learning_rate": cosine(0.002, 0.0002)}),
        (
            "--learning-rate 0.001 --beta-1 0.5",
            {"": adam(0.001, 0.5)},
            {"learning_rate": cosine(0.001, 0.0001)},
        ),
        (
            "--d-learning-rate 0.004 --beta-2 0.9",
            {"g_": adam(0.002, 0.0, 0.9), "d_": adam(0.004, 0.0, 0.9)},
            {
                "g_learning_rate": cosine(0.002, 0.0002),
                "d_learning_rate": cosine(0.004, 0.0004),
            },
        ),
        (
            "--learning-rate 0.01 --g-learning-rate 0.001",
            {"g_": adam(0.001), "d_": adam(0.01)},
            {
                "g_learning_rate": cosine(0.001, 0.0001),
                "d_learning_rate": cosine(0.01, 0.001),
            },
        ),
        ("--learning-rate-schedule constant", {"": adam(0.002)}, {}),
        (
            "--learning-rate-schedule linear --learning-rate 0.1",
            {"": adam(0.1)},
            {"learning_rate": cosine(0.1, 0.01, name="Linear")},
        ),
        # A schedule of `beta_2` makes way for the value that is given.
        (
            "r3gan --beta-2 0.5 --learning-rate-schedule constant",
            {"": adam(0.0002, 0.0, 0.5)},
            {},
        ),
        (
            "biggan --learning-rate 0.001 --learning-rate-schedule cosine",
            {"g_": adam(0.001, 0.0, 0.999), "d_": adam(0.001, 0.0, 0.999)},
            {
                "g_learning_rate": cosine(0.001, 0.0001),
                "d_learning_rate": cosine(0.001, 0.0001),
            },
        ),
    ],
)
def test_rates_decays_and_schedules(options, optimizers, schedules):
    found, before = changed(options)
    names = [name for name in found.compile if name.endswith("optimizer")]
    assert {f"{prefix}optimizer" for prefix in optimizers} == set(names)
    for prefix, expected in optimizers.items():
        assert str(found.compile[f"{prefix}optimizer"]) == expected
    said = {k: str(v) for k, v in found.compile.get("schedules", {}).items()}
    assert said == schedules
    others = [k for k in before.compile if "optimizer" not in k and k != "schedules"]
    assert {k: found.compile.get(k) for k in others} == {
        k: before.compile[k] for k in others
    }


@pytest.mark.parametrize(
    "options, penalties",
    [
        ("--penalty none", []),
        ("--penalty-weight 0.5", ["R1(weight=0.5)"]),
        # The weight of the preset, and of the class.
        ("--penalty r1", ["R1(weight=1.0)"]),
        ("--penalty r2", ["R2(weight=1.0, every=1)"]),
        (
            "--penalty zero_centered_gradient_penalty --penalty-weight 3",
            ["GradientPenalty(weight=3.0, every=1, center=0.0)"],
        ),
        ("--loss wasserstein --penalty-weight 2", ["GradientPenalty(weight=2.0)"]),
        (
            "r3gan --penalty r2 --penalty-weight 1",
            ["R2(weight=kgan.schedules.Cosine(start=1.0, end=0.1, images=2000))"],
        ),
    ],
)
def test_penalties(options, penalties):
    found, _ = changed(options)
    said = ["".join(str(call).split("\n")) for call in found.compile.get("penalties", [])]
    expected = [f"kgan.penalties.{penalty}" for penalty in penalties]
    assert [s.replace(" ", "") for s in said] == [e.replace(" ", "") for e in expected]


@pytest.mark.parametrize("value, expected", [("none", None), ("500", 500.0)])
def test_the_width_and_the_average(value, expected):
    found, before = changed(f"--width 8 --ema-half-life {value}")
    assert found.gan == {**before.gan, "ema_half_life": expected}
    for network in (found.generator, found.discriminator):
        assert network.arguments["width"] == 8


@pytest.mark.parametrize(
    "options, message",
    [
        ("--width 8", r"the preset 'mlp' have none. Received: width=8"),
        ("--penalty none --penalty-weight 1", "Received: penalty_weight=1.0"),
    ],
)
def test_an_option_that_changes_nothing_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        changed(options, shape=(5,))


@pytest.mark.parametrize(
    "option, value",
    [
        ("--learning-rate", "0"),
        ("--g-learning-rate", "nan"),
        ("--d-learning-rate", "1e39"),
        ("--beta-1", "1"),
        ("--beta-2", "x"),
        ("--penalty-weight", "-1"),
        ("--penalty", "r3"),
        ("--ema-half-life", "never"),
        ("--learning-rate-schedule", "step"),
    ],
)
def test_values_out_of_bounds_are_refused(capsys, option, value):
    with pytest.raises(SystemExit):
        parse(["train", f"{option}={value}"])
    error = capsys.readouterr().err
    assert f"Received: {option} {value}." in error and f"{option} must be" in error
