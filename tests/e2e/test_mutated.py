"""Whatever a client sends, it gets an answer: 200 or an error of its own making, never one of ours.

The requests of cases/ are broken at random: members left out, put elsewhere, replaced by parts of other
requests, expressions cut and mended. Each is sent to a live node, which must go on answering and must
end in good order. The seed is printed when it fails; MERIDIAN_SEED repeats it."""

import copy
import json
import os
import random

from case_files import FOLDER, expand, is_cases, prepare
from meridian_node import Node
from wire import Endpoint

REQUESTS = 6000
REQUEST_BYTES_MAX = 5000  # A case that is made to be large says little about shapes.
OPERATIONS = {
    "PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
    "TransactGetItems", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement",
    "ExecuteTransaction",
}  # fmt: skip
SCRAPS = ["", " ", ".", "[0]", "(", ")", "#a", ":v", ",", "AND", "NOT", "=", "<", "size(", "'", '"', "é"]


def requests():
    for path in sorted(FOLDER.glob("*.json")):
        if is_cases(path):
            for case in json.loads(path.read_text()):
                if case["op"] in OPERATIONS and "body" in case:
                    body = expand(case["body"])
                    if len(json.dumps(body)) <= REQUEST_BYTES_MAX:
                        yield case["op"], body


def places(part, path=()):
    """The path of every member and element below."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, child in inner:
        yield path + (name,)
        yield from places(child, path + (name,))


def at(part, path):
    for name in path:
        part = part[name]
    return part


class Breaker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.requests = list(requests())
        self.parts = [at(body, path) for _, body in self.requests for path in places(body)]
        self.texts = [part for part in self.parts if isinstance(part, str)]

    def cut(self, text):
        """Another text in the place of one character, or between two."""
        where = self.random.randrange(len(text) + 1)
        scrap = self.random.choice(SCRAPS + [self.random.choice(self.texts)])
        return text[:where] + scrap + text[where + self.random.randrange(2) :]

    def break_once(self, body):
        paths = list(places(body))
        if not paths:
            return
        path = self.random.choice(paths)
        holder, name = at(body, path[:-1]), path[-1]
        way = self.random.random()
        if way < 0.15:
            del holder[name]
        elif way < 0.45:
            holder[name] = copy.deepcopy(self.random.choice(self.parts))
        elif way < 0.65:
            holder[name] = copy.deepcopy(at(body, self.random.choice(paths)))
        elif way < 0.85 and isinstance(holder[name], str):
            holder[name] = self.cut(holder[name])
        else:
            body.update(copy.deepcopy(self.random.choice(self.requests)[1]))

    def next(self):
        operation, body = self.random.choice(self.requests)
        body = copy.deepcopy(body)
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.break_once(body)
        if self.random.random() < 0.05:
            operation = self.random.choice(self.requests)[0]
        return operation, body


def test_broken_requests_get_answers():
    seed = int(os.environ.get("MERIDIAN_SEED") or random.SystemRandom().getrandbits(32))
    breaker = Breaker(seed)
    seen = {200: 0, 400: 0}
    with Node(flags=["--auth", "off"]) as node:
        endpoint = Endpoint(node)
        prepare(endpoint)
        for number in range(REQUESTS):
            operation, body = breaker.next()
            what = f"MERIDIAN_SEED={seed}, request {number}: {operation} {json.dumps(body)[:2000]}"
            try:
                status, answer = endpoint.call(operation, body)
            except (OSError, ValueError) as error:
                raise AssertionError(f"no answer, {error!r}; {what}\n{node.messages()}") from error
            assert status in seen, (answer, what)
            seen[status] += 1
            if status == 400:
                assert "InternalServerError" not in answer["__type"], what
    assert seen[200] > REQUESTS // 50 and seen[400] > REQUESTS // 2, (seed, seen)
