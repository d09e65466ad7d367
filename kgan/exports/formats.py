"""The formats of `GAN.export`, each with a function that runs an exported file."""

import dataclasses
import importlib.util
import pathlib
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np

from kgan import checks
from kgan.exports.inputs import argument

Runner = Callable[[pathlib.Path, Sequence[np.ndarray]], np.ndarray]


def _run_saved_model(path: pathlib.Path, inputs: Sequence[np.ndarray]) -> np.ndarray:
    import tensorflow as tf

    # The functions of a loaded model live as long as the model.
    model = tf.saved_model.load(str(path))
    return model.serve(argument(inputs)).numpy()


def _run_onnx(path: pathlib.Path, inputs: Sequence[np.ndarray]) -> np.ndarray:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # An error is raised, and need not be printed too.
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))[0]


def _run_openvino(path: pathlib.Path, inputs: Sequence[np.ndarray]) -> np.ndarray:
    import openvino

    # Without the hint, OpenVINO may compute in float16 or bfloat16.
    hints = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(path, "CPU", hints)
    return compiled(list(inputs))[0]


def _run_litert(path: pathlib.Path, inputs: Sequence[np.ndarray]) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_path=str(path)).get_signature_runner()
    # LiteRT sorts the inputs by name, so they are known by dtype and shape.
    kinds = {(x.dtype.kind, x.shape[1:]): x for x in inputs}
    details = runner.get_input_details()
    values = {
        name: kinds[np.dtype(d["dtype"]).kind, tuple(d["shape"][1:])]
        for name, d in details.items()
    }
    (output,) = runner(**values).values()
    return output


def _run_torch(path: pathlib.Path, inputs: Sequence[np.ndarray]) -> np.ndarray:
    import torch

    network = torch.export.load(path).module()
    with torch.no_grad():
        return network(argument(list(map(torch.from_numpy, inputs)))).numpy()


@dataclasses.dataclass(frozen=True)
class Format:
    """A format of exported generators.

    Args:
        name: The name that `keras.Model.export` takes.
        alias: The name that `kgan export` takes.
        suffix: The end of the path; empty for a folder.
        runtime: The module that runs exported files.
        package: The package of this module.
        run: Function of a path and of the inputs, which returns the output.
        exporters: The package that Keras needs to export, by the backends that export to
            the format; an empty text for no package.
        batch: The only batch size of exported files; None for any batch size.
        parts: The ends of further files that are written beside the file.
    """

    name: str
    alias: str
    suffix: str
    runtime: str
    package: str
    run: Runner
    exporters: Mapping[str, str]
    batch: int | None = None
    parts: tuple[str, ...] = ()

    @property
    def can_run(self) -> bool:
        """Whether the runtime is installed."""
        return _is_installed(self.runtime)

    @property
    def export_error(self) -> str:
        """The reason why the backend can't export; an empty text if the backend can."""
        backend = keras.backend.backend()
        if backend not in self.exporters:
            others = " or ".join(self.exporters)
            return (
                f"On {backend}, Keras can't export to {self.alias}: load the GAN with "
                f"KERAS_BACKEND={others}, and export it there."
            )
        package = self.exporters[backend]
        if not package or _is_installed(package.replace("-", "_")):
            return ""
        return (
            f"On {backend}, Keras needs the package {package} to export to {self.alias}: "
            f"`pip install {package}`."
        )

    def check_backend(self, **argument: object) -> None:
        """Checks that the backend can export to the format.

        Args:
            **argument: The argument that names the format, for the message.

        Raises:
            ValueError: If the backend can't, or a package is missing.
        """
        if self.export_error:
            raise ValueError(f"{self.export_error} {checks.received(**argument)}")

    def check_path(self, path: pathlib.Path) -> None:
        """Checks the end of a path.

        Raises:
            ValueError: If the path has another end than the format needs.
        """
        if self.suffix and path.suffix != self.suffix:
            raise ValueError(
                f"`filepath` must end in {self.suffix} for this format. "
                f"{checks.received(filepath=str(path), format=self.name)}"
            )


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


FORMATS = (
    Format(
        "tf_saved_model",
        "saved_model",
        "",
        "tensorflow",
        "tensorflow",
        _run_saved_model,
        {"tensorflow": "", "jax": "tensorflow"},
    ),
    Format(
        "onnx",
        "onnx",
        ".onnx",
        "onnxruntime",
        "onnxruntime",
        _run_onnx,
        {"tensorflow": "tf2onnx", "jax": "jax2onnx", "torch": "onnxscript"},
    ),
    # With an open batch, LiteRT refuses some of the operations of TensorFlow.
    Format(
        "litert",
        "litert",
        ".tflite",
        "ai_edge_litert",
        "ai-edge-litert",
        _run_litert,
        {"tensorflow": "", "torch": "litert-torch"},
        batch=1,
    ),
    Format(
        "openvino",
        "openvino",
        ".xml",
        "openvino",
        "openvino",
        _run_openvino,
        # OpenVINO can't read the programs that JAX gives to TensorFlow.
        {"tensorflow": "openvino", "torch": "openvino"},
        parts=(".bin",),
    ),
    # PyTorch fixes the batch size of the example that it traces.
    Format("torch", "pt2", ".pt2", "torch", "torch", _run_torch, {"torch": ""}, batch=1),
)


def get(format: object) -> Format:
    """Returns a format by its name or its alias.

    Args:
        format: Str.

    Raises:
        ValueError: If there is no format of this name.
    """
    names = {name: f for f in FORMATS for name in (f.name, f.alias)}
    return names[checks.one_of(names, format=format)]
