"""Examples, docstrings and the README run."""

import ast
import doctest
import functools
import importlib.metadata
import importlib.util
import pathlib
import pkgutil
import re
import runpy
import sys

import house
import numpy as np
import pytest
from helpers import on_pytorch

import kgan

pytestmark = pytest.mark.anywhere

ROOT = pathlib.Path(__file__).parent.parent
MODULES = sorted(
    module.name
    for path in ROOT.glob("kgan*/__init__.py")
    for module in pkgutil.walk_packages([str(path.parent)], f"{path.parent.name}.")
    if not module.name.endswith("__main__")
)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# These train for long, where the step is traced.
LONG = ["kgan.models.cycle", "kgan.models.translator"]
LONG += ["few_shot", "r3gan_small", "sngan", "text_to_image", "translate", "two_stages"]
LONG += ["wgan_gp"]


@functools.cache
def imports(name):
    """Returns the modules that a module imports at its top.

    Imports inside functions, branches and `match` don't count: these run where they can.
    """
    source = pathlib.Path(importlib.util.find_spec(name).origin).read_text("utf-8")
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


def missing_packages(name):
    """Returns the packages that a module needs at its import and that are not installed.

    The modules of kgan that it imports count with it.
    """
    waiting, seen, missing = [name], set(), set()
    while waiting:
        module = waiting.pop()
        package = module.partition(".")[0]
        if module in seen:
            continue
        seen.add(module)
        if package in house.PACKAGES:
            waiting.extend(imports(module))
        elif importlib.util.find_spec(package) is None:
            missing.add(package)
    return missing


def optional_packages():
    """Returns the packages that only the extras of `setup.cfg` install."""
    always, extras = set(), set()
    for requirement in importlib.metadata.requires("kgan"):
        package = re.match(r"[\w-]+", requirement).group().replace("-", "_")
        (extras if "extra ==" in requirement else always).add(package)
    return extras - always


@pytest.mark.parametrize("name", [on_pytorch(x) if x in LONG else x for x in MODULES])
def test_docstrings_run(name):
    missing = missing_packages(name)
    assert missing <= optional_packages()
    if missing:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")
    module = importlib.import_module(name)
    import keras

    result = doctest.testmod(module, extraglobs={"keras": keras})
    assert result.failed == 0


def test_only_modules_of_other_frameworks_may_miss_a_package(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name in ("jax", "torch") else find_spec(name),
    )
    missing = {name for name in MODULES if missing_packages(name)}
    assert missing >= {"kgan.backend.jax", "kgan.backend.torch", "kgan.trainers.torch"}
    assert {name.split(".")[1] for name in missing} <= house.MAY_NAME_FRAMEWORKS


@pytest.mark.parametrize(
    "path", [on_pytorch(x) if x.stem in LONG else x for x in EXAMPLES], ids=str
)
def test_example_runs(path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(path), "--smoke"])
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out


def test_scripts_hide_no_module_of_python():
    # A script's folder comes first where Python looks for modules: one that is named as
    # a module of the standard library breaks all scripts beside it.
    for folder in ("examples", "benchmarks"):
        names = {path.stem for path in (ROOT / folder).glob("*.py")}
        assert not names & sys.stdlib_module_names


def test_score_of_real_points_is_that_of_three_deviations():
    example = runpy.run_path(str(ROOT / "examples" / "gaussians.py"))
    for toy, modes in ((example["RING"], 8), (example["GRID"], 25)):
        points = example["draw_points"](toy, 20_000, seed=0)
        covered, quality = example["score"](toy, points)
        assert covered == modes
        # In two dimensions 1 - exp(-9 / 2) lie within three deviations.
        assert quality == pytest.approx(1 - np.exp(-4.5), abs=0.003)
        far = np.full((100, 2), 5.0, "float32")
        assert example["score"](toy, far) == (0, 0.0)


@pytest.mark.backends("tensorflow", "jax", reason="it exports a SavedModel")
def test_readme_python_runs(tmp_path, monkeypatch):
    text = (ROOT / "README.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    monkeypatch.chdir(tmp_path)
    # Two batches are enough to see that it runs.
    monkeypatch.setattr(
        kgan.data, "load", lambda name: (np.zeros((64, 8, 8, 1), "uint8"), None)
    )
    exec(compile(re.sub(r"epochs=\d+", "epochs=1", code), "README.md", "exec"), {})
    assert (tmp_path / "saved_model").is_dir()
