"""The metrics of a command: their names, and the extractor of their features."""

from kgan import metrics
from kgan.cli.dataset import AnyData
from kgan.metrics import extractors
from kgan.metrics.extractors import inception
from kgan_cli.settings import ExtractorSettings

# The number of fakes for a metric whose name gives no number.
COUNT = 10_000


def extractor(settings: ExtractorSettings, reals: AnyData) -> metrics.Extractor:
    """Returns the extractor that the settings name.

    Args:
        settings: The settings of the command.
        reals: The real images, on whose labels a classifier is trained.
    """
    return extractors.get(
        settings.extractor,
        reals.samples,
        reals.labels,
        weights=settings.weights,
        download=settings.download,
    )


def names(text: str, num_fakes: int = COUNT) -> list[str]:
    """Returns the names of the metrics, each with a number of fakes.

    Args:
        text: Names, separated by commas.
        num_fakes: Int, the number of fakes that there are.
    """
    count = min(num_fakes, COUNT)
    shown = f"{count // 1000}k" if count % 1000 == 0 else str(count)
    names = (name.strip() for name in text.split(","))
    return [
        name if name.removesuffix("k")[-1:].isdigit() else name + shown for name in names
    ]


def check(settings: ExtractorSettings, text: str) -> None:
    """Checks the names of metrics, or the place of weights, before data is loaded.

    The weights of Inception decide which names are allowed, so names of metrics with
    Inception are checked when the weights are loaded.

    Raises:
        ValueError: If no metric has one of the names.
        FileNotFoundError: If Inception has no weights.
    """
    if settings.extractor == extractors.Classifier.name:
        metrics.parse_all(names(text), metrics.Extractor(settings.extractor))
    elif not settings.download:
        inception.find(settings.weights)
