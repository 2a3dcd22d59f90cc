"""What clients rely on and is easily got almost right: pages, counts, capacity, sets, numbers, indexes.

One request and its whole answer are kept in cases/*.json; here is what takes several requests, many
items or boto3's own types."""

import concurrent.futures
import decimal

import boto3
import botocore.exceptions
import pytest


def text(value):
    return {"S": value}


def number(value):
    return {"N": str(value)}


def code_of(caught):
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def resource(node, table):
    """boto3's resource layer: Decimal, set, bytes."""
    key_id, secret = node.credentials()
    return (
        boto3.session.Session()
        .resource(
            "dynamodb",
            region_name=node.region,
            endpoint_url=node.endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
        )
        .Table(table)
    )


def fill(client, table, partition, sorts, **more):
    for start in range(0, len(sorts), 25):
        client.batch_write_item(
            RequestItems={
                table: [
                    {"PutRequest": {"Item": {"pk": text(partition), "sk": number(sort), **more}}}
                    for sort in sorts[start : start + 25]
                ]
            }
        )


def sorts_of(items):
    return [int(item["sk"]["N"]) for item in items]


PARTITION = {"KeyConditionExpression": "pk = :p"}


def partition(name, **values):
    return {
        **PARTITION,
        "ExpressionAttributeValues": {":p": text(name), **{f":{k}": v for k, v in values.items()}},
    }


# --- Pages -----------------------------------------------------------------------------------------


def test_a_page_ends_at_a_megabyte_and_the_next_one_goes_on(client, table):
    size = 100_000
    fill_text = text("x" * size)
    for start in range(0, 25, 5):
        fill(client, table, "page", range(start, start + 5), v=fill_text)
    pages = list(client.get_paginator("query").paginate(TableName=table, **partition("page")))
    assert sorts_of([item for page in pages for item in page["Items"]]) == list(range(25))
    assert [page["Count"] for page in pages[:2]] == [11, 11]  # The item that crosses the line is in.
    for page in pages[:-1]:
        assert page["LastEvaluatedKey"] == {
            name: page["Items"][-1][name] for name in ("pk", "sk")
        }
    assert "LastEvaluatedKey" not in pages[-1]


def test_a_page_counts_bytes_before_filter_and_projection(client, table):
    for start in range(0, 25, 5):
        fill(client, table, "page", range(start, start + 5), v=text("x" * 100_000), n=number(1))
    answer = client.query(
        TableName=table,
        FilterExpression="n > :n",
        ProjectionExpression="sk",
        ReturnConsumedCapacity="TOTAL",
        **partition("page", n=number(1)),
    )
    assert (answer["Count"], answer["Items"], answer["ScannedCount"]) == (0, [], 11)
    assert answer["LastEvaluatedKey"] == {"pk": text("page"), "sk": number(10)}
    assert 134 <= answer["ConsumedCapacity"]["CapacityUnits"] <= 136  # 1.1 MB, eventually.
    counted = client.query(TableName=table, Select="COUNT", **partition("page"))
    assert counted["Count"] == 11 and "Items" not in counted


def test_counts_of_all_pages_add_up(client, table):
    fill(client, table, "count", range(30))
    pages = client.get_paginator("query").paginate(
        TableName=table,
        Select="COUNT",
        FilterExpression="attribute_not_exists(x)",
        PaginationConfig={"PageSize": 7},
        **partition("count"),
    )
    counts = [(page["Count"], page["ScannedCount"]) for page in pages]
    assert counts == [(7, 7), (7, 7), (7, 7), (7, 7), (2, 2)]


def test_a_page_that_ends_on_the_last_item_is_followed_by_an_empty_one(client, table):
    fill(client, table, "even", range(6))
    first = client.query(TableName=table, Limit=6, **partition("even"))
    assert first["LastEvaluatedKey"] == {"pk": text("even"), "sk": number(5)}
    second = client.query(
        TableName=table, Limit=6, ExclusiveStartKey=first["LastEvaluatedKey"], **partition("even")
    )
    assert (second["Items"], second["Count"]) == ([], 0)
    assert "LastEvaluatedKey" not in second


def test_what_is_deleted_between_two_pages_does_not_end_the_walk(client, table):
    fill(client, table, "gone", range(10))
    first = client.query(TableName=table, Limit=5, **partition("gone"))
    start = first["LastEvaluatedKey"]
    client.delete_item(TableName=table, Key=start)
    client.delete_item(TableName=table, Key={"pk": text("gone"), "sk": number(5)})
    rest = client.query(TableName=table, ExclusiveStartKey=start, **partition("gone"))
    assert sorts_of(rest["Items"]) == [6, 7, 8, 9]


@pytest.mark.parametrize("forward", [True, False])
def test_pages_of_a_condition_on_the_sort_key(client, table, forward):
    fill(client, table, "low", range(3))
    fill(client, table, "mid", range(-5, 20))
    fill(client, table, "zed", range(3))
    found, start = [], {}
    while True:
        answer = client.query(
            TableName=table,
            KeyConditionExpression="pk = :p AND sk BETWEEN :a AND :b",
            ExpressionAttributeValues={":p": text("mid"), ":a": number(-3), ":b": number(12)},
            ScanIndexForward=forward,
            Limit=4,
            **start,
        )
        found += sorts_of(answer["Items"])
        if "LastEvaluatedKey" not in answer:
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert found == list(range(-3, 13))[:: 1 if forward else -1]


def test_segments_share_the_items_whatever_their_number(client, table):
    for start in range(0, 50, 25):
        client.batch_write_item(
            RequestItems={
                table: [
                    {"PutRequest": {"Item": {"pk": text(f"s{i}"), "sk": number(0)}}}
                    for i in range(start, start + 25)
                ]
            }
        )
    whole = {item["pk"]["S"] for item in client.scan(TableName=table)["Items"]}
    assert len(whole) == 50
    for segments in (1, 2, 3, 7, 64):
        seen = []
        for segment in range(segments):
            answer = client.scan(TableName=table, Segment=segment, TotalSegments=segments)
            assert "LastEvaluatedKey" not in answer
            seen += [item["pk"]["S"] for item in answer["Items"]]
        assert sorted(seen) == sorted(whole), f"{segments} segments"


def test_a_scan_keeps_the_items_of_a_partition_together_and_in_order(client, table):
    for name in "abcdefgh":
        fill(client, table, name, range(5))
    items = client.scan(TableName=table)["Items"]
    names = [item["pk"]["S"] for item in items]
    assert len(items) == 40
    for place in range(0, 40, 5):
        assert len(set(names[place : place + 5])) == 1
        assert sorts_of(items[place : place + 5]) == [0, 1, 2, 3, 4]


def test_a_start_key_belongs_to_its_segment(client, table):
    for name in "abcdefgh":
        client.put_item(TableName=table, Item={"pk": text(name), "sk": number(0)})
    for segment in (0, 1):
        items = client.scan(TableName=table, Segment=segment, TotalSegments=2)["Items"]
        arguments = {"TableName": table, "TotalSegments": 2, "ExclusiveStartKey": items[0]}
        rest = client.scan(Segment=segment, **arguments)["Items"]
        assert rest == items[1:]
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            client.scan(Segment=1 - segment, **arguments)
        assert code_of(caught) == "ValidationException"
        assert "correct Segment" in caught.value.response["Error"]["Message"]


# --- Types through boto3 -----------------------------------------------------------------------------


def test_types_survive_the_resource_layer(resource):
    item = {
        "pk": "types",
        "sk": 1,
        "precise": decimal.Decimal("12345678901234567890123456789012345678"),
        "small": decimal.Decimal("-0.00000000000000000000000000000000000001"),
        "words": {"b", "a", ""},
        "numbers": {decimal.Decimal("1.5"), decimal.Decimal(2)},
        "blobs": {b"\x00", b"\xff\x00"},
        "blob": b"\x00\x01\xfe\xff",
        "list": [1, "two", [3, {"four": None}], True, False],
        "empty": {"text": "", "list": [], "map": {}, "blob": b""},
    }
    resource.put_item(Item=item)
    found = resource.get_item(Key={"pk": "types", "sk": 1}, ConsistentRead=True)["Item"]
    assert found.pop("blob").value == item.pop("blob")
    assert {value.value for value in found.pop("blobs")} == item.pop("blobs")
    assert found["empty"].pop("blob").value == item["empty"].pop("blob")
    assert found == item


def test_one_number_is_one_key(resource):
    for value in ("10", "1e1", "10.0"):
        resource.update_item(
            Key={"pk": "number", "sk": decimal.Decimal(value)},
            UpdateExpression="ADD seen :one",
            ExpressionAttributeValues={":one": 1},
        )
    assert resource.get_item(Key={"pk": "number", "sk": 10})["Item"]["seen"] == 3


def test_numbers_of_a_sort_key_are_in_order(client, table):
    values = ["-1e125", "-3.5", "-1e-130", "0", "1e-130", "0.001", "1", "1.1", "9", "10", "1e125"]
    for value in reversed(values):
        client.put_item(TableName=table, Item={"pk": text("order"), "sk": number(value)})
    found = [item["sk"]["N"] for item in client.query(TableName=table, **partition("order"))["Items"]]
    assert [decimal.Decimal(value) for value in found] == [decimal.Decimal(value) for value in values]
    assert not any("e" in value or "E" in value for value in found)


# --- Writes ------------------------------------------------------------------------------------------


def test_counters_lose_nothing_to_concurrent_clients(client, table):
    key = {"pk": text("counter"), "sk": number(0)}

    def add(_):
        client.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": number(1)},
        )

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(200)))
    assert client.get_item(TableName=table, Key=key)["Item"]["n"] == number(200)


def test_of_concurrent_claims_one_wins(client, table):
    def claim(who):
        try:
            client.put_item(
                TableName=table,
                Item={"pk": text("claim"), "sk": number(0), "who": number(who)},
                ConditionExpression="attribute_not_exists(pk)",
            )
            return who
        except client.exceptions.ConditionalCheckFailedException:
            return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        winners = [who for who in pool.map(claim, range(32)) if who is not None]
    assert len(winners) == 1
    found = client.get_item(TableName=table, Key={"pk": text("claim"), "sk": number(0)})
    assert found["Item"]["who"] == number(winners[0])


def test_a_refused_update_changes_nothing(client, table):
    key = {"pk": text("whole"), "sk": number(0)}
    client.put_item(TableName=table, Item={**key, "a": number(1), "s": text("x")})
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET a = a + :v, b = s + :v",
            ExpressionAttributeValues={":v": number(1)},
        )
    assert code_of(caught) == "ValidationException"
    assert client.get_item(TableName=table, Key=key)["Item"]["a"] == number(1)


def test_a_legacy_update_and_its_expressions_agree(client, table):
    key = {"pk": text("legacy"), "sk": number(0)}
    answer = client.update_item(
        TableName=table,
        Key=key,
        AttributeUpdates={
            "n": {"Action": "ADD", "Value": number(2)},
            "s": {"Action": "ADD", "Value": {"SS": ["a"]}},
            "l": {"Action": "ADD", "Value": {"L": [number(1)]}},
            "p": {"Value": text("put")},
        },
        ReturnValues="ALL_NEW",
    )
    assert answer["Attributes"] == {
        **key,
        "n": number(2),
        "s": {"SS": ["a"]},
        "l": {"L": [number(1)]},
        "p": text("put"),
    }
    answer = client.update_item(
        TableName=table,
        Key=key,
        AttributeUpdates={
            "n": {"Action": "ADD", "Value": number("-0.5")},
            "s": {"Action": "DELETE", "Value": {"SS": ["a", "b"]}},
            "l": {"Action": "ADD", "Value": {"L": [text("x")]}},
            "p": {"Action": "DELETE"},
        },
        Expected={"n": {"Value": number("2.0")}},
        ReturnValues="UPDATED_NEW",
    )
    assert answer["Attributes"] == {"n": number("1.5"), "l": {"L": [number(1), text("x")]}}
    gone = {"pk": text("legacy"), "sk": number(1)}
    client.update_item(TableName=table, Key=gone, AttributeUpdates={"p": {"Action": "DELETE"}})
    assert "Item" not in client.get_item(TableName=table, Key=gone)


@pytest.mark.parametrize(
    "expected, holds",
    [
        ({"n": {"ComparisonOperator": "GE", "AttributeValueList": [number(5)]}}, True),
        ({"n": {"ComparisonOperator": "LT", "AttributeValueList": [number(5)]}}, False),
        ({"n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [number(1), number(5)]}}, True),
        ({"n": {"ComparisonOperator": "IN", "AttributeValueList": [number(1), number(5)]}}, True),
        ({"s": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [text("he")]}}, True),
        ({"s": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [text("ll")]}}, True),
        ({"set": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [text("b")]}}, True),
        ({"set": {"ComparisonOperator": "NOT_CONTAINS", "AttributeValueList": [text("c")]}}, True),
        ({"x": {"ComparisonOperator": "NOT_CONTAINS", "AttributeValueList": [text("c")]}}, False),
        ({"x": {"ComparisonOperator": "NE", "AttributeValueList": [text("c")]}}, True),
        ({"x": {"ComparisonOperator": "NULL"}}, True),
        ({"nil": {"ComparisonOperator": "NOT_NULL"}}, True),
        ({"n": {"Value": number("5.0")}, "x": {"Exists": False}}, True),
        ({"n": {"Value": number(6)}, "x": {"Exists": False}}, False),
    ],
)
def test_legacy_conditions(client, table, expected, holds):
    key = {"pk": text("expected"), "sk": number(0)}
    item = {**key, "n": number(5), "s": text("hello"), "set": {"SS": ["a", "b"]}, "nil": {"NULL": True}}
    client.put_item(TableName=table, Item=item)
    try:
        client.put_item(TableName=table, Item=item, Expected=expected)
        held = True
    except client.exceptions.ConditionalCheckFailedException:
        held = False
    assert held == holds


def test_either_of_two_legacy_conditions(client, table):
    item = {"pk": text("or"), "sk": number(0), "n": number(5)}
    client.put_item(TableName=table, Item=item)
    expected = {"n": {"Value": number(9)}, "x": {"Exists": False}}
    client.put_item(TableName=table, Item=item, Expected=expected, ConditionalOperator="OR")
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(TableName=table, Item=item, Expected=expected, ConditionalOperator="AND")


# --- Capacity ----------------------------------------------------------------------------------------


def units(answer):
    return answer["ConsumedCapacity"]["CapacityUnits"]


def test_reads_are_counted_in_steps_of_4096_bytes(client, table):
    # pk (2+1) and sk (2+2) and the name v: 8 bytes beside the text.
    for sort, size in ((1, 4088), (2, 4089), (3, 8184), (4, 8185)):
        client.put_item(
            TableName=table, Item={"pk": text("r"), "sk": number(sort), "v": text("x" * size)}
        )
    for sort, strong in ((1, 1.0), (2, 2.0), (3, 2.0), (4, 3.0)):
        arguments = {
            "TableName": table,
            "Key": {"pk": text("r"), "sk": number(sort)},
            "ReturnConsumedCapacity": "TOTAL",
        }
        assert units(client.get_item(**arguments, ConsistentRead=True)) == strong
        assert units(client.get_item(**arguments)) == strong / 2
    query = client.query(
        TableName=table, ReturnConsumedCapacity="TOTAL", ConsistentRead=True, **partition("r")
    )
    assert units(query) == 7.0  # 24,578 bytes, rounded up once.
    batch = client.batch_get_item(
        RequestItems={
            table: {"Keys": [{"pk": text("r"), "sk": number(sort)} for sort in range(1, 6)]}
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert batch["ConsumedCapacity"][0]["CapacityUnits"] == 4.5  # Each rounded; one is missing.


def test_writes_are_counted_by_the_larger_of_old_and_new(client, table):
    key = {"pk": text("w"), "sk": number(1)}
    arguments = {"TableName": table, "ReturnConsumedCapacity": "TOTAL"}
    large = {**key, "v": text("x" * 1017)}
    assert units(client.put_item(Item=large, **arguments)) == 2.0  # 1,025 bytes.
    assert units(client.put_item(Item=key, **arguments)) == 2.0
    assert units(client.put_item(Item=key, **arguments)) == 1.0
    grown = client.update_item(
        Key=key,
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": text("x" * 3000)},
        **arguments,
    )
    assert units(grown) == 3.0
    assert units(client.delete_item(Key=key, **arguments)) == 3.0
    assert units(client.delete_item(Key=key, **arguments)) == 1.0


# --- Indexes -----------------------------------------------------------------------------------------


@pytest.fixture
def indexed(client, table_name):
    """pk S, sk N; global: by-g (g S, h N), all; keys-g (g S), keys only; local: by-l (l S), names a."""
    client.create_table(
        TableName=table_name,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in (("pk", "S"), ("sk", "N"), ("g", "S"), ("h", "N"), ("l", "S"))
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-g",
                "KeySchema": [
                    {"AttributeName": "g", "KeyType": "HASH"},
                    {"AttributeName": "h", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "keys-g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-l",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "l", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(
        TableName=table_name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )
    yield table_name
    client.delete_table(TableName=table_name)


def by(index, attribute, value, **more):
    return {
        "IndexName": index,
        "KeyConditionExpression": f"{attribute} = :x",
        "ExpressionAttributeValues": {":x": text(value)},
        **more,
    }


def item_of(sort, **attributes):
    return {"pk": text("p"), "sk": number(sort), **attributes}


def test_an_index_holds_the_items_that_have_all_of_its_keys(client, indexed):
    client.put_item(TableName=indexed, Item=item_of(1, g=text("x"), h=number(5), a=text("a")))
    client.put_item(TableName=indexed, Item=item_of(2, g=text("x")))
    client.put_item(TableName=indexed, Item=item_of(3, h=number(5)))
    full = client.query(TableName=indexed, **by("by-g", "g", "x"))
    assert full["Items"] == [item_of(1, g=text("x"), h=number(5), a=text("a"))]
    keys = client.query(TableName=indexed, **by("keys-g", "g", "x"))["Items"]
    assert sorted(sorts_of(keys)) == [1, 2]
    assert all(set(item) == {"pk", "sk", "g"} for item in keys)
    scanned = client.scan(TableName=indexed, IndexName="by-g")
    assert (scanned["Count"], scanned["ScannedCount"]) == (1, 1)


def test_an_entry_follows_its_item(client, indexed):
    key = item_of(1)
    client.put_item(TableName=indexed, Item={**key, "g": text("x"), "h": number(1)})
    client.update_item(
        TableName=indexed,
        Key=key,
        UpdateExpression="SET g = :g, a = :a",
        ExpressionAttributeValues={":g": text("y"), ":a": text("new")},
    )
    assert client.query(TableName=indexed, **by("by-g", "g", "x"))["Items"] == []
    found = client.query(TableName=indexed, **by("by-g", "g", "y"))["Items"]
    assert found == [{**key, "g": text("y"), "h": number(1), "a": text("new")}]
    client.update_item(TableName=indexed, Key=key, UpdateExpression="REMOVE h")
    assert client.query(TableName=indexed, **by("by-g", "g", "y"))["Items"] == []
    client.delete_item(TableName=indexed, Key=key)
    assert client.query(TableName=indexed, **by("keys-g", "g", "y"))["Count"] == 0


def test_pages_of_an_index_whose_entries_are_alike(client, indexed):
    for sort in range(10):
        client.put_item(TableName=indexed, Item=item_of(sort, g=text("same"), h=number(sort % 2)))
    for index in ("by-g", "keys-g"):
        for forward in (True, False):
            seen, start = [], {}
            while True:
                answer = client.query(
                    TableName=indexed,
                    Limit=3,
                    ScanIndexForward=forward,
                    **by(index, "g", "same", **start),
                )
                seen += answer["Items"]
                if "LastEvaluatedKey" not in answer:
                    break
                last = answer["LastEvaluatedKey"]
                assert set(last) == {"pk", "sk", "g"} | ({"h"} if index == "by-g" else set())
                start = {"ExclusiveStartKey": last}
            assert sorted(sorts_of(seen)) == list(range(10)), (index, forward)
            if index == "by-g":
                order = [int(item["h"]["N"]) for item in seen]
                assert order == sorted(order, reverse=not forward)


def test_a_local_index_reaches_back_to_the_table(client, indexed):
    item = item_of(1, l=text("k"), a=text("a"), b=text("b"))
    client.put_item(TableName=indexed, Item=item)
    arguments = {"TableName": indexed, "ReturnConsumedCapacity": "INDEXES"}
    arguments.update(by("by-l", "pk", "p"))
    plain = client.query(**arguments)
    assert plain["Items"] == [{name: item[name] for name in ("pk", "sk", "l", "a")}]
    assert plain["ConsumedCapacity"]["Table"]["CapacityUnits"] == 0.0
    index = plain["ConsumedCapacity"]["LocalSecondaryIndexes"]["by-l"]
    assert index["CapacityUnits"] == 0.5
    fetched = client.query(**arguments, Select="ALL_ATTRIBUTES")
    assert fetched["Items"] == [item]
    assert fetched["ConsumedCapacity"]["CapacityUnits"] == 1.0
    projected = client.query(**arguments, ProjectionExpression="b", ConsistentRead=True)
    assert projected["Items"] == [{"b": text("b")}]


def test_writes_are_counted_on_their_indexes(client, indexed):
    key = item_of(1)
    arguments = {"TableName": indexed, "ReturnConsumedCapacity": "INDEXES"}

    def counted(answer):
        capacity = answer["ConsumedCapacity"]
        parts = {"table": capacity["Table"]["CapacityUnits"]}
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            for name, part in capacity.get(kind, {}).items():
                parts[name] = part["CapacityUnits"]
        assert capacity["CapacityUnits"] == sum(parts.values())
        return parts

    item = {**key, "g": text("x"), "h": number(1)}
    made = counted(client.put_item(Item=item, **arguments))
    assert made == {"table": 1.0, "by-g": 1.0, "keys-g": 1.0}
    assert counted(client.put_item(Item=item, **arguments)) == {"table": 1.0}
    other = counted(client.put_item(Item={**item, "a": text("a")}, **arguments))
    assert other == {"table": 1.0, "by-g": 1.0}
    moved = counted(client.put_item(Item={**item, "g": text("y")}, **arguments))
    assert moved == {"table": 1.0, "by-g": 2.0, "keys-g": 2.0}
    gone = counted(client.delete_item(Key=key, **arguments))
    assert gone == {"table": 1.0, "by-g": 1.0, "keys-g": 1.0}
    local = counted(client.put_item(Item={**key, "l": text("l")}, **arguments))
    assert local == {"table": 1.0, "by-l": 1.0}


def test_a_batch_of_more_than_16_megabytes_comes_in_parts(client, table):
    for start in range(0, 50, 10):
        fill(client, table, "large", range(start, start + 10), v=text("x" * 390_000))
    wanted = {
        table: {
            "Keys": [{"pk": text("large"), "sk": number(sort)} for sort in range(50)],
            "ProjectionExpression": "sk, v",
            "ConsistentRead": True,
        }
    }
    seen, rounds = [], 0
    while wanted:
        answer = client.batch_get_item(RequestItems=wanted)
        items = answer["Responses"][table]
        assert 0 < sum(len(item["v"]["S"]) for item in items) <= 17 << 20
        seen += sorts_of(items)
        wanted, rounds = answer["UnprocessedKeys"], rounds + 1
        if wanted:
            assert wanted[table]["ProjectionExpression"] == "sk, v"
            assert wanted[table]["ConsistentRead"] is True
    assert sorted(seen) == list(range(50)) and rounds == 2


def test_a_transaction_reads_four_megabytes_and_no_more(client, table):
    fill(client, table, "four", range(10), v=text("x" * 390_000))
    fill(client, table, "four", range(10, 20), v=text("x" * 390_000))

    def read(count):
        keys = [{"pk": text("four"), "sk": number(sort)} for sort in range(count)]
        return client.transact_get_items(
            TransactItems=[{"Get": {"TableName": table, "Key": key}} for key in keys]
        )

    assert len(read(10)["Responses"]) == 10
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        read(11)
    assert code_of(caught) == "ValidationException"
    assert "size cannot exceed" in caught.value.response["Error"]["Message"]


def test_a_scan_of_an_index_pages_as_a_table_does(client, indexed):
    for sort in range(23):
        client.put_item(TableName=indexed, Item=item_of(sort, g=text(f"g{sort % 5}"), h=number(0)))
    pages = client.get_paginator("scan").paginate(
        TableName=indexed, IndexName="by-g", PaginationConfig={"PageSize": 4}
    )
    assert sorted(sorts_of([i for page in pages for i in page["Items"]])) == list(range(23))
    found = []
    for segment in range(3):
        answer = client.scan(
            TableName=indexed, IndexName="keys-g", Segment=segment, TotalSegments=3
        )
        found += sorts_of(answer["Items"])
    assert sorted(found) == list(range(23))


def test_a_refused_transaction_leaves_indexes_as_they_were(client, indexed):
    client.put_item(TableName=indexed, Item=item_of(1, g=text("x"), h=number(1)))
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(
            TransactItems=[
                {
                    "Update": {
                        "TableName": indexed,
                        "Key": item_of(1),
                        "UpdateExpression": "SET g = :g",
                        "ExpressionAttributeValues": {":g": text("y")},
                    }
                },
                {"Put": {"TableName": indexed, "Item": item_of(2, g=text("y"), h=number(1))}},
                {
                    "ConditionCheck": {
                        "TableName": indexed,
                        "Key": item_of(3),
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )
    assert client.query(TableName=indexed, **by("by-g", "g", "y"))["Count"] == 0
    assert client.query(TableName=indexed, **by("by-g", "g", "x"))["Count"] == 1
