"""Requests and the exact answers that the API reference gives for them, kept as data.

`cases/*.tables.json` and `cases/tables.json` hold CreateTable bodies, `cases/*.items.json` what those tables
hold at first ({table: [items]}), every other `cases/*.json` a list of

    {"name": "what is wrong", "op": "PutItem", "body": {…} or "raw": "text",
     "error": "ValidationException", "message": "the whole text" or "contains": "part of it",
     "status": 400, "members": {what the error has beside its text}}
    {"name": …, "op": …, "body": …, "answer": {…}}

What is too long to be read is written down as (all can be nested; {i} counts from 0)

    {"$repeat": ["ab", 3]}                        "ababab"
    {"$each": [3, {"S": "k{i}"}]}                 [{"S": "k0"}, {"S": "k1"}, {"S": "k2"}]
    {"$join": [" OR ", [parts]]}                  the parts, which are texts, with " OR " between them
    {"$object": [["name", value], …]}             an object, for names that are long or counted
    {"$nest": ["M", 31, {"S": "x"}]}              31 maps (or lists, "L") around a value; the name is "m"

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

# Where the name of an error comes from, and how its text is called (dynamodb-api.md 2).
NAMESPACES = {
    "SerializationException": "com.amazon.coral.service",
    "UnknownOperationException": "com.amazon.coral.service",
    "NotImplementedException": "com.amazon.coral.service",
    "AccessDeniedException": "com.amazon.coral.service",
    "ValidationException": "com.amazon.coral.validate",
    "ThrottlingException": "com.amazon.coral.availability",
}
CAPITAL = {
    "SerializationException",
    "AccessDeniedException",
    "TransactionCanceledException",
    "TransactionInProgressException",
    "IdempotentParameterMismatchException",
}


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


def load():
    for path in sorted(FOLDER.glob("*.json")):
        if is_cases(path):
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
        for path in sorted(FOLDER.glob("*.items.json")):
            for name, items in json.loads(path.read_text()).items():
                for item in items:
                    status, answer = made.call("PutItem", {"TableName": name, "Item": expand(item)})
                    assert status == 200, (path.name, item, answer)
        yield made


@pytest.mark.parametrize("case", load())
def test_case(endpoint, case):
    status, answer = endpoint.call(case["op"], case.get("raw", expand(case.get("body", {}))))
    if "answer" in case:
        assert (status, answer) == (200, expand(case["answer"]))
        return
    assert status != 200, answer
    namespace = NAMESPACES.get(case["error"], "com.amazonaws.dynamodb.v20120810")
    assert answer["__type"] == f"{namespace}#{case['error']}", answer
    assert status == case.get("status", 400)
    loud = case["error"] in CAPITAL
    message = answer.get("Message" if loud else "message")
    assert ("message" if loud else "Message") not in answer
    if "message" in case:
        assert message == case["message"]
    else:
        assert case["contains"] in (message or "")
    for name, value in case.get("members", {}).items():
        assert answer[name] == value


def test_there_are_enough_cases():
    names = {}
    for path in FOLDER.glob("*.json"):
        if is_cases(path):
            for case in json.loads(path.read_text()):
                if "answer" in case:
                    continue  # Asked again after a change, an answer is another one.
                assert "message" in case or "contains" in case, case["name"]
                names.setdefault((case["op"], json.dumps(case.get("body", case.get("raw")))), []).append(case["name"])
    twice = [value for value in names.values() if len(value) > 1]
    assert not twice, f"the same request twice: {twice[:5]}"
