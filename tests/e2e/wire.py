"""Requests as the wire has them, to a node that was started with --auth off."""

import http.client
import json

STREAMS = {"ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"}


def target(operation):
    service = "DynamoDBStreams" if operation in STREAMS else "DynamoDB"
    return f"{service}_20120810.{operation}"


class Endpoint:
    def __init__(self, node):
        self.connection = http.client.HTTPConnection(node.host, node.port, timeout=20)

    def call(self, operation, body):
        """(HTTP status, answer) of one request; a text goes out as it is."""
        return self.call_target(target(operation), body)

    def call_target(self, name, body):
        self.connection.request(
            "POST",
            "/",
            body if isinstance(body, str) else json.dumps(body),
            {"content-type": "application/x-amz-json-1.0", "x-amz-target": name},
        )
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}
