import pathlib
import runpy

import pytest

pytestmark = pytest.mark.anywhere

DOCS = pathlib.Path(__file__).parents[1] / "docs"


def test_the_tables_of_names_are_made_of_the_classes():
    tables = runpy.run_path(str(DOCS / "tables.py"))
    page = tables["PAGE"].read_text("utf-8")
    assert tables["updated"](page) == page, "run: python docs/tables.py"
