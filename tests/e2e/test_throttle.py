"""Provisioned throughput that is enforced, as boto3 sees it. What is tried goes beyond it at once,
and what must work again is polled for. Debian's boto3 drops the reasons, so those are read raw."""

import json

import time
import urllib.request

import botocore.exceptions
import pytest

import signing
from meridian_node import Node, wait_until


@pytest.fixture(scope="module")
def strict():
    with Node(flags=["--throttle", "enforce"]) as running:
        yield running


@pytest.fixture(scope="module")
def client(strict):
    return strict.client()


def make(client, name, **more):
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        **more,
    )
    client.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )


def units(reads, writes):
    return {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}


def until_refused(call, seconds=10):
    """Call as fast as it goes; the error that ends it, and how many went through."""
    deadline = time.monotonic() + seconds
    done = 0
    while time.monotonic() < deadline:
        try:
            call()
        except botocore.exceptions.ClientError as error:
            return error.response, done
        done += 1
    raise AssertionError(f"{done} calls went through")


def until_refused_raw(node, operation, body, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = signing.Request(node, operation, json.dumps(body)).sign().send()
        if answer.status != 200:
            return answer
    raise AssertionError("never refused")


def works(call):
    try:
        call()
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
        return False
    return True


def counted(node, **labels):
    with urllib.request.urlopen(f"http://{node.addresses['admin']}/metrics") as answer:
        text = answer.read().decode()
    wanted = ",".join(f'{name}="{value}"' for name, value in labels.items())
    start = f"meridian_throttled_total{{{wanted}}}"
    return float(next(line for line in text.splitlines() if line.startswith(start)).split()[-1])


def test_a_provisioned_table(strict, client, table_name):
    make(client, table_name, ProvisionedThroughput=units(5, 5))
    item = {"pk": {"S": "a"}, "x": {"S": "y" * 3000}}
    key = {"pk": {"S": "a"}}

    def put():
        client.put_item(TableName=table_name, Item=item)

    def get():
        client.get_item(TableName=table_name, Key=key, ConsistentRead=True)

    refused, done = until_refused(put)
    assert refused["Error"] == {
        "Code": "ProvisionedThroughputExceededException",
        "Message": "The level of configured provisioned throughput for the table was exceeded. "
        "Consider increasing your provisioning level with the UpdateTable API.",
    }
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert done >= 1
    get()  # Reads have a bucket of their own.
    arn = client.describe_table(TableName=table_name)["Table"]["TableArn"]
    for operation, side, body in (("PutItem", "Write", {"Item": item}), ("Scan", "Read", {})):
        answer = until_refused_raw(strict, operation, {"TableName": table_name, **body})
        assert answer.status == 400
        assert answer.type.endswith("v20120810#ProvisionedThroughputExceededException")
        assert answer.json["ThrottlingReasons"] == [
            {"reason": f"Table{side}ProvisionedThroughputExceeded", "resource": arn}
        ]
    assert counted(strict, resource="table", side="write", limit="provisioned") >= 1
    assert counted(strict, resource="table", side="read", limit="provisioned") >= 1
    wait_until(lambda: works(put))  # What was owed is earned.
    # More, with a debt: it is earned faster from the next request on.
    client.update_table(TableName=table_name, ProvisionedThroughput=units(5, 1000))
    wait_until(lambda: works(put))
    for _ in range(50):
        wait_until(lambda: works(put))


def test_a_batch_does_what_it_can_and_boto3_gets_it_done(strict, client, table_name):
    make(client, table_name, ProvisionedThroughput=units(10, 10))
    puts = [{"PutRequest": {"Item": {"pk": {"S": f"k{i}"}}}} for i in range(25)]
    left = puts
    rounds = 0
    deadline = time.monotonic() + 20
    while left:
        assert time.monotonic() < deadline
        try:
            answer = client.batch_write_item(RequestItems={table_name: left})
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
            continue
        rounds += 1
        left = answer["UnprocessedItems"].get(table_name, [])
    assert rounds > 1
    wait_until(lambda: works(lambda: client.scan(TableName=table_name)))
    assert client.describe_table(TableName=table_name)["Table"]["ItemCount"] == 25


def test_the_maximum_of_an_on_demand_table(strict, client, table_name):
    make(client, table_name, BillingMode="PAY_PER_REQUEST")
    most = {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 1}
    body = json.dumps({"TableName": table_name, "OnDemandThroughput": most})
    assert signing.Request(strict, "UpdateTable", body).sign().send().status == 200
    refused, _ = until_refused(
        lambda: client.put_item(TableName=table_name, Item={"pk": {"S": "a"}})
    )
    assert refused["Error"] == {
        "Code": "ThrottlingException",
        "Message": "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
    }
    answer = until_refused_raw(
        strict, "GetItem", {"TableName": table_name, "Key": {"pk": {"S": "a"}}}
    )
    assert answer.type == "com.amazon.coral.availability#ThrottlingException"
    arn = client.describe_table(TableName=table_name)["Table"]["TableArn"]
    assert answer.json["throttlingReasons"] == [
        {"reason": "TableReadMaxOnDemandThroughputExceeded", "resource": arn}
    ]
    assert counted(strict, resource="table", side="write", limit="on_demand") >= 1


def test_without_a_maximum_nothing_limits(client, table_name):
    make(client, table_name, BillingMode="PAY_PER_REQUEST")
    for _ in range(200):
        client.put_item(TableName=table_name, Item={"pk": {"S": "a"}})


def test_it_is_off_unless_asked_for(node, table_name):
    usual = node.client()
    make(usual, table_name, ProvisionedThroughput=units(1, 1))
    for _ in range(50):
        usual.put_item(TableName=table_name, Item={"pk": {"S": "a"}})
    with urllib.request.urlopen(f"http://{node.addresses['admin']}/metrics") as answer:
        assert b"meridian_throttled_total" not in answer.read()


def test_a_global_index_has_capacity_of_its_own(strict, client, table_name):
    client.create_table(
        TableName=table_name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "x", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-x",
                "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": units(1, 1),
            }
        ],
        ProvisionedThroughput=units(1000, 1000),
    )
    client.get_waiter("table_exists").wait(
        TableName=table_name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )
    for i in range(50):  # Nothing of the index.
        client.put_item(TableName=table_name, Item={"pk": {"S": f"k{i}"}})
    item = {"pk": {"S": "a"}, "x": {"S": "b"}, "y": {"S": "z" * 5000}}
    client.put_item(TableName=table_name, Item=item)
    answer = until_refused_raw(strict, "PutItem", {"TableName": table_name, "Item": item})
    arn = client.describe_table(TableName=table_name)["Table"]["TableArn"]
    assert "one or more global secondary indexes of the table was exceeded" in answer.message
    assert answer.json["ThrottlingReasons"] == [
        {"reason": "IndexWriteProvisionedThroughputExceeded", "resource": f"{arn}/index/by-x"}
    ]
    answer = until_refused_raw(
        strict, "Scan", {"TableName": table_name, "IndexName": "by-x", "Select": "COUNT"}
    )
    assert answer.json["ThrottlingReasons"][0]["reason"].startswith("IndexRead")
    client.scan(TableName=table_name)  # The table's reads are another matter.
    assert counted(strict, resource="index", side="write", limit="provisioned") >= 1
