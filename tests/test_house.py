"""Import floors, and what is public."""

import importlib.metadata

import house
import pytest

import kgan

pytestmark = pytest.mark.anywhere


def test_a_room_imports_only_from_floors_below_it():
    assert list(map(str, house.misplaced())) == []


def test_the_floors_have_the_rooms_that_exist():
    listed = [name for rooms in house.FLOORS for name in rooms]
    assert len(listed) == len(set(listed))
    assert set(listed) == {house.room(path) for path in house.files()}
    assert set(house.LATE) | set(house.LATE.values()) <= set(listed)
    assert set(listed) >= house.MAY_NAME_FRAMEWORKS


def test_only_some_rooms_name_a_framework():
    found = [
        str(one)
        for path in house.files()
        if house.room(path) not in house.MAY_NAME_FRAMEWORKS
        for one in house.imports(path)
        if one.module.partition(".")[0] in {*house.FRAMEWORKS, ""}
    ]
    assert found == []


@pytest.mark.parametrize(
    "code, modules",
    [
        ("import kgan", ["kgan"]),
        ("import kgan.files", ["files", "kgan"]),
        ("import kgan.files as f", ["files"]),
        ("from kgan import GAN, data", ["kgan", "data"]),
        ("from kgan.data import load", ["data"]),
        ("def f():\n    import kgan", ["kgan"]),
        ("if TYPE_CHECKING:\n    from kgan.models.gan import GAN", ["models"]),
        ("match x:\n    case 1:\n        import kgan.cli.main as m", ["cli"]),
        ("importlib.import_module('kgan.cli')", ["cli"]),
        ("import_module(f'kgan.cli.{name}')", ["cli"]),
        ("import_module('kgan.' + name)", ["kgan"]),
        ("__import__('kgan.models')", ["models"]),
        ("import keras", []),
    ],
)
def test_each_way_to_import_a_room_is_seen(tmp_path, code, modules):
    path = tmp_path / "code.py"
    path.write_text(code)
    rooms = [house.imported_room(found) for found in house.imports(path)]
    assert [name for name in rooms if name] == modules


@pytest.mark.parametrize(
    "path, code, allowed",
    [
        ("kgan/presets/new.py", "import kgan", False),
        ("kgan/presets/new.py", "from kgan import GAN", False),
        ("kgan/presets/new.py", "from kgan.models.gan import GAN", True),
        ("kgan/__init__.py", "from kgan import presets", True),
        ("kgan/__init__.py", "from kgan import cli", False),
        ("kgan/cli/new.py", "import kgan", True),
        ("kgan/cli/new.py", "import kgan_cli.new", True),
        ("kgan/models/new.py", "import kgan_cli.new", False),
        ("kgan/__main__.py", "from kgan.cli import main", True),
        ("kgan/cli/new.py", "from kgan import __main__", False),
        ("kgan/losses/new.py", "from kgan.penalties import R1", False),
        ("kgan/losses/new.py", "def f():\n    from kgan.models import gan", False),
        ("kgan_cli/new.py", "import kgan.cli.main", False),
        ("kgan_cli/new.py", "from kgan.cli import main", False),
        ("kgan_cli/new.py", "def f():\n    from kgan.cli import main", True),
        ("kgan_cli/new.py", "def f():\n    from kgan import files", False),
        ("kgan_cli/new.py", "def f():\n    import kgan", False),
    ],
)
def test_floors_allow(tmp_path, monkeypatch, path, code, allowed):
    for rooms in house.FLOORS:
        for name in rooms:
            (tmp_path / "kgan" / name).mkdir(parents=True, exist_ok=True)
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(code)
    monkeypatch.setattr(house, "ROOT", tmp_path)
    assert (list(house.misplaced()) == []) == allowed


def test_public_names_are_the_listed_ones():
    public = {name for name in vars(kgan) if not name.startswith("_")}
    rooms = {name for rooms in house.FLOORS for name in rooms}
    assert public - rooms == {"GAN", "Translator", "CycleGAN"}
    assert public >= {
        "augment",
        "callbacks",
        "constraints",
        "data",
        "layers",
        "losses",
        "metrics",
        "networks",
        "noise",
        "penalties",
        "presets",
        "regularizers",
        "schedules",
    }


def test_package_says_its_version():
    assert kgan.__version__ == importlib.metadata.version("kgan")
