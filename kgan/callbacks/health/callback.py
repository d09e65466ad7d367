import warnings
from collections import Counter, defaultdict
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan import data
from kgan.callbacks.health import numbers, sentences
from kgan.critic import takes_labels

# Healthy runs, below, are the README's recipe on the digits with five losses (all but
# minimax; four of them without a penalty too), and the ring and the grid of
# examples/gaussians.py: first their worst after any epoch, then after the fifth.
# "Stuck" is a generator at a learning rate of 1e-6 against a discriminator at 2e-3.
# Healthy: 0.60, 0.64. A single digit, or up to 20, with a noise of 0.05: 0.09 to 0.21.
_DIVERSITY = 0.3
# Healthy: 0.29, 0.13. A sigmoid on digits in [-1, 1]: above 0.8; a tanh on digits in
# [0, 4]: above 0.64. Stuck: 0.5.
_RANGE_GAP = 0.55
# Healthy: 0.98 and 2.9, 0.89 and 1.7. Stuck: 1 and 6 to 30 (Wasserstein 4.5, which has
# no end to win). A rate of 1e-4 learns all the same: 1, above 7 for two epochs at most.
_ACCURACY, _GAP = 0.99, 7.0
# Healthy: 0.55, and at most 15 times the median before.
_HUGE, _TIMES = 1e4, 100.0
# What does not get better by itself.
_AT_ONCE = ("nan", "penalty")


class HealthWarning(UserWarning):
    """What `Health` warns with.

    `warnings.simplefilter("error", kgan.callbacks.HealthWarning)` ends training then.
    """


class Health(keras.callbacks.Callback):
    """Watches a GAN in training, and says in a sentence what goes wrong and what to try.

    After each epoch it draws samples, from the same latents each time, compares them
    with as many reals, and adds to the logs:

    - `diversity`: `min(pairs(s) / pairs(r), nearest(s) / nearest(r))` of samples `s`
      and reals `r`, where `pairs` is the mean Euclidean distance between two of a set,
      and `nearest` the mean distance to the nearest other one. 1 is the reals' own.
      `pairs` sees samples that gather in one spot; `nearest` sees a few samples drawn
      over and over, which are as far apart as ever.
    - `range_gap`: `mean(|s_i - r_i|) / std(r)`, with `s_i` and `r_i` the i-th smallest
      of all values: how far apart the distributions of values are (the 1-Wasserstein
      distance, in standard deviations). 0 is the reals' own.
    - `d_accuracy`: the chance that the discriminator gives a real a higher logit than
      a sample (the area under the ROC curve). 0.5: it can't tell; 1: it always does.
    - `d_gap`: `(mean(d_r) - mean(d_s)) / sqrt((var(d_r) + var(d_s)) / 2)` of the logits
      `d_r` of reals and `d_s` of samples. It goes on where `d_accuracy` ends, and is
      the same for logits of any scale, so for any loss.

    The last two are left out where the discriminator takes labels or packed samples.

    It warns with a `HealthWarning`, once until it is over, of:

    - `"nan"`: a log or a sample is NaN or infinite;
    - `"penalty"`: one is above 10,000, or above 1 and 100 times its median so far;
    - `"collapse"`: `diversity` is below 0.3;
    - `"discriminator"`: `d_accuracy` is at least 0.99, and `d_gap` at least 7. On small
      data healthy discriminators tell many samples from reals, at a gap of 1 to 3;
    - `"range"`: `range_gap` is above 0.55. Values that a generator can't reach make it
      look collapsed, or the discriminator win, too; then this is the cause.

    Callbacks get the logs one after the other, so what writes them, such as
    `kgan.callbacks.HistoryCSV`, must come after it; `History` always does. Training is
    the same with it and without. Of several workers the first one warns.

    Args:
        samples: Int, how many to draw at most; a GAN keeps 64 reals of an array.
        patience: Int, how many epochs in a row the last three must be seen.
        warmup: Int, how many images the GAN must have seen before these are judged.
        seed: Int, seed of the latents.

    Attributes:
        findings: List of `(epoch, kind, message)`, the warnings of this training.

    Raises:
        ValueError: If an argument can't be used.

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
        least = {"samples": 2, "patience": 1, "warmup": 0, "seed": 0}
        values = (samples, patience, warmup, seed)
        for (name, bound), value in zip(least.items(), values, strict=True):
            if not isinstance(value, int) or value < bound:
                raise ValueError(
                    f"`{name}` must be an int of at least {bound}. "
                    f"Received: {name}={value!r}"
                )
        self.samples, self.patience, self.warmup, self.seed = values
        self.findings: list[tuple[int, str, str]] = []
        # Epochs in a row in which each kind was seen, and each penalty so far.
        self._seen: Counter = Counter()
        self._penalties: defaultdict = defaultdict(list)

    def on_train_begin(self, logs=None):
        self.findings = []
        self._seen.clear()
        self._penalties.clear()
        reals, labels = self.model.real_samples, self.model.real_labels
        # From all over them: of a conditional GAN they may come sorted by class.
        count = min(self.samples, len(reals))
        chosen = np.linspace(0, len(reals) - 1, count).astype(int)
        self._reals = _array(data.to_float(reals[chosen]))
        self._labels = None if labels is None else labels[chosen]

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        samples = self.model.sample(len(self._reals), seed=self.seed, labels=self._labels)
        found = {"nan": _not_finite(logs, samples), "penalty": self._exploded(logs)}
        # What can't be computed, as of samples that are NaN, is NaN.
        with np.errstate(all="ignore"):
            values = self._numbers(samples)
        logs.update(values)
        if int(self.model.images_seen.numpy()) >= self.warmup:
            found |= self._patient(values, samples)
        for kind, message in found.items():
            self._seen[kind] = self._seen[kind] + 1 if message else 0
            if self._seen[kind] == (1 if kind in _AT_ONCE else self.patience):
                self._warn(epoch, kind, message)

    def _warn(self, epoch: int, kind: str, message: str) -> None:
        self.findings.append((epoch, kind, message))
        if self.model.is_chief:
            warnings.warn(f"Epoch {epoch + 1}: {message}", HealthWarning, stacklevel=2)

    def _numbers(self, samples: np.ndarray) -> dict[str, float]:
        if samples.shape != self._reals.shape:
            return {}
        values = {
            "diversity": numbers.diversity(samples, self._reals),
            "range_gap": numbers.range_gap(samples, self._reals),
        }
        if self._judges_single_samples():
            logits = self._logits(self._reals), self._logits(samples)
            values["d_accuracy"] = numbers.accuracy(*logits)
            values["d_gap"] = numbers.gap(*logits)
        return {key: float(value) for key, value in values.items()}

    def _judges_single_samples(self) -> bool:
        return self.model.pack == 1 and not takes_labels(self.model.discriminator)

    def _logits(self, samples: np.ndarray) -> np.ndarray:
        # Not `predict`, which would run on all devices of a strategy.
        outputs = self.model.discriminator(ops.convert_to_tensor(samples), training=False)
        # A second output is of classes.
        logits = _array(outputs[0] if isinstance(outputs, list | tuple) else outputs)
        return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]

    def _exploded(self, logs: dict[str, Any]) -> str:
        for name in (penalty.name for penalty in self.model.penalties):
            value, before = logs.get(name, 0.0), self._penalties[name]
            times = value / np.median(before) if before else 1.0
            if value > _HUGE or (value > 1 and times > _TIMES):
                seen = sentences.TIMES.format(times=times) if before else ""
                return sentences.PENALTY.format(name=name, value=value, times=seen)
            # A lazy penalty is 0 in an epoch without a turn of it.
            if value > 0:
                before.append(value)
        return ""

    def _patient(self, values: dict[str, float], samples: np.ndarray) -> dict[str, str]:
        """Returns what is wrong of that which needs patience, empty if nothing is."""
        collapsed = values.get("diversity", 1) < _DIVERSITY
        apart = values.get("range_gap", 0) > _RANGE_GAP
        won = values.get("d_accuracy", 0) >= _ACCURACY and values["d_gap"] >= _GAP
        ranges = {"samples": _values(samples), "reals": _values(self._reals)}
        return {
            "collapse": sentences.COLLAPSE.format(**values) if collapsed else "",
            "range": sentences.RANGE.format(**values, **ranges) if apart else "",
            "discriminator": sentences.DISCRIMINATOR.format(**values) if won else "",
        }


def _not_finite(logs: dict[str, Any], samples: np.ndarray) -> str:
    kinds = float | np.floating
    names = [k for k, v in logs.items() if isinstance(v, kinds) and not np.isfinite(v)]
    names += [] if np.isfinite(samples).all() else ["the samples"]
    return sentences.NAN.format(names=", ".join(names)) if names else ""


def _values(x: np.ndarray) -> str:
    return sentences.VALUES.format(low=x.min(), high=x.max(), mean=x.mean())


def _array(x: Any) -> np.ndarray:
    return ops.convert_to_numpy(ops.cast(x, "float32"))
