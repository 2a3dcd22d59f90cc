"""Contributor insights measure: keys of every kind of operation, as the admin endpoint shows them."""

import http.client
import json

from meridian_node import Node, wait_until
from wire import Endpoint

TABLE = {
    "TableName": "Books",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in (("author", "S"), ("title", "S"), ("year", "N"))
    ],
    "KeySchema": [
        {"AttributeName": "author", "KeyType": "HASH"},
        {"AttributeName": "title", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-year",
            "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def key(author, title="t"):
    return {"author": {"S": author}, "title": {"S": title}}


class Books:
    def __init__(self, node):
        self.node = node
        self.endpoint = Endpoint(node)

    def __call__(self, operation, *, status=200, **body):
        got, answer = self.endpoint.call(operation, body)
        assert got == status, answer
        return answer

    def insights(self, name="Books"):
        connection = http.client.HTTPConnection(self.node.addresses["admin"], timeout=20)
        connection.request("GET", f"/v1/insights?table={name}")
        answer = connection.getresponse()
        document = json.loads(answer.read())
        connection.close()
        return answer.status, {
            each.get("index"): {
                kind: {shown["key"]: shown["count"] for shown in each[kind]}
                for kind in ("accessed", "throttled")
            }
            for each in (document if answer.status == 200 else [])
        }


def test_every_operation_counts_its_partition_keys():
    with Node(flags=["--auth", "off"]) as node:
        books = Books(node)
        books("CreateTable", **TABLE)
        at = {"TableName": "Books"}
        books("GetItem", **at, Key=key("before"))
        assert books.insights() == (200, {})
        assert books.insights("Nothing")[0] == 404
        books("UpdateContributorInsights", **at, ContributorInsightsAction="ENABLE")
        books("UpdateContributorInsights", **at, IndexName="by-year", ContributorInsightsAction="ENABLE")
        books("PutItem", **at, Item={**key("put"), "year": {"N": "1999"}})
        books("GetItem", **at, Key=key("get"))
        books("GetItem", **at, Key=key("get", "other"))
        books("UpdateItem", **at, Key=key("update"))
        books("DeleteItem", **at, Key=key("delete"))
        books("PutItem", **at, Item=key("refused"), ConditionExpression="attribute_exists(x)", status=400)
        books("PutItem", **at, Item={"author": {"S": "invalid"}}, status=400)
        condition = {"KeyConditionExpression": "author = :a"}
        books("Query", **at, **condition, ExpressionAttributeValues={":a": {"S": "query"}})
        by_year = {"IndexName": "by-year", "KeyConditionExpression": "#y = :y"}
        names = {"ExpressionAttributeNames": {"#y": "year"}}
        books("Query", **at, **by_year, **names, ExpressionAttributeValues={":y": {"N": "1999"}})
        books("Scan", **at)
        books("BatchGetItem", RequestItems={"Books": {"Keys": [key("batch"), key("get")]}})
        books("BatchWriteItem", RequestItems={"Books": [{"DeleteRequest": {"Key": key("batch")}}]})
        books("TransactWriteItems", TransactItems=[{"Put": {**at, "Item": key("transact")}}])
        books("TransactGetItems", TransactItems=[{"Get": {**at, "Key": key("transact")}}])
        statement = "SELECT * FROM Books WHERE author = 'partiql' AND title = 't'"
        books("ExecuteStatement", Statement=statement)
        status, shown = books.insights()
        assert shown[None]["accessed"] == {
            "put": 1,
            "get": 3,
            "update": 1,
            "delete": 1,
            "refused": 1,
            "query": 1,
            "batch": 2,
            "transact": 2,
            "partiql": 1,
        }
        assert shown["by-year"]["accessed"] == {"1999": 1}
        books("UpdateContributorInsights", **at, ContributorInsightsAction="DISABLE")
        assert set(books.insights()[1]) == {"by-year"}
        node.stop()
        node.start()
        books = Books(node)
        books("Query", **at, **by_year, **names, ExpressionAttributeValues={":y": {"N": "2001"}})
        assert books.insights()[1] == {"by-year": {"accessed": {"2001": 1}, "throttled": {}}}


def test_keys_that_are_throttled():
    with Node(flags=["--auth", "off", "--throttle", "enforce"]) as node:
        books = Books(node)
        table = {name: TABLE[name] for name in ("TableName", "KeySchema")}
        units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
        books(
            "CreateTable",
            **table,
            AttributeDefinitions=TABLE["AttributeDefinitions"][:2],
            ProvisionedThroughput=units,
        )
        books("UpdateContributorInsights", TableName="Books", ContributorInsightsAction="ENABLE",
              ContributorInsightsMode="THROTTLED_KEYS")

        def refused():
            body = {"TableName": "Books", "Item": {**key("hot"), "x": {"S": "x" * 10000}}}
            return books.endpoint.call("PutItem", body)[0] == 400

        wait_until(refused)
        shown = books.insights()[1][None]
        assert shown["accessed"] == {} and shown["throttled"] == {"hot": 1}
