import itertools
import os

import pytest

from meridian_node import Node, clean_environment

_numbers = itertools.count()


def pytest_configure(config):
    """boto3 in this process must not find other people's keys or proxies."""
    clean = clean_environment()
    for name in list(os.environ):
        if name not in clean and not name.startswith("MERIDIAN_"):
            del os.environ[name]
    os.environ.update({name: clean[name] for name in clean if name.startswith("AWS_")})


@pytest.fixture(scope="session")
def node():
    with Node() as running:
        yield running


@pytest.fixture(scope="session")
def client(node):
    return node.client()


@pytest.fixture
def table_name():
    """A name that no other test uses."""
    return f"t{next(_numbers)}-{os.getpid()}"


@pytest.fixture
def table(client, table_name):
    """pk S, sk N, on demand."""
    client.create_table(
        TableName=table_name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(
        TableName=table_name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )
    yield table_name
    client.delete_table(TableName=table_name)
