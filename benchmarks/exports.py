"""Exports each family of generators in each format, and compares with Keras.

    KERAS_BACKEND=tensorflow python benchmarks/exports.py

The table has the largest difference of outputs, or the reason why there is no file. The
exporters and the runtimes are not in the extras of kgan:

    pip install onnxruntime ai-edge-litert openvino
    pip install tf2onnx  # or jax2onnx; for PyTorch onnxscript litert-torch
"""

import argparse
import functools
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

import kgan
from kgan import exports
from kgan.models.sampling import SamplingModel

import keras

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
# Networks from picture to picture. A CycleGAN exports its generator from B to A here.
TRANSLATORS = {
    "unet": functools.partial(kgan.networks.unet_generator, SHAPE, width=4),
    "resnet_translator": functools.partial(
        kgan.networks.resnet_translator, SHAPE, width=4, blocks=1
    ),
    "resnet_translator, any size": functools.partial(
        kgan.networks.resnet_translator, (None, None, 3), width=4, blocks=1
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    formats = [format.alias for format in exports.FORMATS]
    families = [*FAMILIES, *TRANSLATORS, "cyclegan"]
    parser.add_argument("--families", nargs="+", default=families, choices=families)
    parser.add_argument("--formats", nargs="+", default=formats, choices=formats)
    arguments = parser.parse_args()
    print(f"Keras {keras.__version__} on {keras.backend.backend()}\n")
    print("| generator |", " | ".join(arguments.formats), "|")
    print("| --- |", " | ".join("---" for _ in arguments.formats), "|")
    for family in arguments.families:
        for name, model, options in _models(family):
            cells = [_cell(model, format, options) for format in arguments.formats]
            print("|", " | ".join([name, *cells]), "|", flush=True)


def _cell(model: SamplingModel, name: str, options: dict[str, Any]) -> str:
    """Returns the difference of outputs, or the reason why there is no file."""
    format = exports.get(name)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, f"generator{format.suffix}")
        try:
            model.export(path, format=name, verbose=False, **options)
        # The converters have exceptions of their own.
        except Exception as error:
            return f"no: {_first_line(error)}"
        record = exports.read_record(path, format)["comparison"]
    if record["difference"] is None:
        return record["reason"]
    return f"{record['difference']:.0e}"


def _models(family: str) -> Iterator[tuple[str, SamplingModel, dict[str, Any]]]:
    """Yields models of a family, with their names and further options of `export`."""
    keras.utils.set_random_seed(0)
    judge = functools.partial(kgan.networks.patch_discriminator, width=4, depth=1)
    if family in TRANSLATORS:
        yield family, kgan.Translator(TRANSLATORS[family](), judge(SHAPE, SHAPE)), {}
    elif family == "cyclegan":
        generators = [TRANSLATORS["resnet_translator"]() for _ in range(2)]
        judges = [judge(SHAPE) for _ in range(2)]
        yield family, kgan.CycleGAN(*generators, *judges), {"to": "a"}
    else:
        for classes in (None, 3):
            name = family if classes is None else f"{family}, conditional"
            yield name, _gan(family, classes), {}


def _gan(family: str, num_classes: int | None) -> kgan.GAN:
    generator = getattr(kgan.networks, f"{family}_generator")
    # A discriminator is no part of an export, but of a GAN.
    discriminator = kgan.networks.small_discriminator
    return kgan.GAN(
        generator(SHAPE, LATENT_DIM, num_classes=num_classes, **FAMILIES[family]),
        discriminator(SHAPE, num_classes=num_classes, width=4),
        num_classes=num_classes,
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].replace("|", "/")[:250]


if __name__ == "__main__":
    main()
