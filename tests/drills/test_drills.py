"""The drills in short, and the judge of the ledgers against losses made by hand.

A drill that finds nothing proves something only if it would have found it: each kind of loss is put
before the judge here, and powercut.py carries a control of its own.
"""
import json
import time

import pytest

import active
import add_index
import backfill
import drill as drills
import kill9
import ledger as books
import partition
import powercut
import stream_book
import streams
import transfer
import ttl
import ttl_partition


def perform(name, run, **parameters):
    drill = drills.Drill(name)
    try:
        with drill:
            run(drill, **parameters)
    except drills.Skip as reason:
        pytest.skip(str(reason))
    assert not drill.failures, f"MERIDIAN_SEED={drill.seed}: {drill.failures}"
    assert drill.passed > 0


def test_no_acknowledged_write_is_missing_after_five_kills():
    perform("kill9", kill9.run, rounds=5, seconds=(0.2, 0.6))


def test_a_power_cut_loses_nothing_but_what_did_not_wait_for_the_disk():
    perform("powercut", powercut.run, rounds=1, seconds=(0.3, 0.8), regions=1)


def test_regions_agree_after_a_partition_and_list_each_conflict_once():
    perform("partition", partition.run, rounds=2, keys=30)


def test_a_replica_filled_under_writes_equals_its_source():
    perform("backfill", backfill.run, items=5000, rate=500)


@pytest.mark.parametrize("kill", ["home", "away"])
def test_a_replica_is_filled_though_a_region_is_killed_meanwhile(kill):
    perform("backfill", backfill.run, items=15000, rate=300, kill=kill)


@pytest.mark.parametrize("kill", [False, True])
def test_an_index_filled_under_writes_is_the_function_of_its_table(kill):
    perform("add_index", add_index.run, items=10000, rate=300, kill=kill, before=0.3, judge=False)


def test_all_regions_are_equal_after_kills_of_any_of_them():
    perform("kill9", kill9.run, rounds=2, seconds=(0.2, 0.5), regions=3)


def test_no_replica_knows_what_a_power_cut_took_from_its_source():
    perform("powercut", powercut.run, rounds=1, seconds=(0.3, 0.8), regions=2)


def test_regions_that_all_write_agree_whatever_happens_on_the_way():
    perform("active", active.run, rounds=2, seconds=(0.3, 0.8))


def test_no_region_ever_shows_a_part_of_a_transfer_and_each_is_made_once():
    perform("transfer", transfer.run, rounds=2, seconds=(0.3, 0.8))


def test_items_that_expire_are_gone_in_time_and_no_others():
    perform("ttl", ttl.run, items=20000, rate=200, spread=5, within=20, judge=False)


def test_a_refresh_beats_an_expiry_behind_a_cut_link():
    perform("ttl_partition", ttl_partition.run, rounds=1, rows=12)


# --- The judge -----------------------------------------------------------------------------------


def attempt(number, write, start, end=None, absent=False, refused=False):
    made = books.Attempt(number, write, absent, start)
    made.refused = refused
    if end is not None:
        made.sure, made.end = True, end
    return made


def items_of(rows, counts=()):
    return ([json.loads(books.item_json(number, write)) for number, write in rows.items()] +
            [{**books.counter_key(number), "n": {"N": str(n)}, "m": {"N": str(n)}}
             for number, n in dict(counts).items()])


def judge(attempts, items, before=None, sightings=(), additions=(), counts_seen=()):
    baseline = books.Baseline()
    baseline.writes = dict(before or {})
    ledger = books.Ledger()
    ledger.attempts, ledger.sightings = list(attempts), list(sightings)
    ledger.additions, ledger.counts_seen = list(additions), list(counts_seen)
    return baseline.judge(ledger, items)


def test_the_judge_takes_the_last_acknowledged_write_and_any_later_attempt():
    writes = [attempt(1, "a", 1, 2), attempt(1, "b", 3)]
    assert not judge(writes, items_of({1: "a"})).problems()
    assert not judge(writes, items_of({1: "b"})).problems()


def test_the_judge_takes_either_of_two_writes_that_overlapped():
    writes = [attempt(1, "a", 1, 4), attempt(1, "b", 2, 3)]
    assert not judge(writes, items_of({1: "a"})).problems()
    assert not judge(writes, items_of({1: "b"})).problems()


def test_the_judge_misses_an_acknowledged_write_whose_row_is_gone():
    assert judge([attempt(1, "a", 1, 2)], []).missing


def test_the_judge_misses_an_acknowledged_write_that_an_older_one_stands_for():
    assert judge([attempt(1, "a", 1, 2), attempt(1, "b", 3, 4)], items_of({1: "a"})).missing
    assert judge([attempt(1, "b", 3, 4)], items_of({1: "before"}), before={1: "before"}).missing


def test_the_judge_misses_an_acknowledged_delete():
    writes = [attempt(1, "a", 1, 2), attempt(1, "b", 3, 4, absent=True)]
    assert judge(writes, items_of({1: "a"})).missing
    assert not judge(writes, []).problems()


def test_the_judge_holds_what_a_read_has_shown():
    writes = [attempt(1, "a", 1)]
    assert not judge(writes, []).problems()
    assert judge(writes, [], sightings=[(1, "a", 2)]).missing


def test_the_judge_knows_a_stranger_and_a_refused_write():
    assert judge([], items_of({1: "nobody"})).foreign
    assert judge([attempt(1, "a", 1, refused=True)], items_of({1: "a"})).foreign
    assert judge([], items_of({1: "x"}), before={1: "x"}, sightings=[(1, "y", 1)]).foreign


def test_the_judge_sees_a_torn_item():
    items = items_of({1: "a"})
    items[0]["p"]["S"] = items[0]["p"]["S"][:-1]
    assert judge([attempt(1, "a", 1, 2)], items).torn
    torn = items_of({}, {2: 5})
    torn[0]["m"]["N"] = "4"
    assert judge([], torn, additions=[(2, True, False)] * 5).torn


def test_the_judge_counts_additions():
    tried = [(2, True, False)] * 3 + [(2, False, False)] + [(2, False, True)]
    assert not judge([], items_of({}, {2: 3}), additions=tried).problems()
    assert not judge([], items_of({}, {2: 4}), additions=tried).problems()
    assert judge([], items_of({}, {2: 2}), additions=tried).missing
    assert judge([], items_of({}, {2: 5}), additions=tried).foreign
    assert judge([], items_of({}, {2: 3}), additions=tried, counts_seen=[(2, 4)]).missing


def test_waiting_ends_at_its_deadline():
    started = time.monotonic()
    with pytest.raises(drills.Broken, match="never: not within 0.05 s"):
        drills.wait_for("never", lambda: False, 0.05)
    assert time.monotonic() - started < 5

def test_every_change_is_in_the_streams_once_whatever_happens():
    perform("streams", streams.run, seconds=4.0, processes=2, connections=40)


def changed(number, key, old, new):
    """A record of a stream."""
    images = {name: {"pk": {"S": key}, "w": {"S": value}}
              for name, value in (("OldImage", old), ("NewImage", new)) if value is not None}
    event = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    return {"eventName": event,
            "dynamodb": {"SequenceNumber": str(number), "Keys": {"pk": {"S": key}}, **images}}


STREAM = [changed(1, "a", None, "1"), changed(2, "b", None, "2"), changed(3, "a", "1", "3"),
          changed(4, "b", "2", None), changed(5, "a", "3", "4"), changed(6, "b", None, "5")]


def test_the_judge_of_streams_passes_a_whole_one():
    table, wrong = stream_book.rebuild(STREAM)
    assert not wrong and {item["w"]["S"] for item in table.values()} == {"4", "5"}
    assert stream_book.unwind(STREAM, table) == ({}, [])


@pytest.mark.parametrize("name, records", [
    ("a record is missing", STREAM[:2] + STREAM[3:]),
    ("a removal is missing", STREAM[:3] + STREAM[4:]),
    ("a record is there twice", STREAM[:3] + STREAM[2:]),
    ("two records of an item are swapped", STREAM[:2] + [STREAM[4], STREAM[3], STREAM[2]] + STREAM[5:]),
    ("a change that changes nothing", STREAM + [changed(7, "a", "4", "4")]),
    ("an event has the wrong name", STREAM + [{**changed(7, "a", "4", "6"), "eventName": "INSERT"}]),
])
def test_the_judge_of_streams_finds(name, records):
    _, wrong = stream_book.rebuild(records)
    assert wrong, name


def test_the_judge_of_streams_finds_what_lies_in_the_wrong_shard():
    class Shards(stream_book.Reader):
        def __init__(self):
            super().__init__(None, "arn")
            for name, parent, start, numbers in (("s1", None, 1, (1, 2)), ("s2", "s1", 3, (3, 2))):
                shard = stream_book.Shard({"ShardId": name, "ParentShardId": parent,
                                           "SequenceNumberRange": {"StartingSequenceNumber": start}})
                shard.records = [(number, f"event{number}", None) for number in numbers]
                self.shards[name] = shard
    wrong = stream_book.judge_shards(Shards())
    assert any("do not rise" in text for text in wrong) and any("event2" in text for text in wrong)
