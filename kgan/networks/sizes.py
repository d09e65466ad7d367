"""The sizes of an image on its way down, and up again."""

from collections.abc import Sequence
from typing import Any

from keras import layers

# Halving ends when the shorter side is this small.
SMALLEST = 4
_WIDEST = 512


def halvings(
    image_shape: Sequence[int], depth: int | None = None
) -> tuple[list[tuple[int, int]], int]:
    """Returns the sizes from the image's down, halved and rounded up, and its channels.

    Args:
        image_shape: `(height, width, channels)`.
        depth: Int, how many halvings; None for as many as bring the shorter side down
            to 4.

    Raises:
        ValueError: If `image_shape` is not that of an image.
    """
    shape = tuple(image_shape)
    if len(shape) != 3 or min(shape) < 1 or shape[-1] > 4:
        raise ValueError(
            "`image_shape` must be (height, width, channels) with 1 to 4 channels. "
            f"Received: image_shape={shape}"
        )
    sizes = [(shape[0], shape[1])]
    while min(sizes[-1]) > SMALLEST if depth is None else len(sizes) <= depth:
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes, shape[-1]


def doubled(width: int, depth: int) -> list[int]:
    """Returns channels after each halving, twice as many at each, up to 512."""
    return [min(width * 2**i, _WIDEST) for i in range(depth)]


def level(width: int, size: tuple[int, int]) -> int:
    """Returns `width` channels up to 32 pixels, half as many at each doubling beyond."""
    return max(1, width * 32 // max(32, min(size)))


def cropped(x: Any, size: tuple[int, int]) -> Any:
    """Takes the last rows and columns off an image, where it is larger than `size`."""
    surplus = [have - want for have, want in zip(x.shape[1:3], size, strict=True)]
    if any(surplus):
        x = layers.Cropping2D(tuple((0, rows) for rows in surplus))(x)
    return x
