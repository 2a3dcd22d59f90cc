"""What was tried and what was answered, and what a table may therefore hold after a crash.

Writers note a write before they send it, with the time, and note its answer, with the time. Clocks are
CLOCK_MONOTONIC, one for all processes. Of a write that was never answered it is not known whether it
happened. From that follows what a row may hold:

  * the outcome of a write that was tried (or the row as it was before), whole: every item can be
    derived from its key and the id of the write, so a torn one shows;
  * and not of a write that an acknowledged one must have replaced: if w was over (answered, or seen by
    a read that was answered) before v was sent, and v was acknowledged or seen, then the row is not w's.

A write that a read has shown counts as acknowledged: a read may not show what a crash can take back.
Deletes are writes whose outcome is "no item". A write that was refused must not have happened.

Counters (ADD n 1, ADD m 1) must lie between the additions acknowledged and the additions tried.
"""
import hashlib
import json
import zlib

NEVER = float("inf")
ABSENT = "absent"
ITEM_SIZES = ((60, 20, 300), (30, 300, 1500), (9, 1500, 8000), (1, 20000, 60000))  # percent, bytes


def key_of(number):
    """Rows share partition keys, eight to one."""
    return {"pk": {"S": f"user#{number // 8}"}, "sk": {"N": str(number % 8)}}


def counter_key(number):
    return {"pk": {"S": f"counter#{number}"}, "sk": {"N": "0"}}


def number_of(item):
    """(is a counter, number) of an item's key."""
    kind, number = item["pk"]["S"].split("#")
    if kind == "counter":
        return True, int(number)
    return False, int(number) * 8 + int(item["sk"]["N"])


def attributes_of(number, write):
    """What write `write` stores in row `number`, but for the key."""
    digest = hashlib.sha256(f"{number}/{write}".encode()).hexdigest()
    chance = int(digest[:8], 16)
    percent, within = chance % 100, chance // 100
    for share, least, most in ITEM_SIZES:
        if percent < share:
            size = least + within % (most - least)
            break
        percent -= share
    payload = (digest * (size // len(digest) + 1))[:size]
    checksum = zlib.crc32(f"{number}/{write}/{payload}".encode())
    return {"w": {"S": write}, "p": {"S": payload}, "c": {"N": str(checksum)},
            "t": {"M": {"w": {"S": write}, "l": {"L": [{"N": str(size)}, {"BOOL": True}]}}}}


def item_json(number, write):
    return json.dumps({**key_of(number), **attributes_of(number, write)})


def is_whole(item):
    """Is the item, byte for byte, what its write has made?"""
    is_counter, number = number_of(item)
    if is_counter:
        return set(item) == {"pk", "sk", "n", "m"} and item["n"] == item["m"]
    return "w" in item and item == {**key_of(number), **attributes_of(number, item["w"]["S"])}


class Attempt:
    """One write of one row. `end`: when it was surely over. `sure`: it happened. `refused`: it did not."""

    __slots__ = ("number", "write", "absent", "start", "end", "sure", "refused")

    def __init__(self, number, write, absent, start):
        self.number = number
        self.write = write
        self.absent = absent
        self.start = start
        self.end = NEVER
        self.sure = False
        self.refused = False

    def __getstate__(self):
        return tuple(getattr(self, name) for name in self.__slots__)

    def __setstate__(self, state):
        for name, value in zip(self.__slots__, state):
            setattr(self, name, value)


class Ledger:
    """Of one writer, or of several joined."""

    def __init__(self):
        self.attempts = []
        self.sightings = []  # (row, write id or ABSENT, when the answer was there)
        self.additions = []  # (counter, acknowledged, refused)
        self.counts_seen = []  # (counter, n)
        self.problems = []   # What was wrong already while it ran.
        self.acknowledged = 0

    def join(self, other):
        for name in ("attempts", "sightings", "additions", "counts_seen", "problems"):
            getattr(self, name).extend(getattr(other, name))
        self.acknowledged += other.acknowledged


class Verdict:
    def __init__(self):
        self.missing = []  # Acknowledged writes that are not there.
        self.torn = []
        self.foreign = []  # Rows that nobody wrote, or that were refused.

    def problems(self):
        return self.missing + self.torn + self.foreign


class Baseline:
    """The table as it was found last: rows and counters."""

    def __init__(self):
        self.writes = {}
        self.counts = {}

    def judge(self, ledger, items):
        """Hold what a scan found against the ledger. The scan becomes the new baseline."""
        verdict = Verdict()
        found, counts = {}, {}
        for item in items:
            is_counter, number = number_of(item)
            where = counts if is_counter else found
            if number in where:
                verdict.foreign.append(f"{item['pk']} {item['sk']} was found twice")
            if not is_whole(item):
                verdict.torn.append(f"torn: {json.dumps(item)[:300]}")
            where[number] = int(item["n"]["N"]) if is_counter else item.get("w", {}).get("S", "?")
        self._judge_rows(ledger, found, verdict)
        self._judge_counts(ledger, counts, verdict)
        self.writes, self.counts = found, counts
        return verdict

    def _judge_rows(self, ledger, found, verdict):
        rows = {number: [] for number in (*self.writes, *found)}
        by_write = {}
        for attempt in ledger.attempts:
            rows.setdefault(attempt.number, []).append(attempt)
            by_write[attempt.number, attempt.write] = attempt
        for number, write, when in ledger.sightings:
            attempt = by_write.get((number, write))
            if attempt is not None:
                attempt.sure = True
                attempt.end = min(attempt.end, when)
                if attempt.refused:
                    verdict.foreign.append(f"row {number}: {write} was refused, and then read")
            elif write != ABSENT and self.writes.get(number) != write:
                verdict.foreign.append(f"row {number}: a read showed {write}, which nobody wrote")
        for number, attempts in rows.items():
            self._judge_row(number, attempts, found.get(number), verdict)

    def _judge_row(self, number, attempts, found, verdict):
        """`found`: the write whose item is there, or None."""
        newest_sure = max((a for a in attempts if a.sure), key=lambda a: a.start, default=None)
        least_end = newest_sure.start if newest_sure else -1.0
        candidates = [a for a in attempts if (a.absent if found is None else a.write == found)]
        if self.writes.get(number) == found:  # Also when there was none and is none.
            before = Attempt(number, found or ABSENT, found is None, -2.0)
            before.end = -1.5
            if newest_sure is None:
                return
            candidates.append(before)
        if not candidates:
            if found is not None:
                verdict.foreign.append(f"row {number} holds {found}, which nobody wrote")
            else:
                verdict.missing.append(f"row {number} is gone and nobody deleted it: last "
                                       f"acknowledged {newest_sure and newest_sure.write}")
        elif all(a.refused for a in candidates):
            verdict.foreign.append(f"row {number} holds {found}, which was refused")
        elif not any(a.end >= least_end and not a.refused for a in candidates):
            verdict.missing.append(f"row {number} holds {found or 'nothing'}, but {newest_sure.write} "
                                   "was acknowledged and sent after that was over")

    def _judge_counts(self, ledger, counts, verdict):
        for number in {*self.counts, *counts, *(a[0] for a in ledger.additions)}:
            before = self.counts.get(number, 0)
            mine = [a for a in ledger.additions if a[0] == number]
            least = before + sum(acknowledged for _, acknowledged, _ in mine)
            least = max([least, *(n for counter, n in ledger.counts_seen if counter == number)])
            most = before + sum(not refused for _, _, refused in mine)
            n = counts.get(number, 0)
            if n < least:
                verdict.missing.append(f"counter {number} is {n}, acknowledged or seen {least}")
            elif n > most:
                verdict.foreign.append(f"counter {number} is {n}, tried {most}")
