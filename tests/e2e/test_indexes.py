"""Secondary indexes through boto3: what they hold, how they are read, how they come and go."""

import threading
import urllib.request

import botocore.exceptions
import pytest

from meridian_node import Node, wait_until


def refused(code, message, call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


def key_schema(*names):
    """HASH attributes, then after None RANGE ones; without None the last of two is the RANGE one."""
    if None not in names:
        names = names if len(names) == 1 else (names[0], None, *names[1:])
    split = names.index(None) if None in names else len(names)
    return [{"AttributeName": name, "KeyType": "HASH"} for name in names[:split]] + [
        {"AttributeName": name, "KeyType": "RANGE"} for name in names[split + 1 :]
    ]


def index(name, schema, projection="ALL", non_key=None):
    made = {"ProjectionType": projection}
    if non_key:
        made["NonKeyAttributes"] = non_key
    return {"IndexName": name, "KeySchema": schema, "Projection": made}


TYPES = {"pk": "S", "sk": "N", "g": "S", "n": "N", "t": "S", "u": "S"}


def definitions(*names):
    return [{"AttributeName": name, "AttributeType": TYPES[name]} for name in names]


@pytest.fixture
def indexed(client, table_name):
    client.create_table(
        TableName=table_name,
        AttributeDefinitions=definitions("pk", "sk", "g", "n", "t", "u"),
        KeySchema=key_schema("pk", "sk"),
        BillingMode="PAY_PER_REQUEST",
        LocalSecondaryIndexes=[
            index("by-n", key_schema("pk", "n"), "INCLUDE", ["a"]),
            index("by-t", key_schema("pk", "t"), "KEYS_ONLY"),
        ],
        GlobalSecondaryIndexes=[
            index("by-g", key_schema("g")),
            index("by-gn", key_schema("g", "n"), "KEYS_ONLY"),
            index("by-many", key_schema("g", "t", None, "n", "u"), "INCLUDE", ["a"]),
        ],
    )
    client.get_waiter("table_exists").wait(
        TableName=table_name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )
    yield table_name
    client.delete_table(TableName=table_name)


def item(pk, sk, **more):
    made = {"pk": {"S": pk}, "sk": {"N": str(sk)}}
    for name, value in more.items():
        made[name] = {"N": str(value)} if isinstance(value, int) else {"S": value}
    return made


def put(client, table, *items):
    for each in items:
        client.put_item(TableName=table, Item=each)


def sorts(items):
    return [int(each["sk"]["N"]) for each in items]


def pages(call, limit, **arguments):
    """All items, page by page; every LastEvaluatedKey is taken as the next start."""
    found = []
    while True:
        page = call(Limit=limit, **arguments)
        assert page["ScannedCount"] <= limit
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            return found
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


@pytest.mark.parametrize("name,where,value", [
    ("by-n", "pk", "p"), ("by-gn", "g", "x"),
])
def test_queries_page_in_both_directions(client, indexed, name, where, value):
    order = [7, 3, 9, 1, 5, 1, 7]
    put(client, indexed, *(item("p", sk, g="x", n=n) for sk, n in enumerate(order)))
    put(client, indexed, item("q", 0, g="y", n=0), item("p", 99, g="x"))
    wanted = [sk for _, sk in sorted((n, sk) for sk, n in enumerate(order))]
    for limit in (1, 2, 3, 7, 8):
        for forward in (True, False):
            found = pages(
                client.query, limit, TableName=indexed, IndexName=name,
                KeyConditionExpression="#k = :v", ExpressionAttributeNames={"#k": where},
                ExpressionAttributeValues={":v": {"S": value}}, ScanIndexForward=forward,
            )
            assert sorts(found) == (wanted if forward else wanted[::-1])
    between = client.query(
        TableName=indexed, IndexName=name, KeyConditionExpression="#k = :v AND n BETWEEN :a AND :b",
        ExpressionAttributeNames={"#k": where},
        ExpressionAttributeValues={":v": {"S": value}, ":a": {"N": "3"}, ":b": {"N": "7"}},
    )
    assert sorts(between["Items"]) == [1, 4, 0, 6]


def test_last_evaluated_keys_hold_the_keys_of_table_and_index(client, indexed):
    put(client, indexed, item("p", 1, g="x", n=1, t="t", u="u"))
    for name, keys in (("by-g", "pk sk g"), ("by-n", "pk sk n"), ("by-many", "pk sk g t n u")):
        page = client.scan(TableName=indexed, IndexName=name, Limit=1)
        assert sorted(page["LastEvaluatedKey"]) == sorted(keys.split())
    refused(
        "ValidationException",
        "The provided starting key is invalid: The provided key element does not match the schema",
        client.scan, TableName=indexed, IndexName="by-g", ExclusiveStartKey=item("p", 1),
    )


def test_an_index_is_sparse_and_follows_its_table(client, indexed):
    def in_index(name):
        return sorted(sorts(client.scan(TableName=indexed, IndexName=name)["Items"]))

    put(client, indexed, item("p", 1, g="x"), item("p", 2, g="x", n=2), item("p", 3))
    assert (in_index("by-g"), in_index("by-gn"), in_index("by-n")) == ([1, 2], [2], [2])
    client.update_item(
        TableName=indexed, Key=item("p", 2), UpdateExpression="REMOVE g"
    )
    client.update_item(
        TableName=indexed, Key=item("p", 3), UpdateExpression="SET g = :g",
        ExpressionAttributeValues={":g": {"S": "x"}},
    )
    assert (in_index("by-g"), in_index("by-gn"), in_index("by-n")) == ([1, 3], [], [2])
    client.delete_item(TableName=indexed, Key=item("p", 1))
    client.batch_write_item(
        RequestItems={indexed: [{"PutRequest": {"Item": item("p", 4, g="x", n=1)}},
                                {"DeleteRequest": {"Key": item("p", 3)}}]}
    )
    assert (in_index("by-g"), in_index("by-gn"), in_index("by-n")) == ([4], [4], [2, 4])
    segments = [
        client.scan(TableName=indexed, IndexName="by-g", Segment=at, TotalSegments=3)["Count"]
        for at in range(3)
    ]
    assert sum(segments) == 1


def test_projections_and_what_a_local_index_fetches(client, indexed):
    whole = item("p", 1, g="x", n=1, t="t", u="u", a="aa", z="zz")
    put(client, indexed, whole)

    def names(name, **more):
        found = client.query(
            TableName=indexed, IndexName=name, KeyConditionExpression="#k = :v",
            ExpressionAttributeNames={"#k": "pk" if name in ("by-n", "by-t") else "g"},
            ExpressionAttributeValues={":v": {"S": "p" if name in ("by-n", "by-t") else "x"}},
            **more,
        )["Items"]
        assert len(found) == 1
        return " ".join(sorted(found[0]))

    assert names("by-g") == "a g n pk sk t u z"
    assert names("by-gn") == "g n pk sk"
    assert names("by-n") == "a n pk sk"
    assert names("by-t") == "pk sk t"
    assert names("by-t", Select="ALL_ATTRIBUTES") == "a g n pk sk t u z"
    assert names("by-t", ProjectionExpression="z, pk") == "pk z"
    refused(
        "ValidationException",
        "One or more parameter values were invalid: Global secondary index by-gn does not project "
        "[z]",
        names, name="by-gn", ProjectionExpression="z",
    )


def test_an_index_of_several_attributes(client, indexed):
    put(client, indexed, *(
        item("p", 10 * n + u, g="x", t="y", n=n, u="abc"[u]) for n in range(3) for u in range(3)
    ))
    put(client, indexed, item("p", 99, g="x", t="other", n=1, u="a"))

    def query(condition, **values):
        return sorts(client.query(
            TableName=indexed, IndexName="by-many", KeyConditionExpression=condition,
            ExpressionAttributeValues={
                ":" + name: {"N": str(value)} if isinstance(value, int) else {"S": value}
                for name, value in values.items()
            },
        )["Items"])

    assert query("g = :g AND t = :t", g="x", t="y") == [0, 1, 2, 10, 11, 12, 20, 21, 22]
    assert query("g = :g AND t = :t AND n > :n", g="x", t="y", n=1) == [20, 21, 22]
    assert query("g = :g AND t = :t AND n = :n", g="x", t="y", n=1) == [10, 11, 12]
    assert query("g = :g AND t = :t AND n = :n AND u > :u", g="x", t="y", n=1, u="a") == [11, 12]
    refused(
        "ValidationException",
        "RANGE key attributes n must have equality conditions specified in the query because a "
        "condition is present on key attribute u",
        query, condition="g = :g AND t = :t AND u = :u", g="x", t="y", u="a",
    )


def test_index_keys_are_checked_when_items_are_written(client, indexed):
    refused(
        "ValidationException",
        "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S "
        "Actual: N IndexName: by-g",
        client.put_item, TableName=indexed, Item=item("p", 1, g=1),
    )
    refused(
        "ValidationException",
        "One or more parameter values are not valid. A value specified for a secondary index key "
        "is not supported. The AttributeValue for a key attribute cannot contain an empty string "
        "value. IndexName: by-g, IndexKey: g",
        client.put_item, TableName=indexed, Item=item("p", 1, g=""),
    )
    refused(
        "ValidationException",
        "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S "
        "Actual: N IndexName: by-g",
        client.update_item, TableName=indexed, Key=item("p", 1), UpdateExpression="SET g = :g",
        ExpressionAttributeValues={":g": {"N": "1"}},
    )
    assert client.scan(TableName=indexed)["Count"] == 0


def test_capacity_names_the_indexes_that_took_part(client, indexed):
    def write(what, **arguments):
        used = getattr(client, what)(
            TableName=indexed, ReturnConsumedCapacity="INDEXES", **arguments
        )["ConsumedCapacity"]
        shown = {"table": used["Table"]["CapacityUnits"], "all": used["CapacityUnits"]}
        for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
            for name, units in used.get(kind, {}).items():
                shown[name] = units["CapacityUnits"]
        return shown

    assert write("put_item", Item=item("p", 1, g="x", n=1)) == {
        "table": 1, "by-n": 1, "by-g": 1, "by-gn": 1, "all": 4,
    }
    assert write("put_item", Item=item("p", 1, g="x", n=1, z="z")) == {
        "table": 1, "by-g": 1, "all": 2,  # Only ALL projects it.
    }
    assert write("put_item", Item=item("p", 1, g="y", n=1, z="z")) == {
        "table": 1, "by-g": 2, "by-gn": 2, "all": 5,
    }
    assert write("put_item", Item=item("p", 1, g="y", n=1, z="z")) == {"table": 1, "all": 1}
    read = client.query(
        TableName=indexed, IndexName="by-g", KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": {"S": "y"}}, ReturnConsumedCapacity="INDEXES",
    )["ConsumedCapacity"]
    assert read["GlobalSecondaryIndexes"] == {"by-g": {"CapacityUnits": 0.5}}
    assert (read["Table"]["CapacityUnits"], read["CapacityUnits"]) == (0, 0.5)
    fetched = client.query(
        TableName=indexed, IndexName="by-n", KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "p"}}, Select="ALL_ATTRIBUTES",
        ConsistentRead=True, ReturnConsumedCapacity="INDEXES",
    )["ConsumedCapacity"]
    assert fetched["Table"]["CapacityUnits"] == 1  # One item, fetched.
    assert fetched["LocalSecondaryIndexes"] == {"by-n": {"CapacityUnits": 1}}
    assert write("delete_item", Key=item("p", 1)) == {
        "table": 1, "by-n": 1, "by-g": 1, "by-gn": 1, "all": 4,
    }


# --- Indexes that come and go ---------------------------------------------------------------------


def described(client, table):
    return client.describe_table(TableName=table)["Table"]


def status(client, table, name):
    for each in described(client, table).get("GlobalSecondaryIndexes", []):
        if each["IndexName"] == name:
            return each["IndexStatus"]
    return None


def create_index(client, table):
    return client.update_table(
        TableName=table,
        AttributeDefinitions=definitions("g", "n"),
        GlobalSecondaryIndexUpdates=[{"Create": index("late", key_schema("g", "n"), "KEYS_ONLY")}],
    )["TableDescription"]


def late(client, table):
    return pages(client.scan, 100, TableName=table, IndexName="late")


def test_an_index_is_added_to_and_taken_from_a_live_table(client, table):
    count = 300
    for at in range(0, count, 25):
        client.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": item("p", sk, n=sk, **({"g": "x"} if sk % 3 else {"g": 7}))}}
            for sk in range(at, at + 25)
        ]})
    wanted = {sk for sk in range(count) if sk % 3}
    stop = threading.Event()
    written = set()

    def write():
        sk = count
        while not stop.is_set():
            put(client, table, item("p", sk, g="x", n=sk))
            written.add(sk)
            sk += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        shown = create_index(client, table)
        assert shown["TableStatus"] == "UPDATING"
        assert shown["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
        assert shown["GlobalSecondaryIndexes"][0]["Backfilling"] is False
        wait_until(lambda: status(client, table, "late") == "ACTIVE")
    finally:
        stop.set()
        writer.join()
    assert described(client, table)["TableStatus"] == "ACTIVE"
    assert set(sorts(late(client, table))) == wanted | written
    put(client, table, item("q", 1, g="y", n=5))
    assert len(late(client, table)) == len(wanted | written) + 1
    assert described(client, table)["GlobalSecondaryIndexes"][0]["ItemCount"] == (
        len(wanted | written) + 1
    )

    client.update_table(
        TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "late"}}]
    )
    wait_until(lambda: status(client, table, "late") is None)
    refused(
        "ValidationException", "The table does not have the specified index: late",
        client.scan, TableName=table, IndexName="late",
    )
    assert sorted(
        each["AttributeName"] for each in described(client, table)["AttributeDefinitions"]
    ) == ["pk", "sk"]
    create_index(client, table)  # The name is free again.
    wait_until(lambda: status(client, table, "late") == "ACTIVE")
    assert len(late(client, table)) == len(wanted | written) + 1


def test_a_backfill_goes_on_after_a_kill():
    with Node() as node:
        client = node.client()
        client.create_table(
            TableName="killed", AttributeDefinitions=definitions("pk", "sk"),
            KeySchema=key_schema("pk", "sk"), BillingMode="PAY_PER_REQUEST",
        )
        count = 500
        for at in range(0, count, 25):
            client.batch_write_item(RequestItems={"killed": [
                {"PutRequest": {"Item": item(f"p{sk % 7}", sk, g="x", n=sk)}}
                for sk in range(at, at + 25)
            ]})
        create_index(client, "killed")
        node.stop(9)
        node.start()
        client = node.client()
        wait_until(lambda: status(client, "killed", "late") == "ACTIVE")
        assert set(sorts(late(client, "killed"))) == set(range(count))


def test_metrics_show_how_far_a_new_index_is():
    with Node() as node:
        client = node.client()
        client.create_table(
            TableName="shown", AttributeDefinitions=definitions("pk", "sk"),
            KeySchema=key_schema("pk", "sk"), BillingMode="PAY_PER_REQUEST",
        )
        for at in range(0, 2000, 25):
            put(client, "shown", *[item(f"p{sk}", sk, g="x", n=sk) for sk in range(at, at + 25)])

        def ratios():
            with urllib.request.urlopen(f"http://{node.addresses['admin']}/metrics") as answer:
                lines = answer.read().decode().splitlines()
            start = 'meridian_index_backfill_ratio{table="shown",index="late"} '
            return [float(line[len(start):]) for line in lines if line.startswith(start)]

        def seen_while_made():
            create_index(client, "shown")
            seen = ratios()
            wait_until(lambda: status(client, "shown", "late") == "ACTIVE")
            client.update_table(TableName="shown", GlobalSecondaryIndexUpdates=[
                {"Delete": {"IndexName": "late"}}])
            wait_until(lambda: status(client, "shown", "late") is None)
            return all(0 <= ratio < 1 for ratio in seen) and len(seen) == 1

        wait_until(seen_while_made)
        assert ratios() == []
