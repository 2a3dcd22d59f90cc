"""Transactions as boto3 and its users see them: answers, reasons, tokens, capacity, restarts, threads."""

import concurrent.futures
import uuid

import boto3
import botocore.exceptions
import pytest

from meridian_node import Node


def key(partition, sort=0):
    return {"pk": {"S": partition}, "sk": {"N": str(sort)}}


def put(table, partition, sort=0, **more):
    condition = more.pop("condition", None)
    action = {"TableName": table, "Item": {**key(partition, sort), **more}}
    if condition:
        action.update(ConditionExpression=condition, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    return {"Put": action}


def check(table, partition, condition, **more):
    return {"ConditionCheck": {"TableName": table, "Key": key(partition), "ConditionExpression": condition, **more}}


def add(table, partition, amount=1):
    return {
        "Update": {
            "TableName": table,
            "Key": key(partition),
            "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": {":n": {"N": str(amount)}},
        }
    }


def number(client, table, partition):
    item = client.get_item(TableName=table, Key=key(partition), ConsistentRead=True).get("Item", {})
    return int(item.get("n", {"N": "0"})["N"])


def cancelled(client, items, **more):
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=items, **more)
    return caught.value.response


@pytest.fixture
def other_table(client, table_name):
    name = table_name + "-other"
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500})
    yield name
    client.delete_table(TableName=name)


def test_actions_on_several_tables_happen_together(client, table, other_table):
    client.transact_write_items(
        TransactItems=[
            put(table, "a", x={"S": "1"}),
            put(table, "b"),
            {"Put": {"TableName": other_table, "Item": {"id": {"S": "a"}}}},
        ]
    )
    answer = client.transact_write_items(
        TransactItems=[
            add(table, "a", 5),
            {"Delete": {"TableName": table, "Key": key("b", 0)}},
            {"Delete": {"TableName": other_table, "Key": {"id": {"S": "a"}}}},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert {entry["TableName"]: entry["CapacityUnits"] for entry in answer["ConsumedCapacity"]} == {table: 4.0, other_table: 2.0}
    assert all(entry["WriteCapacityUnits"] == entry["CapacityUnits"] for entry in answer["ConsumedCapacity"])
    read = client.transact_get_items(
        TransactItems=[
            {"Get": {"TableName": table, "Key": key("a"), "ProjectionExpression": "n"}},
            {"Get": {"TableName": other_table, "Key": {"id": {"S": "a"}}}},
            {"Get": {"TableName": table, "Key": key("b")}},
        ],
        ReturnConsumedCapacity="INDEXES",
    )
    assert read["Responses"] == [{"Item": {"n": {"N": "5"}}}, {}, {}]
    assert [entry["ReadCapacityUnits"] for entry in read["ConsumedCapacity"]] == [4.0, 2.0]
    assert read["ConsumedCapacity"][0]["Table"] == {"CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}


def test_reasons_come_in_order_and_parse(client, table):
    client.put_item(TableName=table, Item={**key("a"), "x": {"S": "there"}})
    response = cancelled(
        client,
        [
            put(table, "new"),
            put(table, "a", condition="attribute_not_exists(pk)"),
            check(table, "missing", "attribute_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            {
                "Update": {
                    "TableName": table,
                    "Key": key("b"),
                    "UpdateExpression": "SET n = absent + :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
        ],
    )
    assert response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, ConditionalCheckFailed, ValidationError]"
    )
    assert response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": {**key("a"), "x": {"S": "there"}},
        },
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
        {"Code": "ValidationError", "Message": "The provided expression refers to an attribute that does not exist in the item"},
    ]
    assert "Item" not in client.get_item(TableName=table, Key=key("new"))


def test_keys_that_do_not_fit_cancel_and_other_faults_refuse(client, table):
    response = cancelled(client, [put(table, "a"), {"Delete": {"TableName": table, "Key": {"pk": {"S": "b"}}}}])
    assert [reason["Code"] for reason in response["CancellationReasons"]] == ["None", "ValidationError"]
    assert response["CancellationReasons"][1]["Message"] == "The provided key element does not match the schema"
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": {"pk": {"N": "1"}, "sk": {"N": "1"}}}}])
    assert caught.value.response["CancellationReasons"][0]["Code"] == "ValidationError"
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client.transact_write_items(TransactItems=[put(table, "a"), put(table, "a")])
    assert caught.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Transaction request cannot include multiple operations on one item",
    }
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.transact_write_items(TransactItems=[put(table, "a"), put("nowhere", "a")])


def test_a_token_makes_it_happen_once_also_over_a_restart():
    with Node() as node:
        client = node.client()
        client.create_table(
            TableName="tokens",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.get_waiter("table_exists").wait(TableName="tokens", WaiterConfig={"Delay": 0.02, "MaxAttempts": 500})
        request = {"TransactItems": [add("tokens", "a")], "ClientRequestToken": str(uuid.uuid4())}
        first = client.transact_write_items(**request, ReturnConsumedCapacity="TOTAL")
        assert first["ConsumedCapacity"][0]["WriteCapacityUnits"] == 2.0
        node.stop()
        node.start()
        client = node.client()
        again = client.transact_write_items(**request, ReturnConsumedCapacity="TOTAL")
        assert again["ConsumedCapacity"][0]["ReadCapacityUnits"] == 2.0
        assert number(client, "tokens", "a") == 1
        with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
            client.transact_write_items(**{**request, "TransactItems": [add("tokens", "a", 2)]})
        assert number(client, "tokens", "a") == 1


def test_money_is_neither_made_nor_lost(client, table):
    """Threads move amounts between accounts, others sum them up: every sum is the same."""
    accounts = [f"account{i}" for i in range(6)]
    for account in accounts:
        client.put_item(TableName=table, Item={**key(account), "n": {"N": "100"}})

    def move(turn):
        source, target = accounts[turn % 6], accounts[(turn * 5 + 1) % 6]
        if source == target:
            return "same"
        taking = add(table, source, -30)
        taking["Update"]["ConditionExpression"] = "n >= :least"
        taking["Update"]["ExpressionAttributeValues"][":least"] = {"N": "30"}
        try:
            client.transact_write_items(TransactItems=[taking, add(table, target, 30)])
            return "moved"
        except client.exceptions.TransactionCanceledException as refused:
            codes = {reason["Code"] for reason in refused.response["CancellationReasons"]}
            assert codes <= {"None", "ConditionalCheckFailed", "TransactionConflict"}
            return "refused"

    def total(_turn):
        gets = [{"Get": {"TableName": table, "Key": key(account)}} for account in accounts]
        read = client.transact_get_items(TransactItems=gets)["Responses"]
        return sum(int(response["Item"]["n"]["N"]) for response in read)

    with concurrent.futures.ThreadPoolExecutor(16) as threads:
        moves = [threads.submit(move, turn) for turn in range(200)]
        totals = [threads.submit(total, turn) for turn in range(100)]
        assert "moved" in {each.result() for each in moves}
        assert {each.result() for each in totals} == {600}
    assert total(0) == 600


def test_the_resource_counts_and_collects(node, client, table_name):
    """boto3's resource, with a table that has a local index: metrics say which collections were written."""
    key_id, secret = node.credentials()
    resource = boto3.resource(
        "dynamodb",
        region_name=node.region,
        endpoint_url=node.endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )
    table = resource.create_table(
        TableName=table_name,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "other")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-other",
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "other", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=table_name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500})
    item = {"pk": "a", "sk": "1", "other": "x"}
    answer = table.put_item(Item=item, ReturnItemCollectionMetrics="SIZE")
    assert answer["ItemCollectionMetrics"] == {"ItemCollectionKey": {"pk": "a"}, "SizeEstimateRangeGB": [0.0, 1.0]}
    answer = resource.batch_write_item(
        RequestItems={table_name: [{"PutRequest": {"Item": {**item, "sk": str(i)}}} for i in range(3)]},
        ReturnItemCollectionMetrics="SIZE",
    )
    assert len(answer["ItemCollectionMetrics"][table_name]) == 1
    answer = resource.meta.client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table_name, "Item": {**item, "pk": name}}} for name in ("b", "c")
        ],
        ReturnItemCollectionMetrics="SIZE",
        ReturnConsumedCapacity="INDEXES",
    )
    keys = [entry["ItemCollectionKey"]["pk"] for entry in answer["ItemCollectionMetrics"][table_name]]
    assert keys == ["b", "c"]
    (capacity,) = answer["ConsumedCapacity"]
    assert capacity["LocalSecondaryIndexes"] == {"by-other": {"CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}}
    assert capacity["CapacityUnits"] == capacity["WriteCapacityUnits"] == 8.0
    with pytest.raises(resource.meta.client.exceptions.TransactionCanceledException) as caught:
        resource.meta.client.transact_write_items(
            TransactItems=[
                {
                    "Put": {
                        "TableName": table_name,
                        "Item": item,
                        "ConditionExpression": "attribute_not_exists(pk)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                }
            ]
        )
    assert caught.value.response["CancellationReasons"][0]["Item"]["other"] in ("x", {"S": "x"})
    table.delete()
