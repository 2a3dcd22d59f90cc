"""boto3, unmodified and with real signatures, does every operation that is served."""

import boto3.dynamodb.conditions as conditions
import botocore.exceptions
import pytest


def refused(code, call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    assert response["Error"]["Code"] == code, response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return response


def key(partition, sort):
    return {"pk": {"S": partition}, "sk": {"N": str(sort)}}


def test_tables_live_from_create_to_delete(client, node, table_name):
    made = client.create_table(
        TableName=table_name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
    )["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    assert made["TableArn"].startswith(f"arn:aws:dynamodb:{node.region}:")
    client.get_waiter("table_exists").wait(TableName=table_name)
    shown = client.describe_table(TableName=table_name)["Table"]
    assert shown["TableStatus"] == "ACTIVE"
    assert shown["TableId"] == made["TableId"]
    assert shown["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    assert client.describe_table(TableName=made["TableArn"])["Table"] == shown
    assert table_name in client.list_tables()["TableNames"]
    refused(
        "ResourceInUseException",
        client.create_table,
        TableName=table_name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    gone = client.delete_table(TableName=table_name)["TableDescription"]
    assert gone["TableStatus"] == "DELETING"
    client.get_waiter("table_not_exists").wait(TableName=table_name)
    response = refused(
        "ResourceNotFoundException", client.describe_table, TableName=table_name
    )
    assert response["Error"]["Message"] == (
        f"Requested resource not found: Table: {table_name} not found"
    )


def test_list_tables_pages(client, table, table_name):
    names = []
    for page in client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1}):
        assert len(page["TableNames"]) <= 1
        names += page["TableNames"]
    assert table in names and names == sorted(names)


def test_update_table_changes_billing_and_throughput(client, table):
    client.update_table(
        TableName=table,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
    )
    shown = client.describe_table(TableName=table)["Table"]
    assert shown["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert shown["ProvisionedThroughput"]["WriteCapacityUnits"] == 2
    units = {"ReadCapacityUnits": 9, "WriteCapacityUnits": 8}
    changed = client.update_table(TableName=table, ProvisionedThroughput=units)
    assert changed["TableDescription"]["TableStatus"] == "UPDATING"
    assert changed["TableDescription"]["ProvisionedThroughput"]["WriteCapacityUnits"] == 2
    response = refused(
        "ValidationException", client.update_table, TableName=table, ProvisionedThroughput=units
    )
    assert "will not change" in response["Error"]["Message"]


def test_update_table_refuses_a_region_that_is_not_there(client, table):
    response = refused(
        "ValidationException",
        client.update_table,
        TableName=table,
        ReplicaUpdates=[{"Create": {"RegionName": "mars-north-1"}}],
    )
    assert response["Error"]["Message"].startswith("Region mars-north-1 is not supported.")


def test_items_of_every_type_come_back_as_they_were(client, table):
    item = {
        **key("a", 1),
        "s": {"S": "Grüße, 世界 \U0001f30d \"quoted\" \\ \n\t\u0001"},
        "n": {"N": "-1234567890.0987654321"},
        "b": {"B": bytes(range(256))},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["-1", "0", "7.5"]},
        "bs": {"BS": [b"\x00", b"\x01\x02"]},
        "l": {"L": [{"S": ""}, {"L": []}, {"M": {}}]},
        "m": {"M": {"inner": {"M": {"deep": {"BOOL": False}}}, "nothing": {"NULL": True}}},
        "t": {"BOOL": True},
    }
    assert "Attributes" not in client.put_item(TableName=table, Item=item)
    found = client.get_item(TableName=table, Key=key("a", 1), ConsistentRead=True)["Item"]
    for name in ("ss", "ns", "bs"):
        kind = name.upper()
        assert sorted(found[name][kind]) == sorted(item[name][kind])
        found[name] = item[name]
    assert found == item
    assert "Item" not in client.get_item(TableName=table, Key=key("a", 2))


def test_update_delete_and_conditions(client, table):
    for expected in ("1", "2", "3"):
        answer = client.update_item(
            TableName=table,
            Key=key("counter", 0),
            UpdateExpression="ADD #n :one",
            ExpressionAttributeNames={"#n": "count"},
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
            ReturnConsumedCapacity="TOTAL",
        )
        assert answer["Attributes"] == {"count": {"N": expected}}
        assert answer["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 1.0}
    refused(
        "ConditionalCheckFailedException",
        client.put_item,
        TableName=table,
        Item=key("counter", 0),
        ConditionExpression="attribute_not_exists(pk)",
    )
    refused(
        "ConditionalCheckFailedException",
        client.delete_item,
        TableName=table,
        Key=key("counter", 0),
        ConditionExpression="#n > :n",
        ExpressionAttributeNames={"#n": "count"},
        ExpressionAttributeValues={":n": {"N": "3"}},
    )
    answer = client.delete_item(TableName=table, Key=key("counter", 0), ReturnValues="ALL_OLD")
    assert answer["Attributes"]["count"] == {"N": "3"}


def test_query_pages_in_both_directions(client, table):
    for sort in range(10):
        client.put_item(TableName=table, Item={**key("a", sort), "v": {"N": str(sort % 3)}})
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :p AND sk BETWEEN :low AND :high",
        ExpressionAttributeValues={":p": {"S": "a"}, ":low": {"N": "2"}, ":high": {"N": "8"}},
        ScanIndexForward=False,
        PaginationConfig={"PageSize": 3},
    )
    sorts = [int(item["sk"]["N"]) for page in pages for item in page["Items"]]
    assert sorts == [8, 7, 6, 5, 4, 3, 2]
    answer = client.query(
        TableName=table,
        KeyConditionExpression="pk = :p",
        FilterExpression="v = :v",
        ExpressionAttributeValues={":p": {"S": "a"}, ":v": {"N": "0"}},
        Select="COUNT",
    )
    assert (answer["Count"], answer["ScannedCount"]) == (4, 10)


def test_scan_reads_all_segments(client, table):
    with_keys = {f"p{i}" for i in range(40)}
    for partition in with_keys:
        client.put_item(TableName=table, Item=key(partition, 0))
    found = []
    for segment in range(4):
        for page in client.get_paginator("scan").paginate(
            TableName=table, Segment=segment, TotalSegments=4, PaginationConfig={"PageSize": 7}
        ):
            found += [item["pk"]["S"] for item in page["Items"]]
    assert sorted(found) == sorted(with_keys)


def test_batches_write_and_read(client, table):
    answer = client.batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": key("b", i)}} for i in range(25)]}
    )
    assert answer["UnprocessedItems"] == {}
    client.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key("b", 3)}}]})
    answer = client.batch_get_item(
        RequestItems={table: {"Keys": [key("b", i) for i in range(30)], "ConsistentRead": True}},
        ReturnConsumedCapacity="TOTAL",
    )
    assert len(answer["Responses"][table]) == 24
    assert answer["UnprocessedKeys"] == {}
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 30.0}]


def test_a_batch_that_prints_much_larger_than_it_is_comes_in_parts(client, table):
    # Four bytes of item each, 129 of JSON: five such items are 45 MB to print.
    wide = {"L": [{"N": "1e125"}] * 70_000}
    for number in range(5):
        client.put_item(TableName=table, Item={**key("wide", number), "wide": wide})
    wanted, seen, rounds = {table: {"Keys": [key("wide", i) for i in range(5)]}}, set(), 0
    while wanted:
        answer = client.batch_get_item(RequestItems=wanted)
        seen |= {item["sk"]["N"] for item in answer["Responses"][table]}
        wanted, rounds = answer["UnprocessedKeys"], rounds + 1
        assert rounds < 5
    assert seen == {"0", "1", "2", "3", "4"}
    assert rounds == 2


def test_the_resource_layer_works_too(node, table):
    key_id, secret = node.credentials()
    import boto3

    resource = boto3.session.Session().resource(
        "dynamodb",
        region_name=node.region,
        endpoint_url=node.endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )
    handle = resource.Table(table)
    with handle.batch_writer() as batch:
        for number in range(60):
            batch.put_item({"pk": "w", "sk": number, "tags": {"x", "y"}})
    found = handle.query(
        KeyConditionExpression=conditions.Key("pk").eq("w") & conditions.Key("sk").lt(10),
        FilterExpression=conditions.Attr("tags").contains("x"),
    )
    assert [int(item["sk"]) for item in found["Items"]] == list(range(10))


def test_questions_of_tools_have_honest_answers(client, node, table):
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == []
    assert client.describe_time_to_live(TableName=table)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "DISABLED"
    }
    backups = client.describe_continuous_backups(TableName=table)
    assert backups["ContinuousBackupsDescription"] == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    assert client.describe_limits()["TableMaxReadCapacityUnits"] == 40000
    endpoints = client.describe_endpoints()["Endpoints"]
    assert endpoints == [{"Address": node.addresses["http"], "CachePeriodInMinutes": 1440}]


def test_what_is_not_there_yet_says_so(client, table):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client.update_continuous_backups(
            TableName=table,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    assert caught.value.response["Error"]["Code"] == "NotImplementedException"


def test_wrong_values_get_the_services_texts(client, table):
    response = refused(
        "ValidationException",
        client.put_item,
        TableName=table,
        Item={"pk": {"S": "a"}, "sk": {"S": "1"}},
    )
    assert response["Error"]["Message"] == (
        "One or more parameter values were invalid: "
        "Type mismatch for key sk expected: N actual: S"
    )
    response = refused(
        "ValidationException",
        client.put_item,
        TableName=table,
        Item={**key("a", 1), "n": {"N": "1" * 39}},
    )
    assert response["Error"]["Message"] == (
        "Attempting to store more than 38 significant digits in a Number"
    )
    response = refused(
        "ResourceNotFoundException", client.get_item, TableName="nowhere", Key=key("a", 1)
    )
    assert response["Error"]["Message"] == "Requested resource not found"
