"""Colors for transparent pixels."""

import numpy as np

# Pixels with less alpha are almost invisible. When Pillow shrinks a picture, it rounds
# color times alpha, so the colors of these pixels are off by 16 and more.
_FAINT = 8


def spread_colors(pixels: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Gives transparent pixels the colors of the visible pixels around them.

    Files have any color there, mostly black. A GAN would learn the color, and draw it
    where the alpha of a sample is a little too high. Pixels with an alpha below 8 count
    as transparent, unless the picture has no others.

    Args:
        pixels: uint8 array `(height, width, 2 or 4)`, whose last channel is alpha.
        empty: uint8 array `(2 or 4,)`, the pixels of a picture without a visible pixel.

    Returns:
        A uint8 array of the same shape, with the same visible pixels and alphas.
    """
    alpha = pixels[..., -1:]
    if not alpha.any():
        return np.broadcast_to(empty, pixels.shape)
    visible = alpha >= min(_FAINT, alpha.max())
    if visible.all():
        return pixels
    weights = np.where(visible, alpha, 0).astype("float32")
    colors = _fill(pixels[..., :-1] * weights, weights)
    filled = np.concatenate([np.rint(colors).astype("uint8"), alpha], axis=-1)
    return np.where(visible, pixels, filled)


def _fill(colors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Fills gaps from the same picture at half the size, where gaps are smaller.

    Args:
        colors: Float array `(height, width, colors)`, multiplied by the weights.
        weights: Float array `(height, width, 1)`, 0 in the gaps.
    """
    known = weights > 0
    filled = colors / np.where(known, weights, 1)
    if known.all():
        return filled
    height, width = weights.shape[:2]
    coarse = _fill(_halve(colors), _halve(weights)).repeat(2, axis=0).repeat(2, axis=1)
    return np.where(known, filled, _smooth(coarse)[:height, :width])


def _halve(x: np.ndarray) -> np.ndarray:
    """Adds up blocks of 2x2 pixels."""
    height, width, channels = x.shape
    x = np.pad(x, ((0, height % 2), (0, width % 2), (0, 0)))
    blocks = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, channels)
    return blocks.sum(axis=(1, 3))


def _smooth(x: np.ndarray) -> np.ndarray:
    """Makes doubled pixels what bilinear resizing makes of them."""
    for axis in (0, 1):
        edges = [(0, 0)] * 3
        edges[axis] = (1, 1)
        padded, size = np.pad(x, edges, mode="edge"), x.shape[axis]
        before, after = (np.take(padded, range(i, i + size), axis) for i in (0, 2))
        x = (before + 2 * x + after) / 4
    return x
