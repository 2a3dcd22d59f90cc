"""Requests and the exact answers that the API reference gives for them, kept as data.

`cases/*.tables.json` and `cases/tables.json` hold CreateTable bodies, every other `cases/*.json` a list of

    {"name": "what is wrong", "op": "PutItem", "body": {…} or "raw": "text",
     "error": "ValidationException", "message": "the whole text" or "contains": "part of it",
     "status": 400}
    {"name": …, "op": …, "body": …, "answer": {…}}

Several faults in one request have a case each of their own: what is reported first is part of the answer.
"""

import json
import pathlib
import time

import pytest

from meridian_node import Node
from wire import Endpoint

FOLDER = pathlib.Path(__file__).parent / "cases"
ACTIVE_SECONDS = 20


def is_tables(path):
    return path.name == "tables.json" or path.name.endswith(".tables.json")


def load():
    for path in sorted(FOLDER.glob("*.json")):
        if not is_tables(path):
            for number, case in enumerate(json.loads(path.read_text())):
                yield pytest.param(case, id=f"{path.stem}-{number}-{case['name']}")


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


@pytest.fixture(scope="module")
def endpoint():
    with Node(flags=["--auth", "off"]) as node:
        made = Endpoint(node)
        for path in sorted(FOLDER.glob("*tables.json")):
            for table in json.loads(path.read_text()):
                status, answer = made.call("CreateTable", table)
                assert status == 200, (path.name, table["TableName"], answer)
                wait_active(made, table["TableName"])
        yield made


@pytest.mark.parametrize("case", load())
def test_case(endpoint, case):
    status, answer = endpoint.call(case["op"], case.get("raw", case.get("body", {})))
    if "answer" in case:
        assert (status, answer) == (200, case["answer"])
        return
    assert status != 200, answer
    assert answer["__type"].rpartition("#")[2] == case["error"], answer
    assert status == case.get("status", 400)
    message = answer.get("message", answer.get("Message"))
    if "message" in case:
        assert message == case["message"]
    else:
        assert case["contains"] in (message or "")


def test_there_are_enough_cases():
    names = {}
    for path in FOLDER.glob("*.json"):
        if not is_tables(path):
            for case in json.loads(path.read_text()):
                assert "answer" in case or "message" in case or "contains" in case, case["name"]
                names.setdefault((case["op"], json.dumps(case.get("body", case.get("raw")))), []).append(case["name"])
    twice = [value for value in names.values() if len(value) > 1]
    assert not twice, f"the same request twice: {twice[:5]}"
