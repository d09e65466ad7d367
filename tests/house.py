"""The floors of the house, and which room imports which: for the tests and the picture.

A room is a module or a folder of `kgan/`; the room `kgan` is `kgan/__init__.py`, so
`import kgan` is an import of that room. A room imports only from floors below its own.
"""

import ast
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parent.parent
PACKAGES = ("kgan", "kgan_cli")
# From the ground up.
FLOORS = (
    ("types",),
    ("checks", "extras", "files", "version"),
    ("backend",),
    ("serialization",),
    ("schedules",),
    (
        "data",
        "noise",
        "layers",
        "augment",
        "constraints",
        "regularizers",
        "pretrained",
        "text",
    ),
    ("critic",),
    ("losses", "penalties", "networks", "metrics"),
    ("generator_losses",),
    ("trainers", "exports"),
    ("models",),
    ("callbacks", "latents"),
    ("presets",),
    ("kgan",),
    ("kgan_cli",),
    ("cli",),
    ("__main__",),
)
# `kgan --help` imports no Keras: this room imports one other room, inside functions only.
LATE = {"kgan_cli": "cli"}
FRAMEWORKS = {"tensorflow", "jax", "torch"}
MAY_NAME_FRAMEWORKS = {"backend", "trainers", "exports"}
# Functions that import the module that a string names, or look for a module.
_BY_NAME = {
    "__import__",
    "import_module",
    "importlib.import_module",
    "find_spec",
    "importlib.util.find_spec",
}


class Import(NamedTuple):
    """A module that a file imports."""

    path: pathlib.Path
    line: int
    # Dotted; empty if it can't be read in the source.
    module: str
    # Whether the import stands inside a function.
    late: bool

    def __str__(self) -> str:
        where = f"{self.path.relative_to(ROOT)}:{self.line}"
        return f"{where}: {self.module or 'an import by a name that is computed'}"


def files() -> list[pathlib.Path]:
    """Returns all source files of the packages."""
    return sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def room(path: pathlib.Path) -> str:
    """Returns the room of a source file."""
    package, *rest = path.relative_to(ROOT).parts
    if package != "kgan" or rest == ["__init__.py"]:
        return package
    return rest[0].removesuffix(".py")


def floor(name: str) -> int:
    """Returns the number of a room's floor, from the ground up."""
    for number, rooms in enumerate(FLOORS):
        if name in rooms:
            return number
    raise ValueError(f"the room {name} has no floor")


def imports(path: pathlib.Path) -> Iterator[Import]:
    """Yields the modules that a file imports, wherever the import stands."""
    yield from _imports(path, ast.parse(path.read_text("utf-8")), False)


def _imports(path: pathlib.Path, node: ast.AST, late: bool) -> Iterator[Import]:
    for name in _imported(node):
        yield Import(path, getattr(node, "lineno", 0), name, late)
    late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(path, child, late)


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name
            # `import kgan.files` gives the name `kgan`, and with it all rooms.
            if alias.asname is None and "." in alias.name:
                yield alias.name.partition(".")[0]
    elif isinstance(node, ast.ImportFrom):
        if node.level:
            raise ValueError(f"relative import of {node.module}")
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in _BY_NAME:
        name = _beginning(node.args[0]) if node.args else ""
        # Looking for a module imports the packages around it, and nothing else.
        if "find_spec" not in ast.unparse(node.func) or name not in PACKAGES:
            yield name


def _beginning(node: ast.AST) -> str:
    """Returns a string in the source, or the constant part that it begins with."""
    while isinstance(node, ast.JoinedStr | ast.BinOp):
        node = node.values[0] if isinstance(node, ast.JoinedStr) else node.left
    return str(node.value) if isinstance(node, ast.Constant) else ""


def imported_room(found: Import) -> str | None:
    """Returns the room that an import leads to; None outside of the house."""
    package, _, rest = found.module.partition(".")
    if package not in PACKAGES:
        return None
    name = rest.partition(".")[0]
    folder = ROOT / package / name
    exists = name and (folder.is_dir() or folder.with_suffix(".py").is_file())
    return name if package == "kgan" and exists else package


def misplaced() -> Iterator[Import]:
    """Yields the imports that the floors don't allow."""
    for path in files():
        here = room(path)
        for found in imports(path):
            there = imported_room(found)
            if there in (None, here):
                continue
            if here in LATE:
                allowed = found.late and LATE[here] == there
            else:
                allowed = floor(there) < floor(here)
            if not allowed:
                yield found


def edges() -> set[tuple[str, str]]:
    """Returns the pairs of rooms of which the first imports the second."""
    found = {(room(p), imported_room(i)) for p in files() for i in imports(p)}
    return {(a, b) for a, b in found if b is not None and a != b}
