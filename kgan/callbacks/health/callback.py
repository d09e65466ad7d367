"""Watches a GAN during training and warns of typical problems."""

import warnings
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from keras import ops

from kgan import checks
from kgan.callbacks.health import messages, numbers
from kgan.callbacks.interval import samples_shown
from kgan.callbacks.model_callback import ModelCallback
from kgan.critic import heads_of, logits_of, takes_conditions
from kgan.data import map_conditions
from kgan.types import Tensor

# The limits lie between healthy runs and runs with a problem. The healthy runs are the
# README's recipe on the digits with five losses (all but minimax; four of these losses
# without a penalty too), and the ring and the grid of examples/gaussians.py. Two numbers
# of healthy runs are their worst after any epoch, and their worst after the fifth.
# "Stuck" is a generator at a learning rate of 1e-6 against a discriminator at 2e-3.
# Healthy: 0.60, 0.64. A single digit, or up to 20, with a noise of 0.05: 0.09 to 0.21.
_MIN_DIVERSITY = 0.3
# Healthy: 0.29, 0.13. A sigmoid on digits in [-1, 1]: above 0.8; a tanh on digits in
# [0, 4]: above 0.64. Stuck: 0.5.
_MAX_RANGE_GAP = 0.55
# Healthy: 0.98 and 2.9, 0.89 and 1.7. Stuck: 1 and 6 to 30 (Wasserstein 4.5: its critic
# has no end to reach). A generator at a rate of 1e-4 still learns: 1, above 7 for two
# epochs at most.
_MAX_ACCURACY, _MAX_GAP = 0.99, 7.0
# Healthy: 0.55, and at most 15 times the median before.
_MAX_PENALTY, _MAX_TIMES = 1e4, 100.0
# Problems to warn of in the first epoch: they never end without help.
_IMMEDIATE = ("nan", "penalty")


class HealthWarning(UserWarning):
    """The warnings of `Health`.

    `warnings.simplefilter("error", kgan.callbacks.HealthWarning)` turns these warnings
    into errors, which end training.
    """


class Health(ModelCallback):
    """Watches a GAN during training; each warning names a problem and remedies.

    After each epoch the callback draws samples, from the same latents each time,
    compares them with as many reals, and adds to the logs:

    - `diversity`: `min(pairs(s) / pairs(r), nearest(s) / nearest(r))` of samples `s`
      and reals `r`, where `pairs` is the mean Euclidean distance between two samples of
      a set, and `nearest` the mean distance to the nearest other sample. The reals
      themselves have 1. `pairs` shows samples that gather in one spot; `nearest` shows a
      few samples that repeat, at distances like the reals'.
    - `range_gap`: `mean(|s_i - r_i|) / std(r)`, with `s_i` and `r_i` the i-th smallest
      of all values: how far apart the distributions of values are (the 1-Wasserstein
      distance, in standard deviations). The reals themselves have 0.
    - `d_accuracy`: the probability that the discriminator gives a real a higher logit
      than a sample (the area under the ROC curve). At 0.5 the discriminator can't
      separate them, at 1 it always does.
    - `d_gap`: `(mean(d_r) - mean(d_s)) / sqrt((var(d_r) + var(d_s)) / 2)` of the logits
      `d_r` of reals and `d_s` of samples. It still grows where `d_accuracy` has reached
      1, and does not depend on the scale of the logits, so it suits any loss.

    The last two are left out if the discriminator takes labels or packed samples.

    A `HealthWarning` reports these problems, once until the problem ends:

    - `"nan"`: a log or a sample is NaN or infinite;
    - `"penalty"`: a penalty is above 10,000, or above 1 and 100 times its median so far;
    - `"collapse"`: `diversity` is below 0.3;
    - `"discriminator"`: `d_accuracy` is at least 0.99, and `d_gap` at least 7. On small
      data healthy discriminators separate many samples from reals, at a gap of 1 to 3;
    - `"range"`: `range_gap` is above 0.55. If a generator can't reach the values of the
      data, it may also look collapsed, or the discriminator may win; the range is the
      cause then.

    Keras gives the logs to one callback after the other, so a callback that writes them,
    for example `kgan.callbacks.HistoryCSV`, must come after this one; `History` always
    does. Training is the same with and without this callback. With several workers, only
    the chief warns.

    Args:
        samples: Int, at least 2, the largest number of samples to draw; a GAN keeps 64
            reals of an array.
        patience: Int, the number of consecutive epochs with one of the last three
            problems before a warning.
        warmup: Int, the number of images that the GAN must have seen before the callback
            looks for these three problems.
        seed: Int, seed of the latents.

    Attributes:
        findings: List of `(epoch, problem, message)`, the warnings of this training.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    ```python
    health = kgan.callbacks.Health()
    gan.fit(images, epochs=10, callbacks=[health, kgan.callbacks.HistoryCSV("log.csv")])
    ```
    """

    def __init__(
        self, samples: int = 64, patience: int = 3, warmup: int = 10_000, seed: int = 0
    ):
        super().__init__()
        self.samples = checks.count(minimum=2, samples=samples)
        self.patience = checks.count(patience=patience)
        self.warmup = checks.count(minimum=0, warmup=warmup)
        self.seed = checks.fixed_seed(seed=seed)
        self.findings: list[tuple[int, str, str]] = []
        # The number of consecutive epochs with each problem.
        self._epochs: Counter[str] = Counter()
        # The earlier values of each penalty.
        self._penalties: defaultdict[str, list[float]] = defaultdict(list)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.findings = []
        self._epochs.clear()
        self._penalties.clear()
        reals, given = self.model.real_samples, self.model.real_conditions
        # Evenly spaced: the reals of a conditional GAN may be sorted by class.
        count = min(self.samples, len(reals))
        chosen = np.linspace(0, len(reals) - 1, count).astype(int)
        self._reals = _to_numpy(self.model.sample_range.to_float(reals[chosen]))
        self._conditions = map_conditions(lambda x: x[chosen], given)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        samples = self.model.sample(
            len(self._reals), seed=self.seed, conditions=self._conditions
        )
        found = {
            "nan": _nan_message(logs, samples),
            "penalty": self._penalty_message(logs),
        }
        # A number that can't be computed, for example from NaN, is NaN.
        with np.errstate(all="ignore"):
            values = self._numbers(samples)
        logs.update(values)
        if samples_shown(self.model) >= self.warmup:
            found |= self._patient_messages(values, samples)
        for problem, message in found.items():
            self._epochs[problem] = self._epochs[problem] + 1 if message else 0
            limit = 1 if problem in _IMMEDIATE else self.patience
            if self._epochs[problem] == limit:
                self.findings.append((epoch, problem, message))
                self.on_problem(epoch, problem, message)

    def on_problem(self, epoch: int, problem: str, message: str) -> None:
        """Warns of a problem.

        Args:
            epoch: Int, the number of the epoch, from 0 on.
            problem: The name of the problem.
            message: The problem, and remedies.
        """
        if self.model.devices.is_chief:
            warnings.warn(f"Epoch {epoch + 1}: {message}", HealthWarning, stacklevel=2)

    def _numbers(self, samples: np.ndarray) -> dict[str, float]:
        if samples.shape != self._reals.shape:
            return {}
        values = {
            "diversity": numbers.diversity(samples, self._reals),
            "range_gap": numbers.range_gap(samples, self._reals),
        }
        critic = self.model.critic
        if critic.pack == 1 and not takes_conditions(critic.discriminator):
            logits = self._logits(self._reals), self._logits(samples)
            values["d_accuracy"] = numbers.accuracy(*logits)
            values["d_gap"] = numbers.gap(*logits)
        return {key: float(value) for key, value in values.items()}

    def _logits(self, samples: np.ndarray) -> np.ndarray:
        judge = self.model.critic.discriminator
        outputs = self.model.devices.predict(ops.convert_to_tensor(samples), judge)
        return _to_numpy(logits_of(heads_of(outputs)[0])[:, 0])

    def _penalty_message(self, logs: dict[str, Any]) -> str:
        """Returns the message about a penalty that explodes, empty if none does."""
        for name in self.model.recipe.terms["penalties"]:
            value, earlier = logs.get(name, 0.0), self._penalties[name]
            times = value / np.median(earlier) if earlier else 1.0
            if value > _MAX_PENALTY or (value > 1 and times > _MAX_TIMES):
                compared = messages.TIMES.format(times=times) if earlier else ""
                return messages.PENALTY.format(name=name, value=value, times=compared)
            # A lazy penalty is 0 in an epoch in which it was never computed.
            if value > 0:
                earlier.append(value)
        return ""

    def _patient_messages(
        self, values: dict[str, float], samples: np.ndarray
    ) -> dict[str, str]:
        """Returns a message for each problem that needs patience; empty for none."""
        collapsed = values.get("diversity", 1) < _MIN_DIVERSITY
        apart = values.get("range_gap", 0) > _MAX_RANGE_GAP
        won = values.get("d_accuracy", 0) >= _MAX_ACCURACY and values["d_gap"] >= _MAX_GAP
        ranges = {"samples": _describe(samples), "reals": _describe(self._reals)}
        return {
            "collapse": messages.COLLAPSE.format(**values) if collapsed else "",
            "range": messages.RANGE.format(**values, **ranges) if apart else "",
            "discriminator": messages.DISCRIMINATOR.format(**values) if won else "",
        }


def _nan_message(logs: dict[str, Any], samples: np.ndarray) -> str:
    floats = float | np.floating
    names = [k for k, v in logs.items() if isinstance(v, floats) and not np.isfinite(v)]
    names += [] if np.isfinite(samples).all() else ["the samples"]
    return messages.NAN.format(names=", ".join(names)) if names else ""


def _describe(x: np.ndarray) -> str:
    return messages.VALUES.format(low=x.min(), high=x.max(), mean=x.mean())


def _to_numpy(x: Tensor) -> np.ndarray:
    return ops.convert_to_numpy(ops.cast(x, "float32"))
