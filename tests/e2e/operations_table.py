#!/usr/bin/env python3
"""Writes the table of operations in README.md: each operation of the model, and how a node answers it.

    operations_table.py [--check] [FOLDER]

FOLDER holds the service model files, which are not part of the project; without it the names come
from the request tables that were made from them. The answers come from a node that is started for
this: `operations.json` has one request for each operation, in an order in which each finds what it
needs. With --check nothing is written: the exit status says whether the committed table is what
would be.
"""

import argparse
import json
import pathlib
import re
import sys

from meridian_node import ROOT, Node
from wire import Endpoint

HERE = pathlib.Path(__file__).resolve().parent
README = HERE / "README.md"
MODELS = ("dynamodb-2012-08-10.json", "dynamodbstreams-2012-08-10.json")
BEGIN = "<!-- operations: written by operations_table.py -->\n"
END = "<!-- operations: end -->\n"
KINDS = ("implemented", "AWS's own refusal", "not yet, and says so")


def names_of_model(folder):
    """The operations of the service model files."""
    names = set()
    for name in MODELS:
        names.update(json.loads((pathlib.Path(folder) / name).read_text())["operations"])
    return sorted(names)


def names_of_shapes():
    """The same, from the tables that `daemon/api/model/generate` has made of them."""
    text = (ROOT / "daemon" / "api" / "model" / "operations.c").read_text()
    return re.findall(r'^    \{"(\w+)", &shape_\w+\},$', text, re.MULTILINE)


def filled(value, words):
    """A request with {table} and {account} replaced in its texts."""
    if isinstance(value, dict):
        return {name: filled(member, words) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(member, words) for member in value]
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace("{" + word + "}", text)
    return value


def told(status, answer):
    """(kind, what the answer says) of one answer."""
    if status == 200:
        members = ", ".join(sorted(answer)) if isinstance(answer, dict) and answer else "empty"
        return KINDS[0], members
    code = answer["__type"].rpartition("#")[2]
    text = answer.get("message", answer.get("Message", ""))
    return KINDS[2 if code == "NotImplementedException" else 1], f"{code}: {text}"


def answers(node):
    """{operation: (kind, what it says)} of a fresh node."""
    endpoint = Endpoint(node)
    words = {"account": "000000000000"}
    words["table"] = f"arn:aws:dynamodb:{node.region}:{words['account']}:table/operations"
    found = {}
    learned = {  # What later requests need of earlier answers.
        "CreateTable": lambda answer: {"stream": answer["TableDescription"]["LatestStreamArn"]},
        "DescribeStream": lambda answer: {
            "shard": answer["StreamDescription"]["Shards"][0]["ShardId"]
        },
        "GetShardIterator": lambda answer: {"iterator": answer["ShardIterator"]},
    }
    for request in json.loads((HERE / "operations.json").read_text()):
        assert request["op"] not in found, f"{request['op']} twice"
        status, answer = endpoint.call(request["op"], filled(request["body"], words))
        assert status in (200, 400), (request["op"], status, answer)
        assert not answer.get("__type", "").endswith("#UnknownOperationException"), request["op"]
        found[request["op"]] = told(status, answer)
        if request["op"] in learned:
            words.update(learned[request["op"]](answer))
    return found


def table(names, found):
    """Markdown."""
    assert sorted(found) == sorted(names), set(found) ^ set(names)
    counts = [sum(kind == each for each, _ in found.values()) for kind in KINDS]
    lines = [
        f"{len(names)} operations: "
        + ", ".join(f"{count} {kind}" for count, kind in zip(counts, KINDS))
        + ".",
        "",
        "| Operation | Answer to the request in `operations.json` | Members of the answer, or error |",
        "|---|---|---|",
    ]
    for name in sorted(names):
        kind, says = found[name]
        lines.append(f"| {name} | {kind} | {says.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def committed():
    return README.read_text().partition(BEGIN)[2].partition(END)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", help="with the service model files")
    parser.add_argument("--check", action="store_true", help="compare only")
    options = parser.parse_args()
    names = names_of_model(options.folder) if options.folder else names_of_shapes()
    with Node(flags=["--auth", "off"]) as node:
        made = table(names, answers(node))
    if options.check:
        return 0 if made == committed() else 1
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(before + BEGIN + made + END + rest.partition(END)[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
