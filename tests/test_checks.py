"""Checks of arguments: the value that is kept, and the whole error message."""

import decimal
import fractions
import re
from collections import deque

import numpy as np
import pytest

from kgan import checks
from kgan.schedules import Cosine, Linear, number

pytestmark = pytest.mark.anywhere

NO_INTS = [True, False, np.True_, 2.0, np.float32(2), "2", None, [2], float("nan"), 2j]
NO_NUMBERS = [
    # Infinite, or 0, in float32.
    1e300,
    -1e39,
    10**400,
    1e-300,
    True,
    np.False_,
    float("nan"),
    float("inf"),
    -float("inf"),
    np.float32("nan"),
    np.float64("inf"),
    "0.5",
    None,
    [0.5],
    np.array([0.5]),
    1j,
    decimal.Decimal("0.5"),
]
PYTHON_AND_NUMPY_INTS = [2, np.int64(2), np.int32(2), np.uint8(2), np.int8(2)]


def raises(message):
    """Expects a `ValueError` with exactly this message."""
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


def is_python_int(value, expected):
    return type(value) is int and value == expected


@pytest.mark.parametrize("value", PYTHON_AND_NUMPY_INTS, ids=repr)
def test_ints_of_python_and_numpy_become_python_ints(value):
    assert is_python_int(checks.count(steps=value), 2)
    assert is_python_int(checks.optional_count(steps=value), 2)
    assert is_python_int(checks.seed(seed=value), 2)
    assert checks.is_count(value) and not checks.is_count(value, minimum=3)


@pytest.mark.parametrize("value", NO_INTS, ids=repr)
def test_bools_floats_and_text_are_no_counts(value):
    assert not checks.is_count(value)
    with raises(f"`steps` must be an int of at least 1. Received: steps={value!r}"):
        checks.count(steps=value)
    if value is not None:
        expected = "`size` must be an int of at least 0, or None."
        with raises(f"{expected} Received: size={value!r}"):
            checks.optional_count(minimum=0, size=value)
        with raises(
            f"`seed` must be an int of 0 to 2**31 - 2, or None. Received: seed={value!r}"
        ):
            checks.seed(seed=value)


def test_bounds_of_counts_are_inclusive():
    assert checks.count(steps=1) == 1
    assert checks.count(minimum=0, steps=0) == 0
    assert checks.count(minimum=-3, steps=-3) == -3
    assert checks.count(maximum=8, steps=8) == 8
    assert checks.count(steps=2**31 - 1) == 2**31 - 1
    assert checks.count(maximum=2**62, steps=2**40) == 2**40
    for value in (2**31, np.int64(2**40), 10**400):
        with pytest.raises(ValueError, match=r"at least 1 and at most 2147483647\. Rec"):
            checks.count(steps=value)
    with raises("`steps` must be an int of at least 1. Received: steps=0"):
        checks.count(steps=0)
    with raises("`steps` must be an int of at least 0. Received: steps=-1"):
        checks.count(minimum=0, steps=-1)
    with raises("`steps` must be an int of at least 2 and at most 8. Received: steps=9"):
        checks.count(minimum=2, maximum=8, steps=9)
    with raises("`steps` must be an int of at least 2 and at most 8. Received: steps=1"):
        checks.count(minimum=2, maximum=8, steps=1)


def test_optional_counts_may_be_none():
    assert checks.optional_count(size=None) is None
    assert checks.optional_count(size=1) == 1
    with raises("`size` must be an int of at least 1, or None. Received: size=0"):
        checks.optional_count(size=0)


def test_seeds_are_those_that_every_backend_accepts():
    assert checks.seed(seed=None) is None
    assert checks.seed(seed=0) == 0
    assert checks.seed(seed=np.int64(2**31 - 2)) == 2**31 - 2
    for value in (-1, 2**31 - 1):
        with raises(
            f"`seed` must be an int of 0 to 2**31 - 2, or None. Received: seed={value}"
        ):
            checks.seed(seed=value)


@pytest.mark.parametrize(
    "value, kind",
    [
        (3, int),
        (0.5, float),
        (np.int64(3), int),
        (np.float32(0.5), float),
        (np.float64(0.5), float),
        (fractions.Fraction(1, 2), fractions.Fraction),
    ],
    ids=repr,
)
def test_numbers_of_numpy_become_python_numbers(value, kind):
    for found in (checks.number(weight=value), number(weight=value)):
        assert type(found) is kind and found == value
    assert checks.is_number(value)


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_bools_nan_and_infinities_are_no_numbers(value):
    assert not checks.is_number(value)
    received = checks.received(weight=value)
    with raises(f"`weight` must be a number. {received}"):
        checks.number(weight=value)
    with raises(f"`weight` must be a number, or a schedule. {received}"):
        number(weight=value)


# Bounds, values within, values outside, and the words of the message.
BOUNDS = [
    ({"minimum": 0}, [0, 1e9], [-1e-9], "of at least 0"),
    ({"maximum": 1}, [1, -1e9], [1.001], "of at most 1"),
    ({"above": 0}, [1e-9], [0, -1], "above 0"),
    ({"below": 1}, [0.999], [1, 2], "below 1"),
    ({"minimum": 0, "maximum": 1}, [0, 0.5, 1], [-0.1, 1.1], "of 0 to 1"),
    ({"minimum": 0, "below": 1}, [0, 0.9], [-0.1, 1], "of at least 0 and below 1"),
    ({"above": 0, "maximum": 1}, [0.1, 1], [0, 1.1], "above 0 and of at most 1"),
    ({"above": 0, "below": 1}, [0.5], [0, 1], "above 0 and below 1"),
]


@pytest.mark.parametrize("bounds, within, outside, words", BOUNDS, ids=str)
def test_bounds_of_numbers(bounds, within, outside, words):
    for value in within:
        assert checks.number(**bounds, weight=value) == value
        assert checks.number(**bounds, weight=np.float64(value)) == value
    for value in [*outside, float("nan")]:
        with raises(f"`weight` must be a number {words}. Received: weight={value!r}"):
            checks.number(**bounds, weight=value)


def test_the_message_names_the_alternative():
    with raises("`rate` must be a number above 0, or None. Received: rate='x'"):
        checks.number(above=0, alternative=", or None", rate="x")


def test_both_ends_of_a_schedule_are_checked():
    for schedule in (Linear(0.0, 1.0, 10), Cosine(1.0, 0.0, 10)):
        assert number(minimum=0, maximum=1, weight=schedule) is schedule
    assert number(above=0, weight=0.5) == 0.5
    for schedule in (Linear(-1.0, 1.0, 10), Linear(1.0, -1.0, 10)):
        with raises(
            "`weight` must be a number of at least 0, or a schedule. "
            f"Received: weight={schedule!r}"
        ):
            number(minimum=0, weight=schedule)
    with raises(
        "`weight` must be a number above 0, or a schedule. "
        f"Received: weight={Cosine(1.0, 0.0, 10)!r}"
    ):
        number(above=0, weight=Cosine(1.0, 0.0, 10))


def test_a_choice_is_returned():
    assert checks.one_of(["a", "b"], policy="b") == "b"
    assert checks.one_of((None, 2), size=None) is None
    assert checks.one_of(iter("xy"), axis="y") == "y"
    assert checks.one_of([1, True], flag=True) is True
    assert is_python_int(checks.one_of((1, 2), outputs=np.int64(2)), 2)


@pytest.mark.parametrize(
    "value", [True, 1.0, np.float64(1), np.int64(3), "1", None], ids=repr
)
def test_a_choice_has_the_type_of_the_choice(value):
    with raises(f"`outputs` must be one of 1, 2. Received: outputs={value!r}"):
        checks.one_of((1, 2), outputs=value)


@pytest.mark.parametrize("value", [True, np.True_])
def test_flags_are_bools_of_python_and_numpy(value):
    assert checks.flag(trainable=value) is True
    assert checks.flag(trainable=not value) is False


@pytest.mark.parametrize("value", [None, 0, 1, 1.0, "True", [], np.array([True])])
def test_other_values_are_no_flags(value):
    with raises(f"`trainable` must be True or False. Received: trainable={value!r}"):
        checks.flag(trainable=value)


@pytest.mark.parametrize("value", ["", "a/b", 5, None, b"x"])
def test_names_are_text_without_a_slash(value):
    assert checks.name(name="generator") == "generator"
    with raises(
        f"`name` must be a str that is not empty, without a `/`. Received: name={value!r}"
    ):
        checks.name(name=value)


def test_a_value_that_is_refused_elsewhere_is_named():
    assert checks.resolved(int, "digits", text="12") == 12
    assert checks.instance(str, "a text", text="12") == "12"
    with raises("`text` must be digits. Received: text='x'"):
        checks.resolved(int, "digits", text="x")
    with raises("`text` must be a text. Received: text=12"):
        checks.instance(str, "a text", text=12)


def test_zero_is_not_false():
    with raises("`shuffle` must be one of False, True. Received: shuffle=0"):
        checks.one_of((False, True), shuffle=0)
    with raises("`size` must be one of 0, 'all'. Received: size=False"):
        checks.one_of([0, "all"], size=False)


@pytest.mark.parametrize(
    "value",
    [(28, 28, 1), [28, 28, 1], np.array([28, 28, 1]), deque((28, 28, 1))],
    ids=str,
)
def test_shapes_become_tuples_of_python_ints(value):
    found = checks.shape(rank=3, sample_shape=value)
    assert type(found) is tuple and found == (28, 28, 1)
    assert {type(side) for side in found} == {int}


@pytest.mark.parametrize(
    "value",
    [(), (0, 4), (4, -1), (4, None), (4.0, 4), (True, 4), "44", 4, None, np.array([4.0])],
    ids=repr,
)
def test_other_values_are_no_shapes(value):
    with raises(
        f"`size` must be the shape of one sample, ints of at least 1. "
        f"Received: size={value!r}"
    ):
        checks.shape(size=value)


def test_the_number_of_dimensions_is_checked():
    assert checks.shape(size=(4,)) == (4,)
    form = "(height, width, channels)"
    for value in ((4, 4), (4, 4, 4, 4)):
        with raises(
            f"`image_shape` must be {form}, ints of at least 1. "
            f"Received: image_shape={value}"
        ):
            checks.shape(rank=3, form=form, image_shape=value)


@pytest.mark.parametrize(
    "found, expected, agree",
    [
        ((28, 28, 1), (28, 28, 1), True),
        ((None, 28, 1), (28, None, 1), True),
        ((), (), True),
        ((28, 28, 1), (28, 28, 3), False),
        ((28, 28), (28, 28, 1), False),
        ((None,), (None, None), False),
    ],
)
def test_unknown_dimensions_agree_with_every_length(found, expected, agree):
    assert checks.same_shape(found, expected) is agree


def test_received_lists_all_values():
    text = checks.received(a=1, b="x", c=None)
    assert text == "Received: a=1, b='x', c=None"


class Unprintable:
    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "value, shown",
    [
        ("x" * 1_000, f"x='{'x' * 199}..."),
        (10**1_000, f"x=1{'0' * 199}..."),
        (10**5_000, "x=a value of type int"),
        (np.arange(12).reshape(4, 3), "[[ 0, 1, 2], [ 3, 4, 5]"),
        (Unprintable(), "x=a value of type Unprintable"),
        ("short", "x='short'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_received_value_is_one_short_line(value, shown):
    text = checks.received(x=value)
    assert shown in text
    assert "\n" not in text and len(text) < 230


def test_a_call_with_wrong_arguments_names_the_function():
    def double(number, times=1):
        raise AssertionError

    assert checks.bound(double, 3, times=2) == {"number": 3, "times": 2}
    with pytest.raises(TypeError, match=r"double\(\) got an unexpected .* 'tims'"):
        checks.bound(double, 3, tims=2)
    with pytest.raises(TypeError, match=r"double\(\) missing a required .* 'number'"):
        checks.bound(double)


def test_a_number_stands_with_its_noun():
    assert checks.counted(0, "sample") == "0 samples"
    assert checks.counted(1, "sample") == "1 sample"
    assert checks.counted(2_000, "sample") == "2,000 samples"
    assert checks.counted(3, "class", "classes") == "3 classes"
