"""What a key's policy and a table's policy allow and deny, with keys made by `meridian keys`: seen through
a signer of our own, because Debian's boto3 does not know resource policies yet, and through boto3 where
it does. The node is restarted at the end: keys and policies are still there."""

import http.client
import json
import subprocess

import botocore.exceptions
import pytest

import signing
from meridian_node import Node, binary, clean_environment

ACCOUNT = "000000000000"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/"
USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/"


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(answer)
        self.code = answer["__type"].rpartition("#")[2]
        self.message = answer.get("message", answer.get("Message"))


class User:
    """One key's calls: get_item(TableName=…, …) and so on."""

    def __init__(self, node, key_id, secret):
        self.node, self.key_id, self.secret = node, key_id, secret

    def __getattr__(self, name):
        operation = "".join(part.capitalize() for part in name.split("_"))

        def call(**members):
            made = signing.Request(self.node, operation, json.dumps(members))
            made.key_id, made.secret = self.key_id, self.secret
            answer = made.sign().send()
            parsed = json.loads(answer.bytes) if answer.bytes else {}
            if answer.status != 200:
                raise Refused(parsed)
            return parsed

        return call


class Keys:
    """`meridian keys` against one node."""

    def __init__(self, node):
        self.node = node

    def run(self, *arguments, status=0, text=None):
        done = subprocess.run(
            [binary("meridian"), "keys", *arguments, "--admin", self.node.addresses["admin"]],
            env=clean_environment(),
            input=text,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    def add(self, user, *statements):
        arguments = ["add", "--user", user, "-o", "json"]
        text = None
        if statements:
            arguments += ["--policy", "-"]
            text = policy(*statements)
        return json.loads(self.run(*arguments, text=text))

    def client(self, user, *statements):
        return self.client_of(self.add(user, *statements))

    def client_of(self, made):
        return User(self.node, made["id"], made["secret"])


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, *resources, **conditions):
    made = {"Effect": "Allow", "Action": actions, "Resource": list(resources) or "*"}
    if conditions:
        made["Condition"] = conditions["when"]
    return made


def deny(actions, *resources, **conditions):
    return {**allow(actions, *resources, **conditions), "Effect": "Deny"}


def about(principal, statement):
    return {**statement, "Principal": principal}


def refused(code, call, **members):
    with pytest.raises(Refused) as raised:
        call(**members)
    assert raised.value.code == code, raised.value
    return raised.value.message


def denied(call, **members):
    return refused("AccessDeniedException", call, **members)


def unallowed(user, action, resource):
    return (
        f"User: {USER_ARN}{user} is not authorized to perform: dynamodb:{action} on resource: "
        f"{resource} because no identity-based policy allows the dynamodb:{action} action"
    )


@pytest.fixture(scope="module")
def keys(node):
    return Keys(node)


@pytest.fixture(scope="module")
def root(node):
    return User(node, *node.credentials())


@pytest.fixture
def books(client, table_name):
    """author S, title S, with an index by year, and three books."""
    client.create_table(
        TableName=table_name,
        AttributeDefinitions=[
            {"AttributeName": "author", "AttributeType": "S"},
            {"AttributeName": "title", "AttributeType": "S"},
            {"AttributeName": "year", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "author", "KeyType": "HASH"},
            {"AttributeName": "title", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-year",
                "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(
        TableName=table_name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )
    for author, title, year in (("ann", "one", 1), ("ann", "two", 2), ("bob", "one", 1)):
        client.put_item(
            TableName=table_name,
            Item={
                "author": {"S": author},
                "title": {"S": title},
                "year": {"N": str(year)},
                "secret": {"S": "s"},
            },
        )
    yield table_name
    client.delete_table(TableName=table_name)


def key(author, title="one"):
    return {"author": {"S": author}, "title": {"S": title}}


def test_a_key_without_a_policy_may_do_everything(keys, books):
    free = keys.client("free")
    assert free.get_item(TableName=books, Key=key("ann"))["Item"]["secret"] == {"S": "s"}
    assert books in free.list_tables()["TableNames"]


def test_actions_and_tables_are_told_apart(keys, books):
    reader = keys.client(
        "reader",
        allow(["dynamodb:GetItem", "dynamodb:Query"], TABLE_ARN + books),
    )
    arn = TABLE_ARN + books
    assert "Item" in reader.get_item(TableName=books, Key=key("ann"))
    assert "Item" in reader.get_item(TableName=arn, Key=key("ann"))
    item = {**key("x"), "year": {"N": "7"}}
    assert denied(reader.put_item, TableName=books, Item=item) == unallowed(
        "reader", "PutItem", arn
    )
    assert denied(reader.delete_item, TableName=books, Key=key("ann")) == unallowed(
        "reader", "DeleteItem", arn
    )
    assert denied(reader.scan, TableName=books) == unallowed("reader", "Scan", arn)
    assert denied(reader.describe_table, TableName=books) == unallowed(
        "reader", "DescribeTable", arn
    )
    assert denied(reader.list_tables) == unallowed("reader", "ListTables", TABLE_ARN + "*")
    assert denied(reader.describe_limits) == unallowed("reader", "DescribeLimits", "*")
    assert denied(reader.batch_get_item, RequestItems={books: {"Keys": [key("ann")]}}) == unallowed(
        "reader", "BatchGetItem", arn
    )
    assert denied(
        reader.execute_statement, Statement=f"SELECT * FROM \"{books}\" WHERE author='ann'"
    ) == unallowed("reader", "PartiQLSelect", arn)
    assert denied(
        reader.create_table,
        TableName="other",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    ) == unallowed("reader", "CreateTable", TABLE_ARN + "other")


def test_a_denial_comes_before_the_look_at_the_table_and_after_the_operations_own_checks(
    keys, books
):
    reader = keys.client("reader", allow("dynamodb:GetItem", TABLE_ARN + books))
    none = TABLE_ARN + "none-such"
    assert denied(reader.get_item, TableName="none-such", Key=key("a")) == unallowed(
        "reader", "GetItem", none
    )
    # A key that does not fit the schema is found with the table: behind the denial.
    denied(reader.delete_item, TableName=books, Key={"wrong": {"S": "x"}})
    message = refused(
        "ValidationException",
        reader.delete_item,
        TableName=books,
        Key=key("ann"),
        ConditionExpression="a b",
    )
    assert message.startswith("Invalid ConditionExpression: Syntax error")
    refused("ValidationException", reader.get_item, TableName=books, Key={"wrong": {"S": "x"}})


def test_an_index_is_a_resource_of_its_own(keys, books):
    arn = TABLE_ARN + books
    query = {
        "TableName": books,
        "KeyConditionExpression": "#y = :y",
        "ExpressionAttributeNames": {"#y": "year"},
        "ExpressionAttributeValues": {":y": {"N": "1"}},
        "IndexName": "by-year",
    }
    of_index = keys.client("indexer", allow("dynamodb:*", arn + "/index/*"))
    assert of_index.query(**query)["Count"] == 2
    assert denied(of_index.get_item, TableName=books, Key=key("ann")) == unallowed(
        "indexer", "GetItem", arn
    )
    of_table = keys.client("tabler", allow("dynamodb:*", arn))
    assert denied(of_table.query, **query) == unallowed("tabler", "Query", arn + "/index/by-year")
    assert denied(
        of_table.execute_statement, Statement=f'SELECT * FROM "{books}"."by-year" WHERE "year"=1'
    ) == unallowed("tabler", "PartiQLSelect", arn + "/index/by-year")


def test_leading_keys_hold_a_user_to_his_own_items(keys, books):
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    actions = [
        "dynamodb:" + name
        for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem")
    ] + ["dynamodb:BatchWriteItem", "dynamodb:PartiQL*"]
    ann = keys.client("ann", allow(actions, TABLE_ARN + books, when=own))
    assert "Item" in ann.get_item(TableName=books, Key=key("ann"))
    assert denied(ann.get_item, TableName=books, Key=key("bob")) == unallowed(
        "ann", "GetItem", TABLE_ARN + books
    )
    ann.put_item(TableName=books, Item={**key("ann", "three"), "year": {"N": "3"}})
    denied(ann.put_item, TableName=books, Item={**key("bob", "three"), "year": {"N": "3"}})
    change = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": "y"}}}
    ann.update_item(TableName=books, Key=key("ann"), **change)
    denied(ann.update_item, TableName=books, Key=key("bob"), **change)
    denied(ann.delete_item, TableName=books, Key=key("bob"))
    query = {"TableName": books, "KeyConditionExpression": "author = :a"}
    assert ann.query(**query, ExpressionAttributeValues={":a": {"S": "ann"}})["Count"] == 3
    denied(ann.query, **query, ExpressionAttributeValues={":a": {"S": "bob"}})
    mine = {books: {"Keys": [key("ann"), key("ann", "two")]}}
    assert len(ann.batch_get_item(RequestItems=mine)["Responses"][books]) == 2
    denied(ann.batch_get_item, RequestItems={books: {"Keys": [key("ann"), key("bob")]}})
    puts = [{"PutRequest": {"Item": {**key(who), "year": {"N": "1"}}}} for who in ("ann", "bob")]
    ann.batch_write_item(RequestItems={books: puts[:1]})
    denied(ann.batch_write_item, RequestItems={books: puts})
    select = f'SELECT * FROM "{books}" WHERE author = '
    assert len(ann.execute_statement(Statement=select + "'ann'")["Items"]) == 3
    denied(ann.execute_statement, Statement=select + "'bob'")
    denied(ann.execute_statement, Statement=f"SELECT * FROM \"{books}\" WHERE author IN ['ann','bob']")
    denied(
        ann.execute_statement,
        Statement=f"DELETE FROM \"{books}\" WHERE author='bob' AND title='one'",
    )
    denied(
        ann.execute_statement,
        Statement=f"INSERT INTO \"{books}\" VALUE {{'author':'bob','title':'x'}}",
    )


def test_attributes_that_are_not_named_are_out_of_reach(keys, books):
    only = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["author", "title", "year"]},
        "StringEqualsIfExists": {
            "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
            "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"],
        },
    }
    actions = ["dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQL*"]
    some = keys.client("some", allow(actions, TABLE_ARN + books, when=only))
    names = {"#y": "year"}
    item = some.get_item(
        TableName=books,
        Key=key("ann"),
        ProjectionExpression="author, #y",
        ExpressionAttributeNames=names,
    )["Item"]
    assert item == {"author": {"S": "ann"}, "year": {"N": "1"}}
    at = {"TableName": books, "Key": key("ann")}
    denied(some.get_item, **at)
    denied(some.get_item, **at, ProjectionExpression="author, secret")
    denied(some.get_item, **at, AttributesToGet=["secret"])
    denied(some.scan, TableName=books)
    denied(some.scan, TableName=books, Select="COUNT")
    assert some.scan(TableName=books, ProjectionExpression="title")["Count"] == 3
    guess = {
        "FilterExpression": "begins_with(secret, :s)",
        "ExpressionAttributeValues": {":s": {"S": "s"}},
    }
    denied(some.scan, TableName=books, ProjectionExpression="title", **guess)
    set_year = {
        "UpdateExpression": "SET #y = :v",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {":v": {"N": "5"}},
    }
    some.update_item(**at, **set_year)
    some.update_item(**at, **set_year, ReturnValues="UPDATED_NEW")
    denied(some.update_item, **at, **set_year, ReturnValues="ALL_NEW")
    denied(some.update_item, **at, **set_year, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    denied(
        some.update_item,
        **at,
        UpdateExpression="SET #y = secret",
        ExpressionAttributeNames=names,
    )
    denied(
        some.update_item,
        **at,
        UpdateExpression="SET #y = if_not_exists(secret.a[0], :v)",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":v": {"N": "5"}},
    )
    denied(some.update_item, **at, AttributeUpdates={"secret": {"Action": "DELETE"}})
    denied(some.delete_item, **at, ConditionExpression="attribute_exists(secret)")
    denied(some.put_item, TableName=books, Item={**key("ann"), "secret": {"S": "x"}})
    some.put_item(TableName=books, Item={**key("ann"), "year": {"N": "1"}})
    where = f"FROM \"{books}\" WHERE author='ann'"
    assert some.execute_statement(Statement=f"SELECT title {where}")["Items"]
    denied(some.execute_statement, Statement=f"SELECT secret {where}")
    denied(some.execute_statement, Statement=f"SELECT title {where} AND secret='s'")
    denied(some.execute_statement, Statement=f"SELECT * {where}")
    row = f"UPDATE \"{books}\" SET \"year\"=9 WHERE author='ann' AND title='one'"
    some.execute_statement(Statement=row)
    denied(some.execute_statement, Statement=row + " RETURNING ALL OLD *")
    denied(some.execute_statement, Statement=row.replace('"year"=9', "secret='t'"))


def test_a_scan_of_everything_by_a_statement_can_be_denied(keys, books):
    careful = keys.client(
        "careful",
        allow("dynamodb:PartiQLSelect"),
        deny("dynamodb:PartiQLSelect", when={"Bool": {"dynamodb:FullTableScan": "true"}}),
    )
    assert careful.execute_statement(Statement=f"SELECT * FROM \"{books}\" WHERE author='ann'")
    assert denied(careful.execute_statement, Statement=f'SELECT * FROM "{books}"') == (
        f"User: {USER_ARN}careful is not authorized to perform: dynamodb:PartiQLSelect on "
        f"resource: {TABLE_ARN}{books} with an explicit deny in an identity-based policy"
    )


def test_boto3_shows_the_denial(keys, node, books):
    made = keys.add("viewer", allow("dynamodb:GetItem", TABLE_ARN + books))
    viewer = node.client(aws_access_key_id=made["id"], aws_secret_access_key=made["secret"])
    assert viewer.get_item(TableName=books, Key=key("ann"))["Item"]
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        viewer.scan(TableName=books)
    error = raised.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == unallowed("viewer", "Scan", TABLE_ARN + books)


def test_transactions_need_what_their_members_need(keys, books):
    arn = TABLE_ARN + books
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    actions = ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:ConditionCheckItem"]
    ann = keys.client("ann", allow(actions + ["dynamodb:PartiQLInsert"], arn, when=own))

    def put(author):
        item = {**key(author, "new"), "year": {"N": "1"}}
        return {"Put": {"TableName": books, "Item": item}}

    def get(author):
        return {"Get": {"TableName": books, "Key": key(author)}}

    exists = {
        "TableName": books,
        "Key": key("ann"),
        "ConditionExpression": "attribute_exists(author)",
    }
    ann.transact_write_items(TransactItems=[put("ann"), {"ConditionCheck": exists}])
    assert denied(ann.transact_write_items, TransactItems=[put("ann"), put("bob")]) == unallowed(
        "ann", "PutItem", arn
    )
    delete = {"Delete": {"TableName": books, "Key": key("ann")}}
    assert denied(ann.transact_write_items, TransactItems=[delete]) == unallowed(
        "ann", "DeleteItem", arn
    )
    assert len(ann.transact_get_items(TransactItems=[get("ann")])["Responses"]) == 1
    assert denied(ann.transact_get_items, TransactItems=[get("ann"), get("bob")]) == unallowed(
        "ann", "GetItem", arn
    )
    insert = f"INSERT INTO \"{books}\" VALUE {{'author':'%s','title':'by statement'}}"
    ann.execute_transaction(TransactStatements=[{"Statement": insert % "ann"}])
    assert denied(
        ann.execute_transaction,
        TransactStatements=[{"Statement": insert % "ann"}, {"Statement": insert % "bob"}],
    ) == unallowed("ann", "PartiQLInsert", arn)
    outside = {"Null": {"dynamodb:EnclosingOperation": "true"}}
    alone = keys.client("alone", allow("dynamodb:PutItem", arn, when=outside))
    alone.put_item(TableName=books, Item={**key("alone"), "year": {"N": "1"}})
    denied(alone.transact_write_items, TransactItems=[put("alone")])


def test_statements_of_a_batch_are_judged_one_by_one(keys, books):
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    ann = keys.client("ann", allow("dynamodb:PartiQLSelect", TABLE_ARN + books, when=own))
    select = f"SELECT title FROM \"{books}\" WHERE author='%s' AND title='one'"
    answers = ann.batch_execute_statement(
        Statements=[{"Statement": select % who} for who in ("ann", "bob")]
        + [{"Statement": "SELECT"}]
    )["Responses"]
    assert answers[0]["Item"] == {"title": {"S": "one"}}
    assert answers[1]["Error"] == {
        "Code": "AccessDenied",
        "Message": unallowed("ann", "PartiQLSelect", TABLE_ARN + books),
    }
    assert answers[2]["Error"]["Code"] == "ValidationError"
    delete = f"DELETE FROM \"{books}\" WHERE author='ann' AND title='one'"
    answers = ann.batch_execute_statement(Statements=[{"Statement": delete}])["Responses"]
    assert answers[0]["Error"]["Code"] == "AccessDenied"
    assert len(ann.execute_statement(Statement=select % "ann")["Items"]) == 1


def test_where_from_and_how(keys, books):
    at = {"TableName": books, "Key": key("ann")}
    here = keys.client(
        "here", allow("dynamodb:*", when={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}})
    )
    assert here.get_item(**at)
    there = keys.client(
        "there", allow("dynamodb:*", when={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    )
    denied(there.get_item, **at)
    plain = keys.client(
        "plain",
        allow("dynamodb:*"),
        deny("*", when={"Bool": {"aws:SecureTransport": "false"}}),
    )
    assert denied(plain.get_item, **at).endswith("with an explicit deny in an identity-based policy")
    late = keys.client(
        "late", allow("*", when={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})
    )
    denied(late.get_item, **at)


def test_a_tables_own_policy_denies_and_allows(keys, root, books):
    arn = TABLE_ARN + books
    at = {"TableName": books, "Key": key("ann")}
    guest = keys.client("guest", allow("dynamodb:ListTables"))
    free = keys.client("free")
    root.put_resource_policy(
        ResourceArn=arn,
        Policy=policy(
            about({"AWS": USER_ARN + "guest"}, allow("dynamodb:GetItem", arn)),
            about({"AWS": USER_ARN + "free"}, deny("dynamodb:DeleteItem", arn)),
            about("*", deny("dynamodb:Scan", arn)),
        ),
    )
    assert guest.get_item(**at)["Item"]
    assert denied(guest.put_item, TableName=books, Item=key("ann")) == unallowed(
        "guest", "PutItem", arn
    )
    assert free.get_item(**at)["Item"]
    assert denied(free.delete_item, **at) == (
        f"User: {USER_ARN}free is not authorized to perform: dynamodb:DeleteItem on resource: "
        f"{arn} with an explicit deny in a resource-based policy"
    )
    message = denied(root.scan, TableName=books)
    assert message == (
        f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: dynamodb:Scan on "
        f"resource: {arn} with an explicit deny in a resource-based policy"
    )
    root.delete_resource_policy(ResourceArn=arn)
    assert root.scan(TableName=books)["Count"] == 3
    denied(guest.get_item, **at)
    free.delete_item(**at)


def test_nobody_locks_himself_out_by_mistake(root, books):
    arn = TABLE_ARN + books
    locked = policy(
        about("*", deny("dynamodb:PutResourcePolicy", arn)),
    )
    message = refused(
        "ValidationException", root.put_resource_policy, ResourceArn=arn, Policy=locked
    )
    assert "resource policy in the future" in message
    root.put_resource_policy(
        ResourceArn=arn, Policy=locked, ConfirmRemoveSelfResourceAccess=True
    )
    denied(
        root.put_resource_policy,
        ResourceArn=arn,
        Policy=locked,
        ConfirmRemoveSelfResourceAccess=True,
    )
    root.delete_resource_policy(ResourceArn=arn)


def test_tags_and_a_policy_of_a_new_table_need_their_own_permissions(keys, client, table_name):
    maker = keys.client("maker", allow("dynamodb:CreateTable"))
    new = {
        "TableName": table_name,
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    arn = TABLE_ARN + table_name
    assert denied(
        maker.create_table, **new, Tags=[{"Key": "a", "Value": "b"}]
    ) == unallowed("maker", "TagResource", arn)
    its = policy(about({"AWS": USER_ARN + "maker"}, allow("dynamodb:GetItem", arn)))
    assert denied(maker.create_table, **new, ResourcePolicy=its) == unallowed(
        "maker", "PutResourcePolicy", arn
    )
    maker.create_table(**new)
    client.get_waiter("table_exists").wait(
        TableName=table_name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )
    client.delete_table(TableName=table_name)


def test_keys_change_while_the_node_runs(keys, books):
    at = {"TableName": books, "Key": key("ann")}
    made = keys.add("changing")
    client = keys.client_of(made)
    assert client.get_item(**at)["Item"]
    assert keys.run("policy", made["id"]) == "none: everything is allowed\n"
    keys.run("policy", made["id"], "--set", "-", text=policy(deny("dynamodb:GetItem")))
    denied(client.get_item, **at)
    shown = json.loads(keys.run("policy", made["id"], "-o", "json"))
    assert shown == json.loads(policy(deny("dynamodb:GetItem")))
    keys.run("policy", made["id"], "--clear")
    assert client.get_item(**at)["Item"]
    listed = {each["id"]: each for each in json.loads(keys.run("list", "-o", "json"))}
    assert listed[made["id"]]["user"] == "changing"
    assert "secret" not in listed[made["id"]]
    assert {each["source"] for each in listed.values()} == {"file", "catalog"}
    assert made["id"] in keys.run("list")
    keys.run("remove", made["id"])
    assert refused("UnrecognizedClientException", client.get_item, **at) == (
        "The security token included in the request is invalid."
    )
    assert "is not in the catalog" in keys.run("remove", made["id"], status=1)


def test_time_to_live_has_its_actions(keys, books):
    client = keys.client("reader", allow("dynamodb:DescribeTimeToLive", TABLE_ARN + books))
    shown = client.describe_time_to_live(TableName=books)
    assert shown["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    change = {"Enabled": True, "AttributeName": "expires"}
    denied(client.update_time_to_live, TableName=books, TimeToLiveSpecification=change)
    writer = keys.client("writer", allow("dynamodb:UpdateTimeToLive", TABLE_ARN + books))
    writer.update_time_to_live(TableName=books, TimeToLiveSpecification=change)
    denied(writer.describe_time_to_live, TableName=books)


def test_a_stream_is_a_resource_of_its_own(keys, node, client, books):
    arn = client.update_table(
        TableName=books,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]["LatestStreamArn"]

    def streams(user, *statements):
        made = keys.add(user, *statements)
        return node.client("dynamodbstreams", aws_access_key_id=made["id"],
                           aws_secret_access_key=made["secret"])

    def read(user):
        shard = user.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = user.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        return iterator, user.get_records(ShardIterator=iterator)["Records"]

    reading = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
    iterator, _ = read(streams("follower", allow(reading, TABLE_ARN + books + "/stream/*")))
    others = streams("stranger", allow("dynamodb:*", TABLE_ARN + books))
    for call, request, action in (
        (others.describe_stream, {"StreamArn": arn}, "DescribeStream"),
        (others.get_records, {"ShardIterator": iterator}, "GetRecords"),
    ):
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            call(**request)
        assert raised.value.response["Error"]["Message"] == unallowed("stranger", action, arn)
    lister = streams("lister", allow("dynamodb:ListStreams", TABLE_ARN + books + "/stream/*"))
    assert [each["StreamArn"] for each in lister.list_streams(TableName=books)["Streams"]] == [arn]
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        lister.list_streams()
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"


def test_what_is_wrong_is_refused(keys):
    broken = policy({"Effect": "Allow", "Action": "dynamodb:*"})
    assert "Missing required field Resource" in keys.run(
        "add", "--policy", "-", text=broken, status=1
    )
    assert "Unsupported condition key" in keys.run(
        "add",
        "--policy",
        "-",
        text=policy(allow("*", when={"StringEquals": {"aws:VpcId": "x"}})),
        status=1,
    )
    assert "holds no JSON object" in keys.run("add", "--policy", "-", text="null", status=1)
    made = keys.add("unchanged")
    for text, problem in (("{", "parse"), ("[]", "holds no JSON object"), (broken, "Resource")):
        assert problem in keys.run("policy", made["id"], "--set", "-", text=text, status=1)
    assert "No such file" in keys.run("policy", made["id"], "--set", "/nowhere", status=1)
    assert keys.run("policy", made["id"]) == "none: everything is allowed\n"
    assert "a user's name is" in keys.run("add", "--user", "a b", status=1)
    assert "say which key" in keys.run("remove", status=2)
    assert "is one of the credentials file" in keys.run(
        "remove", keys.node.credentials()[0], status=1
    )


def test_keys_and_policies_survive_a_restart_and_no_secret_is_on_the_disk():
    with Node() as node:
        keys = Keys(node)
        made = keys.add("ann", allow("dynamodb:ListTables"))
        node.stop()
        node.start()
        client = keys.client_of(made)
        assert client.list_tables()["TableNames"] == []
        denied(client.describe_limits)
        assert (node.folder / "key").stat().st_mode & 0o777 == 0o600
        node.stop()
        files = [each for each in node.folder.rglob("*") if each.is_file()]
        holds = [each.name for each in files if made["id"].encode() in each.read_bytes()]
        assert holds, "the key's id is nowhere: the search finds nothing"
        assert not [each.name for each in files if made["secret"].encode() in each.read_bytes()]
        kept = (node.folder / "key").read_bytes()
        (node.folder / "key").write_bytes(kept[:8] + bytes(40))
        with pytest.raises(RuntimeError, match="damaged"):
            node.start()
        (node.folder / "key").write_bytes(kept)
        node.start()
        assert keys.client_of(made).list_tables()["TableNames"] == []


def test_without_authentication_nothing_is_asked():
    with Node(flags=["--auth", "off"]) as node:
        (node.folder / "credentials").write_text(
            "[default]\naws_access_key_id = x\naws_secret_access_key = y\n"
        )
        anybody = User(node, "x", "y")
        anybody.create_table(
            TableName="open",
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        arn = TABLE_ARN + "open"
        anybody.put_resource_policy(
            ResourceArn=arn, Policy=policy(about("*", deny("dynamodb:*", arn)))
        )
        assert anybody.scan(TableName="open")["Count"] == 0


@pytest.mark.parametrize("header", [{"Origin": "http://pages.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_web_page_makes_no_keys_and_cuts_no_links(header):
    with Node() as node:
        def ask(method, path, headers):
            connection = http.client.HTTPConnection(node.addresses["admin"], timeout=20)
            connection.request(method, path, '{"user":"page"}', {"Content-Type": "text/plain", **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

        for method, path in (("POST", "/v1/keys"), ("POST", "/v1/keys/policy"), ("DELETE", "/v1/keys"),
                             ("POST", "/v1/link")):
            assert ask(method, path, header) == (403, {"error": "requests of web pages change nothing here"})
        assert ask("POST", "/v1/keys", {})[0] == 200
