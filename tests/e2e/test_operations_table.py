"""The table of operations in README.md is what a node answers now, and no other name is known."""

import pytest

import operations_table
from meridian_node import Node
from wire import Endpoint, target


@pytest.fixture(scope="module")
def fresh():
    with Node(flags=["--auth", "off"]) as node:
        yield node


def test_the_committed_table_is_what_a_node_answers(fresh):
    names = operations_table.names_of_shapes()
    assert len(names) == 62
    made = operations_table.table(names, operations_table.answers(fresh))
    assert made == operations_table.committed(), "run tests/e2e/operations_table.py"


@pytest.mark.parametrize(
    "name",
    [
        "DynamoDB_20120810.MakeCoffee",
        "DynamoDB_20120810.getItem",
        "DynamoDB_20120810.GetItems",
        "DynamoDB_20120810.",
        "DynamoDB_20120810",
        "DynamoDB_20111205.GetItem",
        "DynamoDB_20120810.ListStreams",
        "DynamoDBStreams_20120810.GetItem",
        "GetItem",
        "",
    ],
)
def test_unknown_names_alone_are_unknown(fresh, name):
    assert name not in {target(each) for each in operations_table.names_of_shapes()}
    status, answer = Endpoint(fresh).call_target(name, {})
    assert (status, answer) == (
        400,
        {"__type": "com.amazon.coral.service#UnknownOperationException"},
    )
