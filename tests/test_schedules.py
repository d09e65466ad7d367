import keras
import numpy as np
import pytest

import kgan
from kgan.schedules import Cosine, Linear, at, number


def test_values_equal_the_formulas_in_numpy():
    seen = np.array([0, 99, 100, 150, 200, 300, 301, 2**31 - 1])
    progress = np.clip((seen - 100) / 200, 0, 1)
    linear, cosine = Linear(2.0, -1.0, 200, begin=100), Cosine(2.0, -1.0, 200, begin=100)
    np.testing.assert_allclose([float(linear(n)) for n in seen], 2 - 3 * progress, 1e-6)
    expected = -1 + 3 * (1 + np.cos(np.pi * progress)) / 2
    np.testing.assert_allclose([float(cosine(n)) for n in seen], expected, 1e-6, 1e-6)


def test_an_option_gets_its_values_at_any_depth():
    inner = kgan.penalties.R1(Linear(1.0, 0.0, 10))
    option = kgan.penalties.R2(2.0)
    option.parts = (inner, [kgan.penalties.R2(1.0)])
    now = at(option, 5)
    assert float(now.parts[0].weight) == 0.5 and now.weight == 2.0
    assert now.parts[1] is option.parts[1]
    assert isinstance(inner.weight, Linear)


def test_options_without_a_schedule_stay_the_same_object():
    option = kgan.penalties.R1(2.0)
    assert at(option, 5) is option
    assert at(3.0, 5) == 3.0


def test_schedules_are_saved_with_their_option():
    penalty = kgan.penalties.R1(Cosine(1.0, 0.5, 100, begin=3), every=2)
    config = keras.saving.serialize_keras_object(penalty)
    assert keras.saving.deserialize_keras_object(config) == penalty


@pytest.mark.parametrize(
    "weight", [-1.0, float("nan"), "0.1", None, True, Linear(1.0, -1.0, 10)]
)
def test_numbers_out_of_bounds_are_refused(weight):
    with pytest.raises(ValueError, match="`weight` must be a number of at least 0"):
        number(minimum=0, weight=weight)
    with pytest.raises(ValueError, match=r"of 0 to 1.*Received: weight="):
        number(minimum=0, maximum=1, weight=weight)


@pytest.mark.parametrize("arguments", [("a", 1, 10), (0, 1, "10"), (0, None, 10)])
def test_start_end_and_images_are_numbers(arguments):
    with pytest.raises(ValueError, match=r"must be a number( above 0)?\. Received: "):
        Linear(*arguments)


@pytest.mark.parametrize("images", [0, -1, float("inf")])
def test_schedules_need_a_length_above_0(images):
    with pytest.raises(ValueError, match=r"`images` .* above 0\. Received: images="):
        Linear(1.0, 0.0, images)


def test_schedules_keep_python_numbers():
    schedule = Linear(np.float32(0.5), np.int64(1), np.int64(10), begin=np.int64(2))
    assert schedule.get_config() == {"start": 0.5, "end": 1, "images": 10, "begin": 2}
    kinds = [type(value) for value in schedule.get_config().values()]
    assert kinds == [float, int, int, int]
    assert repr(schedule) == "Linear(start=0.5, end=1, images=10, begin=2)"


def test_a_schedule_cannot_begin_before_0():
    with pytest.raises(ValueError, match=r"at least 0\. Received: begin=-1$"):
        Linear(1.0, 0.0, 10, begin=-1)
