"""The speed of features and distances, and the effect of JPEG and resizing on a distance.

    KERAS_BACKEND=tensorflow python benchmarks/metrics.py speed
    python benchmarks/metrics.py distances
    python benchmarks/metrics.py effects mnist_train.npz

`speed` compares the Inception network with the same network in PyTorch, with the same
random weights, in turns, by images a second. `distances` measures time and memory of each
metric for 50,000 samples with 2,048 features. `effects` measures how the number of
samples, JPEG and resizing change a Fréchet distance between real images, in the features
of a classifier.
"""

import argparse
import io
import pathlib
import resource
import sys
import time

import numpy as np
from PIL import Image


def speed(batch_size: int = 16, turns: int = 4) -> None:
    """Prints the images a second of both networks."""
    from kgan.metrics.extractors import inception

    import torch

    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))
    from test_inception import published
    from torch_inception import Reference

    tensors = published()
    model = inception.build()
    inception.load(model, tensors)
    reference = Reference(tensors, torch.float32)
    x = np.random.default_rng(0).normal(size=(batch_size, 299, 299, 3)).astype("float32")
    times: dict[str, list[float]] = {"kgan": [], "PyTorch": []}
    for turn in range(turns + 1):
        for name, run in (("kgan", model.predict_on_batch), ("PyTorch", reference)):
            with torch.no_grad():
                start = time.perf_counter()
                run(x)
            # The first turn compiles.
            times[name] += [time.perf_counter() - start] if turn else []
    rates = {name: batch_size / np.median(values) for name, values in times.items()}
    ratio = rates["kgan"] / rates["PyTorch"]
    shown = [f"{name} {rate:.1f} images a second" for name, rate in rates.items()]
    print(", ".join([*shown, f"ratio {ratio:.2f}"]), flush=True)


def both_sets(a: np.ndarray, b: np.ndarray) -> None:
    """Computes nothing: its row shows the memory of the features and the process."""


def distances(count: int, length: int) -> None:
    """Prints the processor time and the peak of memory of each metric."""
    from kgan import metrics

    random = np.random.default_rng(0)
    a, b = (random.standard_normal((count, length), "float32") for _ in range(2))
    print("| metric | seconds | peak of memory |\n| --- | --- | --- |")
    for function in (
        both_sets,
        metrics.frechet_distance,
        metrics.kernel_distance,
        metrics.precision_recall,
        metrics.density_coverage,
    ):
        start = time.process_time()
        function(a, b)
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"| {function.__name__} | {seconds:.1f} | {peak:.2f} GB |", flush=True)


def jpeg(images: np.ndarray, quality: int) -> np.ndarray:
    """Returns the images after JPEG compression at a quality."""
    out = np.empty_like(images)
    for number, image in enumerate(images):
        file = io.BytesIO()
        Image.fromarray(image[..., 0]).save(file, "JPEG", quality=quality)
        out[number, ..., 0] = np.asarray(Image.open(file))
    return out


def halved(images: np.ndarray, resample: Image.Resampling) -> np.ndarray:
    """Returns the images resized to half their size, and back to their size."""
    out = np.empty_like(images)
    height, width = images.shape[1:3]
    for number, image in enumerate(images):
        small = Image.fromarray(image[..., 0]).resize((width // 2, height // 2), resample)
        out[number, ..., 0] = np.asarray(small.resize((width, height), resample))
    return out


def effects(path: str) -> None:
    """Prints distances between real images and changed real images."""
    import kgan
    from kgan import metrics

    images, labels = kgan.data.load(path)
    assert labels is not None
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order]
    extractor = metrics.classifier(images[:30_000], labels[:30_000])
    real, rest = images[30_000:40_000], images[40_000:]
    statistics = metrics.statistics(extractor(real).features)

    def distance(x: np.ndarray) -> float:
        return metrics.frechet_distance(statistics, extractor(x).features)

    features = extractor(rest).features
    print("| 10,000 digits against | Fréchet distance |\n| --- | --- |")
    for count in (500, 1_000, 2_000, 5_000, 10_000):
        values = [
            metrics.frechet_distance(statistics, features[i * count : (i + 1) * count])
            for i in range(len(features) // count)
        ]
        print(f"| {count:,} others, mean of {len(values)} | {np.mean(values):.3f} |")
        if count <= 2_000:
            values = [
                metrics.frechet_distance_infinity(
                    statistics, features[i * count : (i + 1) * count]
                )
                for i in range(len(features) // count)
            ]
            print(f"| {count:,}, extrapolated | {np.mean(values):.3f} |", flush=True)
    rest = rest[:10_000]
    for quality in (95, 75, 50):
        found = distance(jpeg(rest, quality))
        print(f"| 10,000 others as JPEG of {quality} | {found:.3f} |")
    for resample in (Image.Resampling.BILINEAR, Image.Resampling.NEAREST):
        name = resample.name.lower()
        found = distance(halved(rest, resample))
        print(f"| 10,000 others halved and doubled, {name} | {found:.3f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "distances", "effects"))
    parser.add_argument("data", nargs="?", help=".npz with images and labels")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--length", type=int, default=2_048)
    arguments = parser.parse_args()
    if arguments.what == "speed":
        speed()
    elif arguments.what == "distances":
        distances(arguments.count, arguments.length)
    else:
        effects(arguments.data)


if __name__ == "__main__":
    main()
