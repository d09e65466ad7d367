"""What samples the preset `small` drew after a number of images, in words."""

# Seen in the grids of benchmarks/colour.py, without labels, on a CPU.
_SEEN = {
    20_000: "heads that are just recognisable, and coloured areas with a weave",
    50_000: "people that are just recognisable, and coloured shapes",
    100_000: "recognisable people and flags, and coloured shapes",
    200_000: "people, couples and flags with details, but few clear animals and objects",
    2_000_000: "people, couples, smileys and flags with details; few animals are clear",
}


def expectation(budget: int) -> str:
    """Returns a sentence on samples that others got, for comparison.

    Args:
        budget: Int, number of real images to show.
    """
    images = max((n for n in _SEEN if n <= budget), default=min(_SEEN))
    said = (
        f"For comparison: from 3,551 colour emoji of 32x32 pixels, {images:,} images "
        f"shown, this preset drew {_SEEN[images]}."
    )
    if budget < images:
        return f"A budget of {budget:,} images is small. {said}"
    return said
