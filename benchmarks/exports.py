"""Exports each family of generators in each format, and compares with Keras.

    KERAS_BACKEND=tensorflow python benchmarks/exports.py

The table has the largest difference of outputs, or the reason why there is no file. The
runtimes are not in the extras of kgan:

    pip install onnx onnxruntime tf2onnx onnxscript ai-edge-litert openvino
"""

import argparse
import pathlib
import tempfile
from typing import Any

import keras

import kgan
from kgan import exports

SHAPE, LATENT_DIM = (16, 16, 3), 8
FAMILIES: dict[str, dict[str, Any]] = {
    "mlp": {},
    "dcgan": {"width": 4},
    "small": {"width": 4},
    "resnet": {"width": 4, "attention": 8},
    "r3gan": {"width": 8, "group_size": 4},
    "stylegan2": {"width": 4, "mapping_layers": 2},
    "fastgan": {"width": 4},
    "biggan": {"width": 4, "attention": 8},
    "transformer": {"width": 16, "depth": 2, "num_heads": 2},
}
# A discriminator is no part of an export, but of a GAN.
DISCRIMINATOR = {"width": 4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    formats = [format.alias for format in exports.FORMATS]
    parser.add_argument("--families", nargs="+", default=FAMILIES, choices=FAMILIES)
    parser.add_argument("--formats", nargs="+", default=formats, choices=formats)
    arguments = parser.parse_args()
    print(f"Keras {keras.__version__} on {keras.backend.backend()}\n")
    print("| generator |", " | ".join(arguments.formats), "|")
    print("| --- |", " | ".join("---" for _ in arguments.formats), "|")
    for family in arguments.families:
        for classes in (None, 3):
            cells = [_cell(family, classes, name) for name in arguments.formats]
            name = family if classes is None else f"{family}, conditional"
            print("|", " | ".join([name, *cells]), "|", flush=True)


def _cell(family: str, num_classes: int | None, name: str) -> str:
    """Returns the difference of outputs, or the reason why there is no file."""
    gan = _gan(family, num_classes)
    format = exports.get(name)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, f"generator{format.suffix}")
        try:
            gan.export(path, format=name, verbose=False)
        # The converters have exceptions of their own.
        except Exception as error:
            return f"no: {_first_line(error)}"
        record = exports.read_record(path, format)["comparison"]
    if record["difference"] is None:
        return record["reason"]
    return f"{record['difference']:.0e}"


def _gan(family: str, num_classes: int | None) -> kgan.GAN:
    keras.utils.set_random_seed(0)
    generator = getattr(kgan.networks, f"{family}_generator")
    discriminator = kgan.networks.small_discriminator
    return kgan.GAN(
        generator(SHAPE, LATENT_DIM, num_classes=num_classes, **FAMILIES[family]),
        discriminator(SHAPE, num_classes=num_classes, **DISCRIMINATOR),
        num_classes=num_classes,
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].replace("|", "/")[:100]


if __name__ == "__main__":
    main()
