import numpy as np

from kgan import checks
from kgan.types import ArrayLike

# Below this sine of the angle, the straight line is as good, and no division is by 0.
_SMALLEST_SINE = 1e-4


def interpolate(start: ArrayLike, end: ArrayLike, steps: int = 8) -> np.ndarray:
    """Returns latents on an arc from one latent to another.

    `(sin((1 - t) a) start + sin(t a) end) / sin(a)`, where `a` is the angle between both
    latents, for `steps` values of `t` from 0 to 1. In high dimensions, normal latents
    have about the same length. The points of the arc have this length too, and points on
    the straight line are shorter. Between latents in the same or in opposite directions
    the path is the straight line.

    Args:
        start: Float array `(latent_dim,)`.
        end: Float array `(latent_dim,)`.
        steps: Int, at least 2, the number of latents with both ends.

    Returns:
        A float32 array `(steps, latent_dim)`.

    Raises:
        ValueError: If the arrays are no latents of the same length.

    Example:

    >>> import kgan
    >>> path = kgan.latents.interpolate([3.0, 0.0], [0.0, 3.0], steps=3)
    >>> [[round(float(value), 2) for value in latents] for latents in path]
    [[3.0, 0.0], [2.12, 2.12], [0.0, 3.0]]

    Reference:
        [White, 2016](https://arxiv.org/abs/1609.04468), section 2.1.
    """
    steps = checks.count(minimum=2, steps=steps)
    expected = "finite numbers of shape (latent_dim,)"
    first = checks.resolved(_as_numbers, expected, start=start)
    last = checks.resolved(_as_numbers, expected, end=end)
    if first.ndim != 1 or first.shape != last.shape or not first.size:
        raise ValueError(
            "`start` and `end` must be latents of the same length. "
            f"Received: start.shape={first.shape}, end.shape={last.shape}"
        )
    lengths = np.linalg.norm(first) * np.linalg.norm(last)
    cosine = np.clip(first @ last / lengths, -1, 1) if lengths else 1.0
    angle = np.arccos(cosine)
    t = np.linspace(0, 1, steps)[:, None]
    near, far = 1 - t, t
    if np.sin(angle) > _SMALLEST_SINE:
        near, far = np.sin(near * angle), np.sin(far * angle)
        near, far = near / np.sin(angle), far / np.sin(angle)
    path = (near * first + far * last).astype("float32")
    # Without the rounding of the sines.
    path[0], path[-1] = first, last
    return path


def _as_numbers(latents: ArrayLike) -> np.ndarray:
    numbers = np.asarray(latents, "float64")
    if not np.isfinite(numbers).all():
        raise ValueError("A latent is NaN or infinite.")
    return numbers
