"""The files of cases/: which are which, and what their short forms stand for (test_cases.py)."""

import json
import pathlib
import time

FOLDER = pathlib.Path(__file__).parent / "cases"
ACTIVE_SECONDS = 20


def is_tables(path):
    return path.name == "tables.json" or path.name.endswith(".tables.json")


def is_cases(path):
    return not is_tables(path) and not path.name.endswith(".items.json")


def count(template, i):
    """The template with every {i} in it replaced."""
    if isinstance(template, str):
        return template.replace("{i}", str(i))
    if isinstance(template, list):
        return [count(part, i) for part in template]
    if isinstance(template, dict):
        return {count(name, i): count(part, i) for name, part in template.items()}
    return template


def nest(kind, levels, value):
    for _ in range(levels):
        value = {kind: [value] if kind == "L" else {"m": value}}
    return value


MACROS = {
    "$repeat": lambda text, times: text * times,
    "$each": lambda times, template: [count(template, i) for i in range(times)],
    "$join": lambda between, parts: between.join(parts),
    "$object": lambda *pairs: dict(pairs),
    "$nest": nest,
}


def expand(part):
    if isinstance(part, list):
        return [expand(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    whole = {name: expand(inner) for name, inner in part.items()}
    for name, macro in MACROS.items():
        if name in whole:
            assert len(whole) == 1, f"{name} stands alone in its object"
            return expand(macro(*whole[name]))
    return whole


def wait_active(endpoint, name):
    deadline = time.monotonic() + ACTIVE_SECONDS
    while time.monotonic() < deadline:
        status, answer = endpoint.call("DescribeTable", {"TableName": name})
        assert status == 200, answer
        table = answer["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        if table["TableStatus"] == "ACTIVE" and all(
            index["IndexStatus"] == "ACTIVE" for index in indexes
        ):
            return
        time.sleep(0.01)
    raise AssertionError(f"{name} is not active after {ACTIVE_SECONDS} s")


def prepare(endpoint):
    """The tables of the cases and what they hold at first."""
    for path in sorted(FOLDER.glob("*tables.json")):
        for table in json.loads(path.read_text()):
            status, answer = endpoint.call("CreateTable", table)
            assert status == 200, (path.name, table["TableName"], answer)
            wait_active(endpoint, table["TableName"])
    for path in sorted(FOLDER.glob("*.items.json")):
        for name, items in json.loads(path.read_text()).items():
            for item in items:
                status, answer = endpoint.call("PutItem", {"TableName": name, "Item": expand(item)})
                assert status == 200, (path.name, item, answer)
