"""Names of losses, presets and so on, read from the source files of kgan.

A name is written once, with the class or the object that it belongs to, for example
`name = "hinge"` in the class `Hinge`. The parser offers the names as choices. An import
of kgan would take seconds, so this module reads the source files instead, which takes
milliseconds. `tests/test_start.py` compares the results with kgan's own lists.
"""

import ast
import functools
import importlib.util
import pathlib
from collections.abc import Iterator
from typing import Any


def trained_gans() -> list[str]:
    """Returns the names of the trained GANs of the package, see `kgan.pretrained`."""
    return sorted(
        path.stem for path in pathlib.Path(_root(), "pretrained").glob("*.json")
    )


def data_sets() -> list[str]:
    """Returns the names of data sets that `kgan.data.load` takes."""
    return ["digits", *constant_items("data", "KERAS")]


def class_names(room: str, base: str | None = None) -> list[str]:
    """Returns the names that classes set in their bodies, in alphabetical order.

    Args:
        room: A folder of kgan, for example `"losses"`.
        base: Name of a class; the names of its subclasses alone are returned. None for
            the names of all classes.
    """
    trees = list(_trees(room, '    name = "'))
    classes = [n for tree in trees for n in tree.body if isinstance(n, ast.ClassDef)]
    bases = {node.name: [ast.unparse(b) for b in node.bases] for node in classes}

    def inherits(name: str) -> bool:
        return any(b == base or inherits(b) for b in bases.get(name, []))

    found: list[str] = []
    for node in classes if base is None else [n for n in classes if inherits(n.name)]:
        for statement in node.body:
            match statement:
                case ast.Assign([ast.Name("name")], ast.Constant(str(name))):
                    found.append(name)
    return sorted(found)


def object_names(room: str, class_name: str) -> list[str]:
    """Returns the argument `name` of all calls of a class, in the order of the files.

    Args:
        room: A folder of kgan, for example `"presets"`.
        class_name: The class, for example `"Preset"`. Its argument `name` is given as a
            keyword, or comes first.
    """
    found: list[str] = []
    for tree in _trees(room, f"{class_name}("):
        for node in ast.walk(tree):
            match node:
                case ast.Call(ast.Name(called)) if called == class_name:
                    by_keyword = [k.value for k in node.keywords if k.arg == "name"]
                    found.append(ast.literal_eval([*by_keyword, *node.args][0]))
    return found


def constant_items(room: str, constant: str) -> list[Any]:
    """Returns the items of a constant tuple, or the keys of a constant dict.

    Args:
        room: A folder of kgan, for example `"data"`.
        constant: Name of the constant in a module, for example `"CROPS"`.
    """
    match _value(room, constant):
        case ast.Dict(keys):
            return [ast.literal_eval(key) for key in keys if key is not None]
        case value:
            return list(ast.literal_eval(value))


def version() -> str:
    """Returns the version of kgan."""
    return ast.literal_eval(_value("version.py", "__version__"))


def _value(room: str, constant: str) -> ast.expr:
    """Returns the expression that a module assigns to a constant."""
    for tree in _trees(room, f"\n{constant}"):
        for node in tree.body:
            match node:
                case ast.Assign([ast.Name(name)], value) if name == constant:
                    return value
                case ast.AnnAssign(ast.Name(name), _, ast.expr() as value) if (
                    name == constant
                ):
                    return value
    raise LookupError(f"No file in kgan/{room} assigns {constant}.")


def _trees(room: str, text: str) -> Iterator[ast.Module]:
    """Parses the files of a folder that contain a text, or a single file with it."""
    path = pathlib.Path(_root(), room)
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        source = file.read_text("utf-8")
        # A constant may stand at the beginning of the file.
        if text in f"\n{source}":
            yield ast.parse(source)


@functools.cache
def _root() -> str:
    """Returns the folder of kgan, without an import of kgan."""
    spec = importlib.util.find_spec("kgan")
    assert spec is not None and spec.submodule_search_locations is not None
    return spec.submodule_search_locations[0]
