"""Change streams as SDKs, the command line and consumers see them."""

import collections
import json
import subprocess
import threading
import time
import urllib.request

import botocore.exceptions
import pytest

import stream_worker
from meridian_node import Cluster, Node, aws_path, clean_environment, wait_until

IMAGES = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.fixture(scope="module")
def streams(node):
    return node.client("dynamodbstreams")


def create(client, table, specification=IMAGES):
    made = client.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=specification,
    )["TableDescription"]
    client.get_waiter("table_exists").wait(TableName=table)
    return made["LatestStreamArn"]


def put(client, table, key, value):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "v": {"S": str(value)}})


def shards_of(streams, arn):
    return streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]


def start(streams, arn, shard, kind="TRIM_HORIZON", **more):
    answer = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)
    return answer["ShardIterator"]


def read_all(streams, arn):
    """Every record, shards in the order of their ids: parents come first."""
    records = []
    for shard in shards_of(streams, arn):
        iterator, empty = start(streams, arn, shard["ShardId"]), 0
        while iterator is not None and empty < 2:
            page = streams.get_records(ShardIterator=iterator)
            records += page["Records"]
            empty = 0 if page["Records"] else empty + 1
            iterator = page.get("NextShardIterator")
    return records


def roll(node):
    request = urllib.request.Request(
        f"http://{node.addresses['admin']}/v1/streams/roll", data=b"", method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def code_of(caught):
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_every_kind_of_write_leaves_its_records(client, streams, table_name):
    arn = create(client, table_name)
    put(client, table_name, "a", 1)
    put(client, table_name, "a", 1)
    client.update_item(TableName=table_name, Key={"pk": {"S": "a"}}, UpdateExpression="SET v = :v",
                       ExpressionAttributeValues={":v": {"S": "2"}})
    client.update_item(TableName=table_name, Key={"pk": {"S": "a"}}, UpdateExpression="REMOVE w")
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.delete_item(TableName=table_name, Key={"pk": {"S": "a"}},
                           ConditionExpression="attribute_not_exists(pk)")
    client.delete_item(TableName=table_name, Key={"pk": {"S": "none"}})
    client.batch_write_item(RequestItems={table_name: [
        {"PutRequest": {"Item": {"pk": {"S": "b"}}}}, {"DeleteRequest": {"Key": {"pk": {"S": "a"}}}}]})
    client.transact_write_items(TransactItems=[
        {"Put": {"TableName": table_name, "Item": {"pk": {"S": "c"}}}},
        {"Update": {"TableName": table_name, "Key": {"pk": {"S": "b"}},
                    "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}}])
    client.execute_statement(Statement=f"DELETE FROM \"{table_name}\" WHERE pk = 'c'")
    seen = [(record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"],
             record["dynamodb"].get("OldImage", {}).get("v"), record["dynamodb"].get("NewImage", {}).get("v"))
            for record in read_all(streams, arn)]
    one, two, number = {"S": "1"}, {"S": "2"}, {"N": "1"}
    assert [change for change in seen if change[1] == "a"] == [
        ("INSERT", "a", None, one), ("MODIFY", "a", one, two), ("REMOVE", "a", two, None)]
    assert [change for change in seen if change[1] == "b"] == [
        ("INSERT", "b", None, None), ("MODIFY", "b", None, number)]
    assert [change for change in seen if change[1] == "c"] == [
        ("INSERT", "c", None, None), ("REMOVE", "c", None, None)]
    assert len(seen) == 7


def test_a_stream_comes_and_goes_with_new_names(client, streams, table_name):
    arn = create(client, table_name)
    put(client, table_name, "a", 1)
    client.update_table(TableName=table_name, StreamSpecification={"StreamEnabled": False})
    described = client.describe_table(TableName=table_name)["Table"]
    assert "StreamSpecification" not in described and described["LatestStreamArn"] == arn
    again = client.update_table(
        TableName=table_name,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]
    assert again["TableStatus"] == "UPDATING" and again["LatestStreamArn"] != arn
    put(client, table_name, "b", 1)
    assert [each["StreamArn"] for each in streams.list_streams(TableName=table_name)["Streams"]] == [
        arn, again["LatestStreamArn"]]
    first = streams.list_streams(TableName=table_name, Limit=1)
    assert first["LastEvaluatedStreamArn"] == arn
    rest = streams.list_streams(TableName=table_name, ExclusiveStartStreamArn=arn)
    assert [each["StreamArn"] for each in rest["Streams"]] == [again["LatestStreamArn"]]
    assert "LastEvaluatedStreamArn" not in rest
    client.delete_table(TableName=table_name)
    for old, status, key in ((arn, "DISABLED", "a"), (again["LatestStreamArn"], "DISABLED", "b")):
        assert streams.describe_stream(StreamArn=old)["StreamDescription"]["StreamStatus"] == status
        assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in read_all(streams, old)] == [key]


def test_faults_have_the_service_s_texts(client, streams, table_name):
    arn = create(client, table_name)
    put(client, table_name, "a", 1)
    shard = shards_of(streams, arn)[0]["ShardId"]
    unknown = arn[:-4] + ".000"
    number = read_all(streams, arn)[0]["dynamodb"]["SequenceNumber"]
    faults = [
        (streams.describe_stream, {"StreamArn": unknown}, "ResourceNotFoundException",
         f"Requested resource not found: Stream: {unknown} not found"),
        (streams.get_shard_iterator, {"StreamArn": arn, "ShardId": shard[:-8] + "ffffffff",
                                      "ShardIteratorType": "LATEST"}, "ResourceNotFoundException",
         "Requested resource not found: Shard does not exist"),
        (streams.get_shard_iterator, {"StreamArn": arn, "ShardId": shard, "SequenceNumber": number,
                                      "ShardIteratorType": "LATEST"}, "ValidationException",
         "One or more parameter values were invalid: SequenceNumber should not be passed for this iterator type"),
        (streams.get_shard_iterator, {"StreamArn": arn, "ShardId": shard,
                                      "ShardIteratorType": "AT_SEQUENCE_NUMBER"}, "ValidationException",
         "One or more parameter values were invalid: Invalid SequenceNumber"),
        (streams.get_shard_iterator, {"StreamArn": arn, "ShardId": shard, "SequenceNumber": "9" * 21,
                                      "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}, "ValidationException",
         "Invalid SequenceNumber for the shard"),
        (streams.get_records, {"ShardIterator": start(streams, arn, shard)[:-6] + "AAAAA="},
         "ValidationException", "Invalid ShardIterator"),
        (streams.get_records, {"ShardIterator": start(streams, arn, shard), "Limit": 1001},
         "ValidationException",
         "One or more parameter values were invalid: Limit should be less than or equal to 1000"),
        (client.update_table, {"TableName": table_name, "StreamSpecification": IMAGES},
         "ValidationException", f"Table already has an enabled stream: TableName: {table_name}"),
    ]
    for call, request, code, message in faults:
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            call(**request)
        assert code_of(caught) == (code, message)


def test_a_reader_is_told_at_once_and_an_idle_one_waits(client, streams, table_name):
    arn = create(client, table_name)
    iterator = start(streams, arn, shards_of(streams, arn)[0]["ShardId"], "LATEST")
    began = time.monotonic()
    page = streams.get_records(ShardIterator=iterator)
    assert page["Records"] == [] and time.monotonic() - began >= 0.19
    answers = []
    reader = threading.Thread(target=lambda: answers.append(
        streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]))
    reader.start()
    put(client, table_name, "a", 1)
    reader.join()
    more = streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]
    assert len(more) == 1 and answers[0] in ([], more)


def test_shards_roll_and_children_are_found(node, client, streams, table_name):
    arn = create(client, table_name)
    for number in range(20):
        put(client, table_name, f"k{number % 4}", number)
        if number % 7 == 6:
            roll(node)
    shards = shards_of(streams, arn)
    assert len(shards) == 3 and "ParentShardId" not in shards[0]
    for parent, child in zip(shards, shards[1:]):
        assert child["ParentShardId"] == parent["ShardId"]
        assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    page = streams.describe_stream(StreamArn=arn, Limit=2)["StreamDescription"]
    assert page["LastEvaluatedShardId"] == shards[1]["ShardId"]
    values = [int(record["dynamodb"]["NewImage"]["v"]["S"]) for record in read_all(streams, arn)]
    assert values == list(range(20))


def test_an_operator_sees_streams_and_their_readers(node, client, streams, table_name):
    arn = create(client, table_name)
    for number in range(3):
        put(client, table_name, "a", number)
    assert len(read_all(streams, arn)) == 3
    with urllib.request.urlopen(f"http://{node.addresses['admin']}/v1/streams", timeout=10) as answer:
        shown, = [each for each in json.load(answer)["streams"] if each["arn"] == arn]
    assert (shown["table"], shown["view"], shown["enabled"]) == (table_name, "NEW_AND_OLD_IMAGES", True)
    assert (shown["open_shards"], shown["closed_shards"], shown["records_read"]) == (1, 0, 3)
    with urllib.request.urlopen(f"http://{node.addresses['admin']}/metrics", timeout=10) as answer:
        lines = [line for line in answer.read().decode().splitlines() if f'table="{table_name}"' in line]
    assert any(line.startswith("meridian_stream_records_read_total{") and line.endswith(" 3")
               for line in lines)
    assert any(line.startswith("meridian_stream_iterator_age_seconds{") for line in lines)


def test_iterators_outlive_a_restart(tmp_path):
    node = Node(folder=tmp_path / "data")
    (tmp_path / "data").mkdir()
    with node:
        arn = create(node.client(), "kept")
        streams = node.client("dynamodbstreams")
        iterator = start(streams, arn, shards_of(streams, arn)[0]["ShardId"])
        put(node.client(), "kept", "a", 1)
        node.stop()
        node.start()
        records = node.client("dynamodbstreams").get_records(ShardIterator=iterator)["Records"]
        assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in records] == ["a"]


def test_replicas_have_streams_of_their_own(table_name):
    home, away = "us-east-1", "eu-west-1"
    with Cluster([home, away]) as cluster:
        clients = {region: node.client() for region, node in cluster.nodes.items()}
        clients[home].create_table(
            TableName=table_name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
        clients[home].get_waiter("table_exists").wait(TableName=table_name)
        clients[home].update_table(TableName=table_name,
                                   ReplicaUpdates=[{"Create": {"RegionName": away}}])
        arns = {}

        def ready():
            for region, client in clients.items():
                try:
                    shown = client.describe_table(TableName=table_name)["Table"]
                except client.exceptions.ResourceNotFoundException:
                    return False
                if shown.get("StreamSpecification") != IMAGES or shown["TableStatus"] != "ACTIVE":
                    return False
                arns[region] = shown["LatestStreamArn"]
            return all(each["ReplicaStatus"] == "ACTIVE" for each in
                       clients[home].describe_table(TableName=table_name)["Table"]["Replicas"])
        wait_until(ready)
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            clients[away].update_table(TableName=table_name, StreamSpecification={"StreamEnabled": False})
        assert code_of(caught) == (
            "ValidationException", "One or more parameter values were invalid: "
            "Disabling Stream is not allowed for a Global Table replica.")
        for number in range(10):
            put(clients[home], table_name, f"home{number}", number)
            put(clients[away], table_name, f"away{number}", number)
        wait_until(lambda: all(
            len(client.scan(TableName=table_name)["Items"]) == 20 for client in clients.values()))
        for region, node in cluster.nodes.items():
            streams = node.client("dynamodbstreams")
            wait_until(lambda: len(read_all(streams, arns[region])) == 20)
            records = read_all(streams, arns[region])
            assert {record["awsRegion"] for record in records} == {region}
            assert {record["eventName"] for record in records} == {"INSERT"}
            assert len({record["eventID"] for record in records}) == 20


def test_the_command_line(node, client, table_name):
    arn = create(client, table_name)
    put(client, table_name, "a", 1)
    key_id, secret = node.credentials()

    def aws(*words):
        done = subprocess.run(
            [aws_path(), "dynamodbstreams", *words, "--endpoint-url", node.endpoint, "--output", "json"],
            env=clean_environment(AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret,
                                  AWS_DEFAULT_REGION=node.region),
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert aws("list-streams", "--table-name", table_name)["Streams"][0]["StreamArn"] == arn
    shards = aws("describe-stream", "--stream-arn", arn)["StreamDescription"]["Shards"]
    iterator = aws("get-shard-iterator", "--stream-arn", arn, "--shard-id", shards[0]["ShardId"],
                   "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    records = aws("get-records", "--shard-iterator", iterator)["Records"]
    assert records[0]["dynamodb"]["NewImage"] == {"pk": {"S": "a"}, "v": {"S": "1"}}


def test_two_workers_share_a_stream_and_one_outlives_the_other(table_name):
    """As KCL does it: leases in a table, parents first, a dead worker's leases are taken over."""
    with Node(flags=["--stream-shards", "4"]) as node:
        client, done = node.client(), collections.defaultdict(list)
        lock, by_worker = threading.Lock(), collections.Counter()
        arn = create(client, table_name)
        stream_worker.create_leases(client, "leases")

        def process(worker, shard, record):
            image = record["dynamodb"]["NewImage"]
            with lock:
                done[image["pk"]["S"]].append((int(image["v"]["S"]), shard))
                by_worker[worker.name] += 1

        workers = [stream_worker.Worker(f"w{n}", node, arn, "leases", process) for n in (1, 2)]
        for worker in workers:
            worker.start()
        for number in range(300):
            put(client, table_name, f"k{number % 30}", number)
            if number in (60, 220):
                roll(node)
            if number == 100:
                wait_until(lambda: all(by_worker[worker.name] for worker in workers))
            if number == 150:
                workers[0].die()

        def all_there():
            with lock:
                return all({value for value, _ in done[f"k{k}"]} == set(range(k, 300, 30))
                           for k in range(30))
        wait_until(all_there, 30)
        workers[1].die()
        assert [worker.failure for worker in workers] == [None, None]
        for values in done.values():
            firsts = list(dict.fromkeys(value for value, _ in values))
            assert firsts == sorted(firsts), "each key's changes in order, whoever read them"
        shards = {shard["ShardId"]: shard.get("ParentShardId") for shard in shards_of(
            node.client("dynamodbstreams"), arn)}
        assert len(shards) == 12 and sum(parent is not None for parent in shards.values()) == 8
