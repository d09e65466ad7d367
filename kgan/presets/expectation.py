"""What samples of the preset `small` look like after a number of images, in words."""

# Seen in the grids of benchmarks/colour.py: 3,551 emoji of 32x32 pixels, without labels.
_STAGES = (
    (40_000, "blurred spots in the colours of the data"),
    (80_000, "outlines, and the most frequent motifs without details"),
    (150_000, "the most frequent motifs recognisable, rare motifs as blurred shapes"),
)
_LAST = "most of the frequent motifs with their details, rare motifs less often"


def expectation(budget: int) -> str:
    """Returns a sentence on the samples to expect.

    Args:
        budget: Int, number of real images to show.
    """
    seen = next((words for images, words in _STAGES if budget < images), _LAST)
    advice = " A larger budget draws more." if budget < _STAGES[-1][0] else ""
    return (
        f"After {budget:,} images of 32x32 pixels expect {seen}; larger or more varied "
        f"images need more.{advice}"
    )
