"""The wire, byte by byte: what a socket gets back for requests that no library would write."""

import base64
import gzip
import hashlib
import json
import re
import socket
import urllib.parse
import zlib

import pytest

import signing

CORAL = "com.amazon.coral.service#"
JSON_1_0 = "application/x-amz-json-1.0"
UNKNOWN = b"<UnknownOperationException/>\n"


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.json["__type"]


class Wire:
    """A socket, and what comes out of it one answer at a time."""

    def __init__(self, node):
        self.node = node
        self.socket = socket.create_connection((node.host, node.port), timeout=20)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.file.close()
        self.socket.close()

    def send(self, *parts):
        self.socket.sendall(b"".join(p.encode() if isinstance(p, str) else p for p in parts))
        return self

    def read(self, body=True):
        line = self.file.readline()
        assert line, "closed"
        version, status, _ = line.decode().split(" ", 2)
        assert version == "HTTP/1.1"
        headers = {}
        while (line := self.file.readline()) != b"\r\n":
            assert line.endswith(b"\r\n")
            name, value = line.decode().rstrip("\r\n").split(": ", 1)
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        size = int(headers.get("content-length", 0)) if body else 0
        answer = Answer(int(status), headers, self.file.read(size))
        if body and "x-amz-crc32" in headers:
            assert int(headers["x-amz-crc32"]) == zlib.crc32(answer.body)
        return answer

    def is_closed(self):
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


@pytest.fixture
def wire(node):
    with Wire(node) as open_wire:
        yield open_wire


def head(line, headers):
    return line + "\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items()) + "\r\n"


def signed(node, operation, body, **more):
    """The headers of a signed request for a body that is sent as these bytes."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    made = signing.Request(node, operation, text)
    made.headers.update({name.replace("_", "-"): value for name, value in more.items()})
    made.sign()
    return made


def whole(node, operation="ListTables", body="{}", unsigned=(), **more):
    """A request as bytes, its length included."""
    made = signed(node, operation, body, **more)
    headers = {**made.headers, **dict(unsigned), "content-length": len(made.body)}
    return head("POST / HTTP/1.1", headers).encode() + made.body


def put(table, value="x" * 10):
    return {"TableName": table, "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "x": {"S": value}}}


# --- 1.2 Answers ------------------------------------------------------------------------------


def test_the_head_of_an_answer(node, wire):
    answer = wire.send(whole(node)).read()
    assert answer.status == 200
    assert set(answer.headers) == {
        "content-type",
        "content-length",
        "connection",
        "date",
        "server",
        "x-amzn-requestid",
        "x-amz-crc32",
    }
    assert answer.headers["content-type"] == JSON_1_0
    assert answer.headers["connection"] == "keep-alive"
    assert answer.headers["server"] == "Server"
    assert re.fullmatch(
        r"[MTWFS]\w\w, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"]
    )
    assert re.fullmatch(r"[A-Z0-9]{52}", answer.headers["x-amzn-requestid"])
    again = wire.send(whole(node)).read()
    assert again.headers["x-amzn-requestid"] != answer.headers["x-amzn-requestid"]


def test_errors_have_the_same_head(node, wire):
    answer = wire.send(whole(node, "DescribeTable", {"TableName": "nowhere"})).read()
    assert answer.status == 400
    assert answer.type == "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
    assert {"x-amz-crc32", "x-amzn-requestid", "date", "server"} <= set(answer.headers)


def test_empty_results(node, wire, client, table):
    assert wire.send(whole(node, "PutItem", put(table))).read().body == b"{}"
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    tag = {"ResourceArn": arn, "Tags": [{"Key": "k", "Value": "v"}]}
    for operation, body in (
        ("TagResource", tag),
        ("UntagResource", {"ResourceArn": arn, "TagKeys": ["k"]}),
    ):
        answer = wire.send(whole(node, operation, body)).read()
        assert (answer.status, answer.headers["content-length"], answer.body) == (200, "0", b"")


def test_times_and_units_are_numbers(node, wire, table):
    text = wire.send(whole(node, "DescribeTable", {"TableName": table})).read().body.decode()
    assert re.search(r'"CreationDateTime":\d{10}(\.\d{1,3})?[,}]', text)
    body = {**put(table), "ReturnConsumedCapacity": "TOTAL"}
    assert '"CapacityUnits":1.0' in wire.send(whole(node, "PutItem", body)).read().body.decode()
    body = {"TableName": table, "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}}}
    body["ReturnConsumedCapacity"] = "TOTAL"
    assert '"CapacityUnits":0.5' in wire.send(whole(node, "GetItem", body)).read().body.decode()


# --- 1.1 Requests -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent, echoed",
    [
        (JSON_1_0, JSON_1_0),
        ("APPLICATION/X-AMZ-JSON-1.0", JSON_1_0),
        (JSON_1_0 + "; charset=utf-8", JSON_1_0),
        ("application/json", "application/json"),
        ("application/json;x=y", "application/json"),
        ("application/json ; x=y;z", "application/json"),
    ],
)
def test_content_types_that_are_taken(node, wire, sent, echoed):
    answer = wire.send(whole(node, content_type=sent)).read()
    assert (answer.status, answer.headers["content-type"]) == (200, echoed)


@pytest.mark.parametrize(
    "sent", ["application/x-amz-json-1.1", "text/plain", "", "application/jsonp", None]
)
def test_content_types_that_are_not(node, wire, sent):
    made = signing.Request(node)
    if sent is None:
        del made.headers["content-type"]
    else:
        made.headers["content-type"] = sent
    made.sign()
    headers = {**made.headers, "content-length": 2}
    answer = wire.send(head("POST / HTTP/1.1", headers), "{}").read()
    assert (answer.status, answer.body) == (404, UNKNOWN)


def test_headers_that_mean_nothing_are_ignored(node, wire):
    headers = {
        "amz-sdk-invocation-id": "0b1c",
        "amz-sdk-request": "attempt=1; max=3",
        "User-Agent": "aws-sdk/9 md/nodejs",
        "X-Amz-User-Agent": "aws-sdk-js/3",
        "X-Whatever": "a,b;c=\"d\"",
        "Referer": "http://elsewhere/",
        "Cookie": "a=b",
    }
    assert wire.send(whole(node, unsigned=headers)).read().status == 200


def test_of_equal_members_the_last_one_wins(node, wire, client, table):
    text = json.dumps(put(table, "first"))[:-1]
    text += ',"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"one"},"x":{"S":"two"}}}'
    assert wire.send(whole(node, "PutItem", text)).read().status == 200
    key = {"pk": {"S": "a"}, "sk": {"N": "1"}}
    assert client.get_item(TableName=table, Key=key)["Item"]["x"] == {"S": "two"}


def test_unknown_members_and_nulls_count_as_absent(node, wire, table):
    body = {
        **put(table),
        "Unheard": {"of": [1, True, None, {}]},
        "ConditionExpression": None,
        "ExpressionAttributeNames": None,
        "ReturnValues": None,
        "Expected": None,
    }
    answer = wire.send(whole(node, "PutItem", body)).read()
    assert (answer.status, answer.body) == (200, b"{}")
    answer = wire.send(whole(node, "PutItem", {**put(table), "TableName": None})).read()
    assert "Value null at 'tableName' failed to satisfy constraint" in answer.json["message"]


def test_the_targets_of_streams(node, wire):
    def ask(target):
        made = signing.Request(node)
        made.headers["x-amz-target"] = target
        made.sign()
        headers = {**made.headers, "content-length": 2}
        return wire.send(head("POST / HTTP/1.1", headers), "{}").read()

    assert ask("DynamoDBStreams_20120810.ListStreams").status == 200
    for target in (
        "DynamoDB_20120810.ListStreams",
        "DynamoDBStreams_20120810.ListTables",
        "DynamoDB_20120810.Nothing",
        "DynamoDB_20120810.",
        "DynamoDB_20111205.ListTables",
        "ListTables",
        "",
    ):
        answer = ask(target)
        assert answer.status == 400
        assert answer.json == {"__type": CORAL + "UnknownOperationException"}


# --- Compression ------------------------------------------------------------------------------


def packed(node, operation, bytes_):
    made = signed(node, operation, bytes_, content_encoding="gzip")
    headers = {**made.headers, "content-length": len(bytes_)}
    return head("POST / HTTP/1.1", headers).encode() + bytes_


def test_compressed_requests(node, wire, table):
    text = json.dumps(put(table, "z" * 60000)).encode()
    one = gzip.compress(text)
    several = b"".join(gzip.compress(text[i : i + 7000]) for i in range(0, len(text), 7000))
    for body in (one, several, one + gzip.compress(b"")):
        answer = wire.send(packed(node, "PutItem", body)).read()
        assert (answer.status, answer.body) == (200, b"{}")
    changed = one[:-6] + bytes([one[-6] ^ 1]) + one[-5:]
    for body in (one[:-1], one + b"junk", changed, b"{}", b""):
        answer = wire.send(packed(node, "PutItem", body)).read()
        assert answer.status == 500, body[:20]
        assert answer.type == "com.amazonaws.dynamodb.v20120810#InternalServerError"


def test_other_codings_are_an_inner_error(node, wire):
    for coding in ("br", "deflate", "gzip, gzip", "zstd"):
        answer = wire.send(whole(node, content_encoding=coding)).read()
        assert answer.status == 500, coding
    assert wire.send(whole(node, content_encoding="identity")).read().status == 200


def test_a_compressed_body_that_becomes_too_large(node, wire):
    bomb = gzip.compress(b" " * (16 << 20) + b"{}")
    answer = wire.send(packed(node, "ListTables", bomb)).read()
    assert answer.status == 413
    assert wire.is_closed()


def test_compressed_answers(node, wire, client, table):
    for i in range(40):
        item = {"pk": {"S": "many"}, "sk": {"N": str(i)}, "x": {"S": f"{i} " * 500}}
        client.put_item(TableName=table, Item=item)
    query = {
        "TableName": table,
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "many"}},
    }
    plain = wire.send(whole(node, "Query", query)).read()
    assert "content-encoding" not in plain.headers
    for accepts in ("gzip", "gzip, deflate, br", "*"):
        # A short one on the loop, a long one on a worker.
        for body in ({**query, "Limit": 2}, query):
            answer = wire.send(whole(node, "Query", body, accept_encoding=accepts)).read()
            assert answer.headers["content-encoding"] == "gzip"
            read = json.loads(gzip.decompress(answer.body))
            assert read["Items"] == plain.json["Items"][: body.get("Limit")]
            assert len(answer.body) < len(gzip.decompress(answer.body)) / 3
    scan = wire.send(whole(node, "Scan", {"TableName": table}, accept_encoding="gzip")).read()
    assert len(json.loads(gzip.decompress(scan.body))["Items"]) == 40
    for accepts in ("identity", "deflate", "gzip;q=0", ""):
        answer = wire.send(whole(node, "Query", query, accept_encoding=accepts)).read()
        assert "content-encoding" not in answer.headers
        assert answer.body == plain.body
    short = wire.send(whole(node, accept_encoding="gzip")).read()
    assert "content-encoding" not in short.headers


# --- 1.3 Other requests -----------------------------------------------------------------------


def test_the_health_page(node, wire):
    answer = wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").read()
    assert answer.status == 200
    assert answer.body == f"healthy: dynamodb.{node.region}.amazonaws.com ".encode()
    assert wire.send("GET /?a=b HTTP/1.1\r\nHost: x\r\n\r\n").read().status == 200


def test_browsers_ask_before_they_send(node, wire):
    ask = {
        "Host": "x",
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-amz-target",
    }
    answer = wire.send(head("OPTIONS / HTTP/1.1", ask)).read()
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-max-age"] == "172800"
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == "content-type,x-amz-target"
    answer = wire.send(head("OPTIONS / HTTP/1.1", {"Host": "x", "Origin": "null"})).read()
    assert answer.status == 200
    assert "access-control-allow-methods" not in answer.headers
    assert "access-control-allow-headers" not in answer.headers


def test_a_post_with_an_origin(node, wire):
    origin = {"Origin": "https://app.example"}
    answer = wire.send(whole(node, unsigned=origin)).read()
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert "access-control-max-age" not in answer.headers
    answer = wire.send(whole(node, "GetItem", unsigned=origin)).read()
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (400, "*")


@pytest.mark.parametrize(
    "line, more",
    [
        ("GET /healthy HTTP/1.1", {}),
        ("PUT / HTTP/1.1", {"content-length": 0}),
        ("DELETE / HTTP/1.1", {}),
        ("PATCH / HTTP/1.1", {"content-length": 0}),
        ("OPTIONS / HTTP/1.1", {}),
        ("OPTIONS /x HTTP/1.1", {"Origin": "null"}),
        ("POST /x HTTP/1.1", {"content-type": JSON_1_0, "content-length": 0}),
        ("POST // HTTP/1.1", {"content-type": JSON_1_0, "content-length": 0}),
    ],
)
def test_other_methods_and_paths(wire, line, more):
    answer = wire.send(head(line, {"Host": "x", **more})).read()
    assert (answer.status, answer.body) == (404, UNKNOWN)
    assert answer.headers["connection"] == "keep-alive"


def test_head_gets_a_head(wire):
    answer = wire.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").read(body=False)
    assert answer.status == 404
    assert wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").read().status == 200


# --- Framing ----------------------------------------------------------------------------------


def test_keep_alive_and_close(node, wire):
    for _ in range(3):
        assert wire.send(whole(node)).read().headers["connection"] == "keep-alive"
    answer = wire.send(whole(node, unsigned={"Connection": "close"})).read()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert wire.is_closed()


def test_http_1_0(node, wire):
    def ask(more):
        made = signed(node, "ListTables", "{}")
        headers = {**made.headers, **more, "content-length": 2}
        return wire.send(head("POST / HTTP/1.0", headers), "{}").read()

    answer = ask({"Connection": "keep-alive"})
    assert (answer.status, answer.headers["connection"]) == (200, "keep-alive")
    answer = ask({})
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert wire.is_closed()


def test_pipelined_requests_are_answered_in_their_order(node, wire, client, table):
    requests = []
    for i in range(50):
        item = {"pk": {"S": "p"}, "sk": {"N": str(i)}}
        requests.append(whole(node, "PutItem", {"TableName": table, "Item": item}))
        requests.append(
            whole(node, "GetItem", {"TableName": table, "Key": item, "ConsistentRead": True})
        )
    wire.send(*requests)
    for i in range(50):
        assert wire.read().body == b"{}"
        assert wire.read().json == {"Item": {"pk": {"S": "p"}, "sk": {"N": str(i)}}}


def test_a_request_in_single_bytes(node, wire):
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in whole(node):
        wire.send(bytes([byte]))
    assert wire.read().status == 200


def test_chunked_bodies(node, wire, table):
    text = json.dumps(put(table, "c" * 40000)).encode()
    made = signed(node, "PutItem", text)
    headers = {**made.headers, "transfer-encoding": "chunked"}
    for size in (len(text), 5000, 700):
        chunks = [text[i : i + size] for i in range(0, len(text), size)]
        body = b"".join(b"%x;name=value\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        wire.send(head("POST / HTTP/1.1", headers), body, b"0\r\nX-Trailer: y\r\n\r\n")
        assert wire.read().body == b"{}"


def test_100_continue(node, wire, table):
    text = json.dumps(put(table, "e" * 30000)).encode()
    made = signed(node, "PutItem", text)
    headers = {**made.headers, "content-length": len(text), "expect": "100-continue"}
    wire.send(head("POST / HTTP/1.1", headers))
    interim = wire.read(body=False)
    assert (interim.status, interim.headers) == (100, {})
    assert wire.send(text).read().body == b"{}"
    # Who does not wait gets no interim answer.
    answer = wire.send(head("POST / HTTP/1.1", headers), text).read()
    assert answer.status in (100, 200)
    if answer.status == 100:
        answer = wire.read()
    assert answer.body == b"{}"


@pytest.mark.parametrize(
    "text",
    [
        "POST / HTTP/2.0\r\nHost: x\r\n\r\n",
        "NONSENSE\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: " + "y" * (16 << 10) + "\r\n\r\n",
        "GET /?" + "y" * (16 << 10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n" + "A: b\r\n" * 100 + "\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(wire, text):
    answer = wire.send(text).read()
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert wire.is_closed()


def test_a_head_within_its_limits(node, wire):
    answer = wire.send(whole(node, unsigned={"X-Long": "y" * 15000})).read()
    assert answer.status == 200


def test_bodies_past_16_mib(node, wire):
    headers = {**signed(node, "PutItem", "{}").headers, "content-length": (16 << 20) + 1}
    answer = wire.send(head("POST / HTTP/1.1", headers)).read()
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert wire.is_closed()


def test_a_body_of_16_mib(node, wire):
    text = b"{" + b" " * ((16 << 20) - 2) + b"}"
    answer = wire.send(whole(node, "ListTables", text)).read()
    assert answer.status == 200


# --- 1.4 Order of checks ----------------------------------------------------------------------


def test_the_order_of_checks(node, wire):
    """JSON, target, signature, types, constraints: each wins over all behind it."""

    def ask(body, target, signature):
        made = signing.Request(node, body=body)
        made.headers["x-amz-target"] = target
        if signature != "none":
            made.sign()
        if signature == "wrong":
            made.headers["authorization"] += "0"
        headers = {**made.headers, "content-length": len(made.body)}
        return wire.send(head("POST / HTTP/1.1", headers), made.body).read().json

    bad, known, unknown = "{", "DynamoDB_20120810.GetItem", "DynamoDB_20120810.Nope"
    mistyped = '{"TableName":5,"Key":{}}'
    incomplete = '{"TableName":"nowhere"}'
    assert ask(bad, unknown, "none") == {"__type": CORAL + "SerializationException"}
    assert ask(mistyped, unknown, "none") == {"__type": CORAL + "UnknownOperationException"}
    assert ask(mistyped, known, "none")["__type"] == CORAL + "MissingAuthenticationTokenException"
    assert ask(mistyped, known, "wrong")["__type"] in (
        CORAL + "InvalidSignatureException",
        CORAL + "IncompleteSignatureException",
    )
    answer = ask(mistyped, known, "right")
    assert answer["__type"] == CORAL + "SerializationException"
    assert answer["Message"] == "NUMBER_VALUE cannot be converted to String"
    answer = ask(incomplete, known, "right")
    assert answer["__type"] == "com.amazon.coral.validate#ValidationException"


def test_json_that_is_no_object(node, wire):
    for text in ("[]", '"x"', "5", "null", "", "{} {}", "\ufeff{}"):
        answer = wire.send(whole(node, "ListTables", text)).read()
        assert answer.json == {"__type": CORAL + "SerializationException"}, text


# --- 3 The query form of Signature Version 4 ----------------------------------------------------


def presigned(node, body, secret=None, **more):
    """A POST whose signature is in its query. botocore signs only GETs so; the rule is the same."""
    key_id, own = node.credentials()
    stamp = signing.stamp()
    scope = f"{stamp[:8]}/{node.region}/dynamodb/aws4_request"
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": "300",
        "X-Amz-SignedHeaders": "host;x-amz-target",
        **more,
    }
    query = {name: value for name, value in query.items() if value is not None}

    def encoded(values):
        quoted = [(urllib.parse.quote(n, ""), urllib.parse.quote(v, "")) for n, v in values.items()]
        return "&".join(f"{name}={value}" for name, value in sorted(quoted))

    target = "DynamoDB_20120810.ListTables"
    canonical = (
        f"POST\n/\n{encoded(query)}\nhost:{node.addresses['http']}\nx-amz-target:{target}\n\n"
        f"host;x-amz-target\n{hashlib.sha256(body).hexdigest()}"
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    made = signing.signature(secret or own, stamp, node.region, "dynamodb", to_sign)
    headers = {
        "Host": node.addresses["http"],
        "X-Amz-Target": target,
        "Content-Type": JSON_1_0,
        "Content-Length": len(body),
    }
    return encoded({**query, "X-Amz-Signature": made}), headers


def test_a_signature_in_the_query(node, wire):
    body = b'{"Limit":1}'
    query, headers = presigned(node, body)
    answer = wire.send(head(f"POST /?{query} HTTP/1.1", headers), body).read()
    assert answer.status == 200, answer.body
    # Its parameters may stand in any order; the body is signed too.
    turned = "&".join(reversed(query.split("&")))
    assert wire.send(head(f"POST /?{turned} HTTP/1.1", headers), body).read().status == 200
    answer = wire.send(head(f"POST /?{query} HTTP/1.1", headers), b'{"Limit":2}').read()
    assert answer.type == CORAL + "InvalidSignatureException"


def test_faults_of_a_signature_in_the_query(node, wire):
    def ask(secret=None, more_headers=(), **more):
        query, headers = presigned(node, b"{}", secret, **more)
        headers.update(more_headers)
        return wire.send(head(f"POST /?{query} HTTP/1.1", headers), b"{}").read().json

    answer = ask(secret="wrong")
    assert answer["__type"] == CORAL + "InvalidSignatureException"
    answer = ask(more_headers={"Authorization": "AWS4-HMAC-SHA256 x"})
    assert answer["message"] == (
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    )
    answer = ask(**{"X-Amz-Credential": None})
    assert answer["__type"] == CORAL + "IncompleteSignatureException"
    assert answer["message"] == (
        "AWS query-string parameters must include 'X-Amz-Credential'. "
        "Re-examine the query-string parameters."
    )
    answer = ask(**{"X-Amz-Date": "20130609T000000Z", "X-Amz-Expires": "60"})
    assert answer["__type"] == CORAL + "InvalidSignatureException"


def test_base64_and_text_come_back_as_they_went(node, wire, table):
    item = {
        "pk": {"S": "é\u2028\U0001f600\u0000\"\\/"},
        "sk": {"N": "1"},
        "b": {"B": base64.b64encode(bytes(range(256))).decode()},
        "empty": {"S": ""},
        "none": {"B": ""},
    }
    answer = wire.send(whole(node, "PutItem", {"TableName": table, "Item": item})).read()
    assert answer.status == 200
    key = {name: item[name] for name in ("pk", "sk")}
    body = json.dumps({"TableName": table, "Key": key}, ensure_ascii=False).encode()
    assert wire.send(whole(node, "GetItem", body)).read().json == {"Item": item}
