"""PartiQL as boto3 sends it: single statements with pages, batches with errors of their own, transactions."""

import botocore.exceptions
import pytest


def key(partition, sort=0):
    return {"pk": {"S": partition}, "sk": {"N": str(sort)}}


def statement(text, *parameters):
    return {"Statement": text, **({"Parameters": list(parameters)} if parameters else {})}


def refused(code, call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value.response
    return caught.value.response


def test_one_statement_at_a_time(client, table):
    insert = statement(f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'sk': 1, 'tags': <<'a', 'b'>>}}", {"S": "a"})
    assert client.execute_statement(**insert)["Items"] == []
    response = refused("DuplicateItemException", client.execute_statement, **insert)
    assert response["Error"]["Message"] == "Duplicate primary key exists in table"
    update = statement(f"UPDATE \"{table}\" SET n = 5 WHERE pk = 'a' AND sk = 1 RETURNING ALL NEW *")
    assert client.execute_statement(**update)["Items"] == [{**key("a", 1), "n": {"N": "5"}, "tags": {"SS": ["a", "b"]}}]
    refused(
        "ConditionalCheckFailedException",
        client.execute_statement,
        **statement(f"UPDATE \"{table}\" SET n = 6 WHERE pk = 'a' AND sk = 1 AND n > 5"),
    )
    delete = statement(f"DELETE FROM \"{table}\" WHERE pk = 'a' AND sk = 1 RETURNING ALL OLD *")
    assert client.execute_statement(**delete)["Items"][0]["n"] == {"N": "5"}
    assert client.execute_statement(**delete)["Items"] == []


def test_a_select_pages_with_its_token(client, table):
    for sort in range(25):
        client.put_item(TableName=table, Item={**key("p", sort), "even": {"BOOL": sort % 2 == 0}})
    request = statement(f"SELECT sk FROM \"{table}\" WHERE pk = ? AND even = ?", {"S": "p"}, {"BOOL": True})
    found, token = [], {}
    while True:
        page = client.execute_statement(**request, Limit=4, **token)
        found += [int(item["sk"]["N"]) for item in page["Items"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == list(range(0, 25, 2))
    refused("ValidationException", client.execute_statement, **request, NextToken="nonsense")


def test_a_batch_tells_each_statement_its_fate(client, table):
    client.put_item(TableName=table, Item={**key("a"), "n": {"N": "1"}})
    answer = client.batch_execute_statement(
        Statements=[
            statement(f"INSERT INTO \"{table}\" VALUE {{'pk': 'b', 'sk': 0}}"),
            statement(f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 0}}"),
            statement(f"UPDATE \"{table}\" SET n = n + 1 WHERE pk = 'a' AND sk = 0 RETURNING MODIFIED NEW *"),
            statement("DELETE FROM \"nowhere\" WHERE pk = 'a'"),
            statement(f"UPDATE \"{table}\" SET n = 1 WHERE pk = 'a'"),
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    inserted, duplicate, updated, nowhere, keyless = answer["Responses"]
    assert inserted == {"TableName": table}
    assert duplicate["Error"] == {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}
    assert updated == {"TableName": table, "Item": {"n": {"N": "2"}}}
    assert nowhere["Error"] == {"Code": "ResourceNotFound", "Message": "Requested resource not found"}
    assert keyless["Error"]["Code"] == "ValidationError"
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 3.0}]
    read = client.batch_execute_statement(
        Statements=[
            statement(f"SELECT n FROM \"{table}\" WHERE pk = ? AND sk = ?", {"S": name}, {"N": "0"}) for name in ("a", "b", "none")
        ]
    )
    assert read["Responses"] == [{"TableName": table, "Item": {"n": {"N": "2"}}}, {"TableName": table, "Item": {}}, {"TableName": table}]
    response = refused(
        "ValidationException",
        client.batch_execute_statement,
        Statements=[
            statement(f"SELECT * FROM \"{table}\" WHERE pk = 'a' AND sk = 0"),
            statement(f"DELETE FROM \"{table}\" WHERE pk = 'b' AND sk = 0"),
        ],
    )
    assert response["Error"]["Message"] == "Read and write requests together in the same batch is not supported."


def test_statements_in_a_transaction(client, table):
    answer = client.execute_transaction(
        TransactStatements=[
            statement(f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 0, 'n': 1}}"),
            statement(f"INSERT INTO \"{table}\" VALUE {{'pk': 'b', 'sk': 0, 'n': 1}}"),
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}]
    client.execute_transaction(
        TransactStatements=[
            statement(f"EXISTS(SELECT * FROM \"{table}\" WHERE pk = 'a' AND sk = 0 AND n = 1)"),
            statement(f"UPDATE \"{table}\" SET n = n + 1 WHERE pk = 'b' AND sk = 0"),
        ]
    )
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.execute_transaction(
            TransactStatements=[
                statement(f"UPDATE \"{table}\" SET n = 0 WHERE pk = 'b' AND sk = 0"),
                statement(f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 0}}"),
                statement(f"EXISTS(SELECT * FROM \"{table}\" WHERE pk = 'c' AND sk = 0 AND n = 1)"),
            ]
        )
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
    ]
    read = client.execute_transaction(
        TransactStatements=[
            statement(f"SELECT n FROM \"{table}\" WHERE pk = ? AND sk = 0", {"S": name}) for name in ("b", "a", "none")
        ]
    )
    assert read["Responses"] == [{"Item": {"n": {"N": "2"}}}, {"Item": {"n": {"N": "1"}}}, {}]
    response = refused(
        "ValidationException",
        client.execute_transaction,
        TransactStatements=[statement(f"SELECT * FROM \"{table}\" WHERE pk = 'a'")],
    )
    assert response["Error"]["Message"] == (
        "Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction "
        "must specify the primary key in the where clause."
    )


def test_a_token_makes_statements_happen_once(client, table):
    client.put_item(TableName=table, Item={**key("a"), "n": {"N": "0"}})
    request = {
        "TransactStatements": [statement(f"UPDATE \"{table}\" SET n = n + 1 WHERE pk = 'a' AND sk = 0")],
        "ClientRequestToken": "statements-once",
    }
    client.execute_transaction(**request)
    client.execute_transaction(**request)
    assert client.get_item(TableName=table, Key=key("a"))["Item"]["n"] == {"N": "1"}
    request["TransactStatements"][0]["Statement"] += " AND n = 1"
    refused("IdempotentParameterMismatchException", client.execute_transaction, **request)
