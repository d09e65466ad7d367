"""`kgan compare`."""

from kgan.cli import facts, text_table
from kgan.cli.record import read_all
from kgan_cli.after_training import CompareSettings
from kgan_cli.status import Status


def run(settings: CompareSettings) -> int:
    """Prints the tables, and returns the exit status."""
    records = read_all(settings.runs)
    found = [facts.facts(record) for record in records]
    names = dict.fromkeys(name for one in found for name in one)
    head = ["", *(record.name for record in records)]
    rows = [[name, *(one.get(name, "-") for one in found)] for name in names]
    print("\n".join(text_table.lines([head, *rows])))
    differences = facts.changes(records)
    if len(records) > 1 and not differences:
        print("\nThe runs have the same configuration.")
    if differences:
        print("\nDifferences of the configuration:\n")
        rows = [[name, *map(_shown, values)] for name, values in differences.items()]
        print("\n".join(text_table.lines([head, *rows])))
    return Status.DONE


def _shown(value: str) -> str:
    return value or "-"
