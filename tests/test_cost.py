"""The time and the memory of a training, measured on the device.

Fakes stand in for GPUs and for their clocks; the last test needs a GPU.
"""

import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from helpers import numpy

import kgan
from kgan import backend
from kgan.backend import GPU, machine
from kgan.presets import cost
from kgan.presets.cost import MeasuredStep
from kgan_cli.main import main

pytestmark = pytest.mark.anywhere

needs_gpu = pytest.mark.skipif(not backend.has_gpu(), reason="there is no GPU")


def only_on(name):
    return pytest.mark.backends(name, reason=f"fakes a GPU of {name}")


def returning(value):
    return lambda *arguments: value


def failing(error):
    def fail(*arguments):
        raise error

    return fail


@only_on("tensorflow")
def test_a_gpu_of_tensorflow(monkeypatch):
    import tensorflow as tf

    devices = backend.framework.list_local_devices()
    assert [(d.device_type, d.memory_limit > 0) for d in devices] == [("CPU", True)]
    gpu = SimpleNamespace(device_type="GPU", memory_limit=9)
    experimental, here = tf.config.experimental, backend.framework
    reset = []
    monkeypatch.setattr(tf.config, "get_visible_devices", returning(["one", "two"]))
    monkeypatch.setattr(here, "list_local_devices", returning([*devices, gpu]))
    monkeypatch.setattr(
        experimental, "get_device_details", {"one": {"device_name": "A"}}.get
    )
    monkeypatch.setattr(
        experimental, "get_memory_info", {"GPU:0": {"current": 2, "peak": 5}}.get
    )
    monkeypatch.setattr(experimental, "reset_memory_stats", reset.append)
    assert backend.has_gpu() and backend.gpu() == GPU("A", memory=9, used=2, peak=5)
    backend.reset_peak()
    assert reset == ["GPU:0"]
    monkeypatch.setattr(experimental, "get_device_details", returning({}))
    for name in ("get_memory_info", "reset_memory_stats"):
        monkeypatch.setattr(experimental, name, failing(ValueError("not tracked")))
    assert backend.gpu() == GPU("GPU", memory=9)
    backend.reset_peak()


@only_on("jax")
def test_a_gpu_of_jax(monkeypatch):
    import jax

    stats = {"bytes_limit": 9, "bytes_in_use": 2, "peak_bytes_in_use": 5, "other": 1}
    device = SimpleNamespace(
        platform="gpu", device_kind="A", memory_stats=returning(stats)
    )
    monkeypatch.setattr(jax, "local_devices", returning([device, None]))
    assert backend.gpu() == GPU("A", memory=9, used=2, peak=5)
    backend.reset_peak()
    device.memory_stats = returning(None)
    assert backend.gpu() == GPU("A")
    device.memory_stats = failing(jax.errors.JaxRuntimeError("UNIMPLEMENTED"))
    assert backend.gpu() == GPU("A")


@only_on("torch")
def test_a_gpu_of_torch(monkeypatch):
    import torch

    reset = []
    for module, name, value in (
        (torch.cuda, "is_available", True),
        (torch.cuda, "get_device_name", "A"),
        (torch.cuda, "get_device_properties", SimpleNamespace(total_memory=9)),
        (torch.cuda, "memory_allocated", 2),
        (torch.cuda, "max_memory_allocated", 5),
        (torch.backends.mps, "is_available", True),
        (torch.mps, "recommended_max_memory", 7),
        (torch.mps, "current_allocated_memory", 1),
    ):
        monkeypatch.setattr(module, name, returning(value))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda: reset.append(1))
    assert backend.gpu() == GPU("A", memory=9, used=2, peak=5)
    backend.reset_peak()
    monkeypatch.setattr(torch.cuda, "is_available", returning(False))
    assert backend.gpu() == GPU("Apple GPU", memory=7, used=1)
    backend.reset_peak()
    assert reset == [1]


def test_there_is_a_gpu_where_training_uses_one():
    assert (backend.gpu() is not None) == backend.has_gpu()


@pytest.mark.parametrize(
    "limits, wanted",
    [
        ({}, 4096 * 10),
        ({"new": "max\n"}, 4096 * 10),
        ({"new": "9000\n"}, 9000),
        ({"old": "9223372036854771712\n"}, 4096 * 10),
        ({"new": "max", "old": "80"}, 80),
    ],
)
def test_memory_of_the_machine_is_limited_by_the_container(
    tmp_path, monkeypatch, limits, wanted
):
    for name, text in limits.items():
        (tmp_path / name).write_text(text)
    sizes = {"SC_PHYS_PAGES": 10, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(machine, "_LIMITS", (tmp_path / "new", tmp_path / "old"))
    monkeypatch.setattr(machine.os, "sysconf", sizes.get, raising=False)
    assert machine.machine_memory() == wanted
    monkeypatch.delattr(machine.os, "sysconf")
    assert machine.machine_memory() is None


@pytest.mark.parametrize("d_steps", [1, 3])
def test_the_largest_batch_is_the_largest_that_is_estimated_to_fit(tiny, d_steps):
    gan = tiny()
    gan.compile(d_steps=d_steps, penalties=["r1"])
    memory = cost.estimate(gan, 1, 60).memory
    assert cost.largest_batch(gan, memory) == 60
    assert cost.largest_batch(gan, memory - 1) == 60 - d_steps
    assert cost.largest_batch(gan, 1) == 0
    with pytest.raises(ValueError, match=r"`memory` .* Received: memory=0"):
        cost.largest_batch(gan, 0)


@pytest.mark.parametrize(
    "step, per_execution, wanted",
    [(0.25, 1, 8), (0.26, 1, 4), (7.0, 1, 1), (0.25, 3, 6), (0.125, 3, 12)],
)
def test_steps_are_measured_without_the_first_two(
    monkeypatch, tiny, step, per_execution, wanted
):
    gan = tiny()
    now, trained = [0.0], []

    def fit(x, y, batch_size, callbacks, steps_per_epoch, **options):
        trained.append((x.shape, y, batch_size))
        (clock,) = callbacks
        clock.set_model(gan)
        gan.stop_training = False
        for i in range(steps_per_epoch):
            now[0] += 100 if i < 2 else step
            # Keras calls callbacks after each execution of several steps.
            if (i + 1) % per_execution == 0:
                clock.on_train_batch_end(i, {"loss": 0.0})
            if gan.stop_training:
                return

    monkeypatch.setattr(gan, "fit", fit)
    monkeypatch.setattr(cost, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    measured = cost.measure_step(lambda: gan, 5, seconds=2.0)
    assert measured == MeasuredStep(5, wanted, pytest.approx(step), memory=None)
    assert measured.seconds_for(100) == pytest.approx(20 * step)
    assert trained == [((5, 2), None, 5)]


@pytest.mark.parametrize(
    "gpus, wanted",
    [
        ([GPU("A", 999, 100, 400), GPU("A", 999, 100, 800)], 700),
        ([GPU("A", 999), GPU("A", 999)], None),
        ([GPU("A", 999, 100), GPU("A", 999, 300)], None),
        ([None, None], None),
    ],
    ids=["known", "unknown", "no peak", "CPU"],
)
def test_the_peak_of_memory_is_that_of_the_measured_gan(monkeypatch, tiny, gpus, wanted):
    gan, events = tiny(), []

    def build():
        events.append("build")
        return gan

    def gpu():
        events.append("read")
        return gpus.pop(0)

    def fit(*arguments, callbacks, **options):
        callbacks[0].steps = 1

    monkeypatch.setattr(gan, "fit", fit)
    monkeypatch.setattr(backend, "gpu", gpu)
    monkeypatch.setattr(backend, "reset_peak", lambda: events.append("reset"))
    assert cost.measure_step(build, 4).memory == wanted
    assert events == ["read", "reset", "build", "read"]


@pytest.mark.slow
def test_a_conditional_gan_of_images_is_measured():
    gans = []

    def build():
        gan = kgan.GAN(
            kgan.networks.mlp_generator((2, 2, 1), 3, hidden=(4,), num_classes=3),
            kgan.networks.mlp_discriminator((2, 2, 1), (4,), num_classes=3),
        )
        gan.compile(d_steps=2)
        gans.append((gan, [numpy(w) for w in gan.generator.weights]))
        return gan

    measured = cost.measure_step(build, 6, seconds=0.01)
    assert measured.batch_size == 6 and measured.seconds > 0
    ((gan, before),) = gans
    # The steps are real: they train.
    assert int(numpy(gan.images_seen)) == 6 * (2 + measured.steps)
    assert not np.array_equal(before[0], numpy(gan.generator.weights[0]))


@pytest.mark.parametrize("bad", [{"batch_size": 0}, {"batch_size": 2, "seconds": 0}])
def test_bad_arguments_are_refused_before_a_gan_is_built(bad):
    with pytest.raises(ValueError, match=r"Received: \w+=0"):
        cost.measure_step(failing(AssertionError("built")), **bad)


@pytest.fixture
def speeds(monkeypatch):
    """The operations per second that products of matrices seem to reach, by dtype."""
    speeds = {"float32": 2e9, "bfloat16": 2e9}

    def measure_speed(seconds=0.3, size=1024, dtype="float32"):
        return speeds[dtype]

    monkeypatch.setattr(cost, "measure_speed", measure_speed)
    return speeds


@pytest.fixture
def info(tmp_path, capsys, speeds):
    """Runs `kgan info`, and returns the last paragraphs on one line."""
    rows = np.random.default_rng(0).normal(size=(640, 3))
    np.savez(tmp_path / "x.npz", x=rows)

    def run(*options):
        data = ["--data", str(tmp_path / "x.npz"), "--budget", "6400"]
        assert main(["info", *data, *options]) == 0
        said = " ".join(capsys.readouterr().out.split())
        return said[said.index("The training shows") :]

    return run


def fake_gpu(monkeypatch, largest, error=None, gpu=None):
    """Lets batches of up to `largest` samples fit; returns the list of tried batches."""
    tried = []

    def measure_step(build, batch_size):
        tried.append(batch_size)
        assert build().sample_shape == (3,)
        if batch_size > largest:
            raise error or RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        memory = None if gpu else 50_000_000 * batch_size
        return MeasuredStep(batch_size, 40, batch_size / 2_000, memory)

    fake = gpu or GPU("NVIDIA Z1", 2_000_000_000, 0, 0)
    monkeypatch.setattr(backend, "gpu", returning(fake))
    monkeypatch.setattr(cost, "measure_step", measure_step)
    return tried


@pytest.mark.slow
@pytest.mark.parametrize("gpu", [False, True], ids=["CPU", "GPU"])
def test_info_tells_where_bfloat16_is_much_faster(info, monkeypatch, speeds, gpu):
    if gpu:
        fake_gpu(monkeypatch, largest=32)
    speeds["bfloat16"] = 5e9
    hint = "In bfloat16, a matrix product is 2.5 times as fast here, so --precision"
    assert hint in info("--batch-size", "32")
    assert hint not in info("--batch-size", "32", "--precision", "mixed_bfloat16")
    speeds["bfloat16"] = 2.9e9
    assert "bfloat16" not in info("--batch-size", "32")


def test_info_measures_on_a_gpu(info, monkeypatch):
    tried = fake_gpu(monkeypatch, largest=32)
    parameters = r"[\d,]+ parameters"
    assert re.fullmatch(
        rf"The training shows 6,400 samples to networks of {parameters}\. On NVIDIA Z1 "
        rf"with {keras.backend.backend()}, 1,000 samples take 0\.5 seconds, measured in "
        r"40 training steps with a batch size of 32, so the training takes about 3 "
        r"seconds\. Memory of the GPU: 1\.6 GB of the 2\.0 GB that training can use\.",
        info("--batch-size", "32"),
    )
    assert tried == [32]


@pytest.mark.slow
def test_info_finds_the_batch_that_fits_a_gpu(info, monkeypatch):
    tried = fake_gpu(monkeypatch, largest=20)
    said = info("--batch-size", "63", "--d-steps", "3")
    assert tried == [63, 30, 15]
    assert said.endswith(
        "Memory of the GPU: 0.8 GB of the 2.0 GB that training can use. Warning: a batch "
        "of 63 samples does not fit into the memory of NVIDIA Z1. Train with "
        "--batch-size 15."
    )
    assert "batch size of 15, so the training takes about 3 seconds." in said


@pytest.mark.slow
def test_info_says_that_no_batch_fits_a_gpu(info, monkeypatch):
    tried = fake_gpu(monkeypatch, largest=0)
    assert info("--batch-size", "4").endswith(
        "parameters. Warning: a batch of 4 samples does not fit into the memory of "
        "NVIDIA Z1. Train on smaller samples: no batch fits."
    )
    assert tried == [4, 2, 1]


def test_info_is_silent_on_memory_that_a_gpu_does_not_tell(info, monkeypatch):
    fake_gpu(monkeypatch, largest=32, gpu=GPU("Apple GPU"))
    assert info("--batch-size", "32").endswith("takes about 3 seconds.")


def test_other_errors_of_the_measured_steps_are_not_hidden(info, monkeypatch):
    fake_gpu(monkeypatch, largest=0, error=RuntimeError("a broken driver"))
    with pytest.raises(RuntimeError, match="a broken driver"):
        info()


@pytest.mark.parametrize(
    "memory, wanted",
    [
        (8_000_000_000, r" of the 8\.0 GB of this machine\."),
        (None, r"\."),
        (
            623_000_000,
            r" of the 0\.6 GB of this machine\. Warning: a batch of 512 samples does not "
            r"fit into the memory of this machine\. Train with --batch-size \d+\.",
        ),
        (
            100_000_000,
            r" of the 0\.1 GB of this machine\. Warning: a batch of 512 samples does not "
            r"fit into the memory of this machine\. Train on smaller samples: no batch "
            r"fits\.",
        ),
    ],
)
def test_info_compares_the_memory_of_the_machine(info, monkeypatch, memory, wanted):
    monkeypatch.setattr(backend, "gpu", returning(None))
    monkeypatch.setattr(backend, "machine_memory", returning(memory))
    said = info("--batch-size", "512")
    assert re.search(rf"Memory: about 0\.\d GB{wanted}$", said)


@needs_gpu
def test_a_real_gpu_is_measured(tiny):
    def build():
        gan = tiny()
        gan.compile()
        return gan

    found = backend.gpu()
    assert found.name and found.memory > found.used >= 0
    measured = cost.measure_step(build, 1024, seconds=0.1)
    assert found.memory > measured.memory > 1024 * 5 * 4
