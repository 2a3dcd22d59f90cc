"""A client of our own that signs requests (Signature Version 4), so that it can sign them wrongly."""

import datetime
import hashlib
import hmac
import http.client
import json
import zlib


def stamp(moment=None):
    moment = moment or datetime.datetime.now(datetime.timezone.utc)
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret, date, region, service, to_sign):
    key = _hmac(("AWS4" + secret).encode(), date[:8])
    for part in (region, service, "aws4_request"):
        key = _hmac(key, part)
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


class Request:
    """What a test may change before it is signed or sent."""

    def __init__(self, node, operation="ListTables", body="{}"):
        self.node = node
        self.body = body.encode() if isinstance(body, str) else body
        self.region = node.region
        self.service = "dynamodb"
        self.key_id, self.secret = node.credentials()
        self.path = "/"
        self.headers = {
            "host": node.addresses["http"],
            "x-amz-date": stamp(),
            "x-amz-target": "DynamoDB_20120810." + operation,
            "content-type": "application/x-amz-json-1.0",
        }
        self.signed_names = None  # All of them.

    def scope(self):
        return "/".join((self.headers["x-amz-date"][:8], self.region, self.service, "aws4_request"))

    def names(self):
        return self.signed_names or sorted(set(self.headers) - {"authorization"})

    def canonical(self):
        names = self.names()
        payload = self.headers.get("x-amz-content-sha256", hashlib.sha256(self.body).hexdigest())
        return "\n".join(
            ["POST", "/", ""]
            + [f"{name}:{' '.join(self.headers[name].split())}" for name in names]
            + ["", ";".join(names), payload]
        )

    def to_sign(self, canonical):
        return "\n".join(
            [
                "AWS4-HMAC-SHA256",
                self.headers["x-amz-date"],
                self.scope(),
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )

    def sign(self):
        names = self.names()
        to_sign = self.to_sign(self.canonical())
        made = signature(
            self.secret, self.headers["x-amz-date"], self.region, self.service, to_sign
        )
        self.headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key_id}/{self.scope()}, "
            f"SignedHeaders={';'.join(names)}, Signature={made}"
        )
        return self

    def send(self):
        connection = http.client.HTTPConnection(self.node.host, self.node.port, timeout=20)
        try:
            connection.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.putheader("content-length", str(len(self.body)))
            connection.endheaders(self.body)
            return Answer(connection.getresponse())
        finally:
            connection.close()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.bytes = response.read()
        if "x-amz-crc32" in self.headers:
            assert int(self.headers["x-amz-crc32"]) == zlib.crc32(self.bytes)

    @property
    def json(self):
        return json.loads(self.bytes)

    @property
    def type(self):
        return self.json["__type"]

    @property
    def message(self):
        return self.json.get("message", self.json.get("Message"))


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, answer):
        self.code = answer.type.rpartition("#")[2]
        self.message = answer.message
        super().__init__(f"{self.code}: {self.message}")


class Client:
    """Signed requests with every member of the API, which an older SDK does not let through: client.create_table(…)."""

    def __init__(self, node):
        self.node = node

    def __getattr__(self, name):
        operation = "".join(part.capitalize() for part in name.split("_"))

        def call(**body):
            answer = Request(self.node, operation, json.dumps(body)).sign().send()
            if answer.status != 200:
                raise Refused(answer)
            return answer.json if answer.bytes else {}

        return call
