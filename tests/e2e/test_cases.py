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

import pytest

from case_files import FOLDER, expand, is_cases, prepare
from meridian_node import Node
from wire import Endpoint

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


def load():
    for path in sorted(FOLDER.glob("*.json")):
        if is_cases(path):
            for number, case in enumerate(json.loads(path.read_text())):
                yield pytest.param(case, id=f"{path.stem}-{number}-{case['name']}")


@pytest.fixture(scope="module")
def endpoint():
    with Node(flags=["--auth", "off"]) as node:
        made = Endpoint(node)
        prepare(made)
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
