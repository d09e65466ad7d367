"""Import floors, and what is public."""

import ast
import pathlib

import kgan

ROOT = pathlib.Path(kgan.__file__).parent
FLOORS = [
    {"types", "serialization", "files", "version"},
    {"backend", "schedules"},
    {"data", "layers", "augment", "noise", "constraints"},
    {"losses", "penalties", "networks", "metrics"},
    {"trainers"},
    {"models"},
    {"callbacks", "export"},
    {"presets", "cli", "__main__"},
]
FRAMEWORKS = {"tensorflow", "jax", "torch"}
MAY_NAME_FRAMEWORKS = {"backend", "trainers", "export"}


def imports(path):
    """Yields the dotted names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def floor(name):
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


def violations():
    for path in ROOT.rglob("*.py"):
        here = room(path)
        if here == "__init__":
            continue
        for name in imports(path):
            package, _, rest = name.partition(".")
            if package in FRAMEWORKS and here not in MAY_NAME_FRAMEWORKS:
                yield f"{path}: names {package}"
            there = rest.partition(".")[0]
            if package != "kgan" or there in ("", here) or floor(here) == len(FLOORS) - 1:
                continue
            # Neighbours on a floor don't import each other.
            if floor(there) >= floor(here):
                yield f"{path}: imports {there}"


def test_a_room_imports_only_from_floors_below_it():
    assert list(violations()) == []


def test_every_room_has_a_floor():
    assert {room(path) for path in ROOT.rglob("*.py")} - {"__init__"} <= set().union(
        *FLOORS
    )


def test_public_names_are_the_listed_ones():
    public = {name for name in vars(kgan) if not name.startswith("_")}
    submodules = {"backend", "cli", "files", "models", "serialization", "trainers"}
    assert public - submodules - {"version"} == {
        "GAN",
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
        "schedules",
    }


def test_package_says_its_version():
    import importlib.metadata

    assert kgan.__version__ == importlib.metadata.version("kgan")
