"""Signed DynamoDB requests over raw keep-alive sockets: one at a time (Api), or one per connection on
many connections at once from one thread (Fleet). An SDK spends a millisecond of CPU on a request; to
keep hundreds of writes in flight on a small machine this must cost some tens of microseconds.
"""
import hashlib
import hmac
import json
import select
import socket
import time
import urllib.request

from drill import KEY, SECRET

ANSWER_SECONDS_MAX = 60


class Failure(Exception):
    """The service said no: `name` is AWS's, such as ConditionalCheckFailedException."""

    def __init__(self, status, body):
        try:
            answer = json.loads(body)
        except ValueError:
            answer = {}
        self.status = status
        self.name = answer.get("__type", "").rsplit("#", 1)[-1]
        super().__init__(f"{status} {self.name}: {answer.get('message', answer.get('Message', ''))}")


class Closed(Exception):
    """The connection ended before the whole answer was there."""


class Signer:
    """Signature Version 4 with everything cached that can be."""

    def __init__(self, host, region, service="DynamoDB_20120810"):
        self.host = host
        self.service = service
        self.region = region
        self.second = None

    def _tick(self, now):
        self.second = now
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        scope = f"{moment[:8]}/{self.region}/dynamodb/aws4_request"
        key = b"AWS4" + SECRET.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.key = key
        self.moment = moment
        self.to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n"
        self.before_body = (f"host:{self.host}\nx-amz-date:{moment}\nx-amz-target:"
                            f"{self.service}.%s\n\nhost;x-amz-date;x-amz-target\n%s")
        self.head = (f"POST / HTTP/1.1\r\nHost: {self.host}\r\nX-Amz-Date: {moment}\r\n"
                     f"X-Amz-Target: {self.service}.%s\r\n"
                     "Content-Type: application/x-amz-json-1.0\r\n"
                     f"Authorization: AWS4-HMAC-SHA256 Credential={KEY}/{scope}, "
                     "SignedHeaders=host;x-amz-date;x-amz-target, Signature=%s\r\n"
                     "Content-Length: %d\r\n\r\n")

    def request(self, operation, body):
        now = int(time.time())
        if now != self.second:
            self._tick(now)
        canonical = "POST\n/\n\n" + self.before_body % (operation, hashlib.sha256(body).hexdigest())
        to_sign = self.to_sign + hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.digest(self.key, to_sign.encode(), "sha256").hex()
        return (self.head % (operation, signature, len(body))).encode() + body


def split_address(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


def take_answer(received):
    """(status, body) off the front of a bytearray, or None while it is not whole."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    at = head.index(b"content-length:") + len(b"content-length:")
    line_end = head.find(b"\r", at)
    size = int(head[at:line_end if line_end >= 0 else len(head)])
    if len(received) < end + 4 + size:
        return None
    body = bytes(received[end + 4:end + 4 + size])
    del received[:end + 4 + size]
    return int(head[9:12]), body


class Api:
    """One connection, one request at a time. `call` raises Failure and Closed."""

    def __init__(self, address, region, service="DynamoDB_20120810"):
        self.address = address
        self.signer = Signer(address, region, service)
        self.socket = None

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def raw(self, operation, body):
        """(status, body) of the answer, whatever it says."""
        try:
            if self.socket is None:
                self.socket = socket.create_connection(split_address(self.address),
                                                       timeout=ANSWER_SECONDS_MAX)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.sendall(self.signer.request(operation, body))
            received = bytearray()
            while True:
                answer = take_answer(received)
                if answer is not None:
                    return answer
                more = self.socket.recv(1 << 18)
                if not more:
                    raise Closed(f"{self.address} closed the connection")
                received += more
        except OSError as reason:
            self.close()
            raise Closed(f"{self.address}: {reason}") from reason

    def call(self, operation, **request):
        status, body = self.raw(operation, json.dumps(request).encode())
        if status != 200:
            raise Failure(status, body)
        return json.loads(body)

    def scan(self, table):
        """All items, page by page."""
        after = {}
        while True:
            page = self.call("Scan", TableName=table, ConsistentRead=True, **after)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def table_status(self, table):
        """TableStatus, or None when there is no such table."""
        try:
            return self.call("DescribeTable", TableName=table)["Table"]["TableStatus"]
        except Failure as failure:
            if failure.name != "ResourceNotFoundException":
                raise
            return None


class Fleet:
    """A closed loop on many connections in one thread.

    next() gives (operation, body, tag) or None when it has nothing more to send, for good;
    answered(tag, status, body) takes the answer. run() ends when every connection has ended: for want
    of work, or because the server has closed it. `lost` counts the latter.
    """

    def __init__(self, address, region, connections, next_request, answered):
        self.signer = Signer(address, region)
        self.next_request = next_request
        self.answered = answered
        self.lost = 0
        self.poll = select.epoll()
        self.connections = {}  # socket, received, to send, tag, waits until it can send
        for _ in range(connections):
            link = socket.create_connection(split_address(address), timeout=ANSWER_SECONDS_MAX)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.setblocking(False)
            self.connections[link.fileno()] = [link, bytearray(), b"", None, False]
            self.poll.register(link.fileno(), select.EPOLLIN)

    def run(self):
        for number in list(self.connections):
            self._send_next(number)
        while self.connections:
            for number, events in self.poll.poll(1.0):
                if events & select.EPOLLOUT and number in self.connections:
                    self._flush(number)
                if events & ~select.EPOLLOUT and number in self.connections:
                    self._receive(number)
        self.poll.close()

    def _end(self, number, lost):
        self.lost += lost
        self.connections.pop(number)[0].close()  # Which takes it out of the epoll set as well.

    def _send_next(self, number):
        request = self.next_request()
        if request is None:
            self._end(number, lost=False)
            return
        operation, body, tag = request
        connection = self.connections[number]
        connection[2] = self.signer.request(operation, body)
        connection[3] = tag
        self._flush(number)

    def _flush(self, number):
        connection = self.connections[number]
        try:
            sent = connection[0].send(connection[2])
        except BlockingIOError:
            sent = 0
        except OSError:
            self._end(number, lost=True)
            return
        connection[2] = connection[2][sent:]
        if bool(connection[2]) != connection[4]:
            connection[4] = not connection[4]
            self.poll.modify(number, select.EPOLLIN | (select.EPOLLOUT if connection[4] else 0))

    def _receive(self, number):
        connection = self.connections[number]
        try:
            more = connection[0].recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self._end(number, lost=True)
            return
        connection[1] += more
        answer = take_answer(connection[1])
        if answer is not None:
            tag, connection[3] = connection[3], None
            self.answered(tag, *answer)
            self._send_next(number)


def admin(address, path, body=None):
    """GET, or POST with a JSON body, on the admin endpoint; the parsed answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{address}{path}", data=data)
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:
        return json.load(answer)
