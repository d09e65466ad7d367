"""Names of losses, presets and so on, read from the source files of kgan.

A name is written once, with the class or the object that it belongs to, for example
`name = "hinge"` in the class `Hinge`. The parser offers the names as choices. An import
of kgan would take seconds, so this module reads the source files instead, which takes
milliseconds. `tests/test_start.py` compares the results with kgan's own lists.
"""

import ast
import importlib.util
import pathlib
from collections.abc import Iterator


def of_classes(room: str) -> list[str]:
    """Returns the names that classes set in their bodies, in alphabetical order.

    Args:
        room: A folder of kgan, for example `"losses"`.
    """
    return sorted(
        ast.literal_eval(statement.value)
        for tree in _trees(room, '    name = "')
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.Assign) and _is_name(statement.targets[0], "name")
    )


def of_objects(room: str, class_name: str) -> list[str]:
    """Returns the argument `name` of all calls of a class, in the order of the files.

    Args:
        room: A folder of kgan, for example `"presets"`.
        class_name: The class, for example `"Preset"`. Its argument `name` is given as a
            keyword, or comes first.
    """
    found = []
    for tree in _trees(room, f"{class_name}("):
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _is_name(call.func, class_name):
                by_keyword = [k.value for k in call.keywords if k.arg == "name"]
                found.append(ast.literal_eval([*by_keyword, *call.args][0]))
    return found


def of_constant(room: str, constant: str) -> list:
    """Returns the items of a constant tuple, or the keys of a constant dict.

    Args:
        room: A folder of kgan, for example `"data"`.
        constant: The constant of a module, for example `"CROPS"`.
    """
    value = _value(room, constant)
    items = value.keys if isinstance(value, ast.Dict) else value.elts
    return [ast.literal_eval(item) for item in items]


def version() -> str:
    """Returns the version of kgan."""
    return ast.literal_eval(_value("version.py", "__version__"))


def _value(room: str, constant: str) -> ast.expr:
    """Returns the expression that a module assigns to a constant."""
    for tree in _trees(room, f"\n{constant}"):
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                (target,) = (
                    node.targets if isinstance(node, ast.Assign) else [node.target]
                )
                if _is_name(target, constant):
                    return node.value
    raise LookupError(f"No file in kgan/{room} assigns {constant}.")


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _trees(room: str, text: str) -> Iterator[ast.Module]:
    """Parses the files of a folder, or the single file, that contain a text."""
    (root,) = importlib.util.find_spec("kgan").submodule_search_locations
    path = pathlib.Path(root, room)
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        source = file.read_text("utf-8")
        # A constant may stand at the beginning of the file.
        if text in f"\n{source}":
            yield ast.parse(source)
