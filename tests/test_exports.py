"""Exported files: their formats, the comparison with Keras, and their descriptions."""

import json
import pathlib
import re
import sys

import keras
import numpy as np
import pytest

import kgan
from kgan import exports
from kgan_cli.main import main

INPUTS = [np.arange(6, dtype="float32").reshape(3, 2)]


def network(inputs):
    return inputs[0] * 2


def format_that_runs(run, **changes):
    options = {"package": "numpy", "runtime": "numpy", "batch": None, **changes}
    options.setdefault("exporters", {keras.backend.backend(): ""})
    return exports.Format("onnx", "onnx", ".onnx", run=run, **options)


def fake_export(monkeypatch, gan, export):
    """Puts a function in the place of the exporter of Keras, which may be missing."""
    monkeypatch.setattr(type(gan.sampling_generator), "export", export)
    monkeypatch.setattr(exports.Format, "export_error", "")


def small(num_classes=None):
    shape = (8, 8, 1)
    return kgan.GAN(
        kgan.networks.small_generator(shape, 4, width=4, num_classes=num_classes),
        kgan.networks.small_discriminator(shape, width=4, num_classes=num_classes),
        num_classes=num_classes,
        seed=0,
    )


def test_equal_outputs_have_the_difference_0():
    batches = []

    def run(path, inputs):
        batches.append(len(inputs[0]))
        return network(inputs)

    found = exports.compare(format_that_runs(run), "x", INPUTS, network(INPUTS))
    assert found == (0.0, f"numpy {np.__version__}", "")
    # An open batch is tried with two sizes, a fixed batch with its own.
    assert sorted(batches) == [1, 3]
    exports.compare(format_that_runs(run, batch=1), "x", INPUTS, network(INPUTS))
    assert sorted(batches) == [1, 1, 3]


# The largest output is 10.
@pytest.mark.parametrize("is_exact, allowed", [(True, 1e-4), (False, 10 / 128)])
def test_a_file_may_differ_by_the_tolerance(is_exact, allowed):
    def compare(difference):
        def run(path, inputs):
            return network(inputs).astype("float64") + difference

        return exports.compare(
            format_that_runs(run), "x", INPUTS, network(INPUTS), is_exact
        )

    assert compare(0.9 * allowed).difference == pytest.approx(0.9 * allowed)
    for difference in (1.1 * allowed, np.nan):
        with pytest.raises(ValueError, match=r"differ from Keras.*is not kept"):
            compare(difference)


def test_a_file_that_only_takes_the_first_batch_is_refused():
    def run(path, inputs):
        return network(inputs)[:1]

    with pytest.raises(ValueError, match=r"shape \(1, 2\) in place of \(3, 2\)"):
        exports.compare(format_that_runs(run), "x", INPUTS, network(INPUTS))


def test_a_file_that_can_not_be_run_is_refused():
    def run(path, inputs):
        raise RuntimeError(f"Unknown operation in {path}\nat node 7")

    message = r"run by numpy \(Unknown operation in the file\), so"
    with pytest.raises(ValueError, match=message):
        exports.compare(format_that_runs(run), "x.tmp", INPUTS, network(INPUTS))


def test_random_generators_are_not_compared(tmp_path, monkeypatch, capsys):
    def export(model, filepath, **kwargs):
        pathlib.Path(filepath).write_text("new")

    gan, numbers = small(), np.random.default_rng(0)
    fake_export(monkeypatch, gan, export)
    monkeypatch.setattr(
        gan.devices, "predict", lambda *_: numbers.random((3, 8, 8, 1)), raising=False
    )
    gan.export(tmp_path / "x.onnx", format="onnx")
    assert "draws random numbers at each call" in capsys.readouterr().out


def test_a_format_of_one_size_refuses_a_generator_of_any_size():
    pictures, shapes = [np.zeros((1, 4, 4, 3), "float32")], {"sources": (None, None, 3)}
    (signature,) = exports.signature(pictures, shapes, None)
    assert signature.shape == (None, None, None, 3)
    with pytest.raises(ValueError, match=r"takes any size: .* shapes=\{'sources'"):
        exports.signature(pictures, shapes, 1)


def test_without_a_runtime_nothing_is_compared():
    format = format_that_runs(network, runtime="no_such_module", package="no-such")
    found = exports.compare(format, "x", INPUTS, network(INPUTS))
    assert "`pip install no-such`" in str(found)


def test_a_name_of_keras_and_of_the_command_line_mean_one_format():
    assert exports.get("tf_saved_model") is exports.get("saved_model")
    assert exports.get("torch") is exports.get("pt2")
    with pytest.raises(ValueError, match=r"'onnx'.*Received: format='tfjs'"):
        exports.get("tfjs")


def test_the_command_line_offers_the_formats():
    from kgan_cli.after_training import ExportSettings

    fields = ExportSettings.__dataclass_fields__
    offered = fields["format"].metadata["choices"]
    assert list(offered) == [format.alias for format in exports.FORMATS]


@pytest.mark.parametrize(
    "exporters, message",
    [
        ({"other": "", "third": ""}, "can't export to onnx: .*=other or third, and"),
        ("no-such", "needs the package no-such to export to onnx: `pip install no-such`"),
    ],
)
def test_a_format_that_needs_more_is_refused_before_the_work(
    tmp_path, monkeypatch, capsys, exporters, message
):
    if isinstance(exporters, str):
        exporters = {keras.backend.backend(): exporters}
    refused = format_that_runs(network, exporters=exporters)
    monkeypatch.setattr(exports, "get", lambda format: refused)
    gan, out = small(), tmp_path / "x.onnx"
    with pytest.raises(ValueError, match=f"{message}.* Received: format='onnx'"):
        gan.export(out, format="onnx")
    gan.save(tmp_path / "gan.keras")
    options = [str(tmp_path / "gan.keras"), "--format", "onnx", "--out", str(out)]
    assert main(["export", *options]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and re.search(message, error)
    assert error.endswith("Received: --format onnx\n")
    assert [path.name for path in tmp_path.iterdir()] == ["gan.keras"]


def test_an_export_that_fails_says_why_on_one_line(tmp_path, monkeypatch):
    def export(model, filepath, **kwargs):
        pathlib.Path(filepath).write_text("half")
        raise RuntimeError(
            "Exception encountered when calling Pad.call().\n\n"
            "\x1b[1mNo such padding.\n\nArguments received:\x1b[0m"
        )

    gan = small()
    fake_export(monkeypatch, gan, export)
    message = r"to onnx \(Exception .* Pad.call\(\). No such padding\): load the GAN with"
    with pytest.raises(ValueError, match=message):
        gan.export(tmp_path / "x.onnx", format="onnx")
    assert list(tmp_path.iterdir()) == []


def test_errors_of_the_system_stay_what_they_are(tmp_path, monkeypatch):
    def export(model, filepath, **kwargs):
        raise error

    gan = small()
    fake_export(monkeypatch, gan, export)
    for error in (MemoryError(), PermissionError(13, "Permission denied", "x")):
        with pytest.raises(type(error)):
            gan.export(tmp_path / "x.onnx", format="onnx")


@pytest.mark.parametrize("format", exports.FORMATS, ids=lambda f: f.name)
def test_a_path_with_another_end_is_refused(format, tmp_path, monkeypatch):
    if not format.suffix:
        return
    monkeypatch.setattr(exports.Format, "export_error", "")
    with pytest.raises(ValueError, match=f"must end in {format.suffix}"):
        small().export(tmp_path / "generator.pb", format=format.alias)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_differs_is_not_kept(tmp_path, monkeypatch):
    def export(model, filepath, **kwargs):
        for end in (".xml", ".bin"):
            pathlib.Path(filepath).with_suffix(end).write_text("new")

    gan = small()
    different = format_that_runs(
        lambda path, inputs: np.ones((len(inputs[0]), 8, 8, 1)), parts=(".bin",)
    )
    different = exports.Format(**{**vars(different), "suffix": ".xml"})
    monkeypatch.setattr(exports, "get", lambda format: different)
    monkeypatch.setattr(type(gan.sampling_generator), "export", export)
    for end in (".xml", ".bin"):
        (tmp_path / f"model{end}").write_text("old")
    with pytest.raises(ValueError, match="differ from Keras"):
        gan.export(tmp_path / "model.xml", format="openvino")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.bin", "model.xml"]
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"}
    monkeypatch.setattr(exports.Format, "can_run", False)
    gan.export(tmp_path / "model.xml", format="openvino", verbose=False)
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found.pop("model.xml.json") and set(found.values()) == {"new"}
    assert set(found) == {"model.bin", "model.xml"}


@pytest.mark.backends("tensorflow", "jax", reason="Keras can't export on PyTorch")
def test_kgan_export_compares_a_saved_model_and_describes_it(tmp_path, capsys):
    gan = small(num_classes=3)
    gan.save(tmp_path / "gan.keras")
    out = tmp_path / "saved"
    assert main(["export", str(tmp_path / "gan.keras"), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Exported to {out}. Compared with Keras by tensorflow ")
    record = exports.read_record(out, exports.get("saved_model"))
    assert record == json.loads((out / "assets.extra" / "kgan.json").read_text())
    latents, labels = record["inputs"]
    assert latents == {"name": "latents", "shape": [None, 4], "dtype": "float32"}
    assert labels == {"name": "labels", "shape": [None], "dtype": "int32"}
    assert record["output"] == {"shape": [None, 8, 8, 1], "dtype": "float32"}
    assert record["range"] == [-1, 1] and record["num_classes"] == 3
    assert record["latents"] == "Normal(mean=0.0, stddev=1.0)"
    assert 0 <= record["comparison"]["difference"] < 1e-5


@pytest.mark.backends("tensorflow", "jax", reason="Keras can't export on PyTorch")
def test_kgan_export_chooses_the_direction_of_a_cyclegan(tmp_path, capsys):
    sides = (8, 8, 1), (8, 8, 3)
    generators = [
        kgan.networks.unet_generator(b, a, width=2, depth=1)
        for a, b in (sides, sides[::-1])
    ]
    judges = [kgan.networks.patch_discriminator(x, width=2, depth=1) for x in sides]
    kgan.CycleGAN(*generators, *judges).save(tmp_path / "cyclegan.keras")
    for to, channels in ((["--to", "a"], 1), ([], 3)):
        out = tmp_path / f"saved{channels}"
        options = [str(tmp_path / "cyclegan.keras"), "--out", str(out), *to]
        assert main(["export", *options]) == 0
        record = exports.read_record(out, exports.get("saved_model"))
        assert record["output"]["shape"] == [None, 8, 8, channels]
        assert 0 <= record["comparison"]["difference"] < 1e-5
    small().save(tmp_path / "gan.keras")
    options = [str(tmp_path / "gan.keras"), "--out", str(tmp_path / "x"), "--to", "b"]
    assert main(["export", *options]) == 1
    assert "--to is for a CycleGAN" in capsys.readouterr().err


def test_kgan_export_refuses_the_end_of_another_format(tmp_path, capsys):
    options = ["--format", "onnx", "--out", str(tmp_path / "generator.tflite")]
    assert main(["export", "digits", *options]) == 1
    assert "--out must end in .onnx for --format onnx" in capsys.readouterr().err


@pytest.mark.backends("torch", reason="only PyTorch exports to LiteRT by JAX")
def test_a_second_export_to_litert_has_jax_in_64_bits(tmp_path, monkeypatch):
    jax = pytest.importorskip("jax")
    seen = []

    def export(model, filepath, **kwargs):
        pathlib.Path(filepath).write_text("new")
        seen.append(jax.config.jax_enable_x64)

    gan = small()
    fake_export(monkeypatch, gan, export)
    monkeypatch.setattr(exports, "compare", lambda *_: exports.Comparison(0.0, "x"))
    gan.export(tmp_path / "x.tflite", format="litert")
    monkeypatch.setitem(sys.modules, "litert_torch", sys)
    gan.export(tmp_path / "x.tflite", format="litert")
    assert seen == [False, True] and not jax.config.jax_enable_x64


@pytest.mark.backends("torch", reason="only PyTorch writes its programs")
@pytest.mark.parametrize("num_classes", [None, 3])
def test_a_program_of_pytorch_is_compared(tmp_path, capsys, num_classes):
    small(num_classes).export(tmp_path / "generator.pt2", format="pt2")
    assert "Compared with Keras by torch " in capsys.readouterr().out


@pytest.mark.backends("tensorflow", "jax", reason="Keras can't export on PyTorch")
def test_a_training_that_can_not_be_exported_is_a_training(tmp_path, capsys, monkeypatch):
    def refuse(*arguments):
        raise ValueError("The outputs differ.")

    monkeypatch.setattr(exports, "compare", refuse)
    np.savez(tmp_path / "few.npz", images=np.zeros((32, 8, 8, 1), "uint8"))
    options = ["--data", str(tmp_path / "few.npz"), "--epochs", "1"]
    assert main(["train", *options, "--out", str(tmp_path / "run")]) == 0
    assert "There is no saved_model/: The outputs differ." in capsys.readouterr().out
    assert not (tmp_path / "run" / "saved_model").exists()
    assert (tmp_path / "run" / "gan.keras").exists()
    assert (tmp_path / "run" / "report.html").exists()


def test_workers_and_signatures_of_ones_own_are_not_compared(tmp_path, monkeypatch):
    said = []

    def export(model, filepath, **kwargs):
        pathlib.Path(filepath).write_text("new")

    def write_record(path, format, inputs, outputs, comparison, sampling):
        said.append(comparison.reason)

    gan = small()
    monkeypatch.setattr(exports, "write_record", write_record)
    fake_export(monkeypatch, gan, export)
    out, quiet = tmp_path / "x.onnx", {"format": "onnx", "verbose": False}
    gan.export(out, **quiet, input_signature=[keras.InputSpec(shape=(7, 4))])
    monkeypatch.setattr(type(gan.devices), "has_workers", True)
    gan.export(out, **quiet)
    assert said == ["`input_signature` was given", "several workers train"]
