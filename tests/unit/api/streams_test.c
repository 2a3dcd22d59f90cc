/* Goal: streams as the API shows them, above all what depends on time: iterators and records that
 * expire, shards that roll. Method: a node without sockets whose clock the test moves. */
#include "tests/unit/api/fixture.h"

#include "storage/stream/stream.h"

#include <criterion/criterion.h>

#define LABEL "2026-11-22T07:34:06.049"
#define ARN "arn:aws:dynamodb:us-east-1:123456789012:table/abc/stream/" LABEL
#define UNKNOWN "NOT_FOUND: Requested resource not found: Stream: " ARN " not found"

enum { HOUR_MS = 60 * 60 * 1000 };

static void streams_table(struct fixture *fixture, const char *view)
{
    const char *request = fixture_printf(
        fixture,
        "{'TableName':'abc','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':"
        "[{'AttributeName':'pk','AttributeType':'S'}],'KeySchema':[{'AttributeName':'pk',"
        "'KeyType':'HASH'}],'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'%s'}}",
        view);
    struct answer answer = fixture_call(fixture, "CreateTable", request);
    cr_assert(answer.ok, "%s", answer.text);
    cr_assert_not_null(strstr(answer.text, "\"LatestStreamArn\":\"" ARN "\""), "%s", answer.text);
}

static void streams_put(struct fixture *fixture, const char *key, const char *value)
{
    struct answer answer = fixture_call(
        fixture, "PutItem",
        fixture_printf(fixture, "{'TableName':'abc','Item':{'pk':{'S':'%s'},'v':{'S':'%s'}}}", key,
                       value));
    cr_assert(answer.ok, "%s", answer.text);
}

/* The text behind the nth "name":" of an answer; NULL when there is none. */
static const char *
streams_member(struct fixture *fixture, const char *answer, const char *name, uint32_t nth)
{
    const char *mark = fixture_printf(fixture, "\"%s\":\"", name);
    const char *at = answer;
    for (uint32_t i = 0; i <= nth; i++) {
        at = strstr(at, mark);
        if (at == NULL) {
            return NULL;
        }
        at += strlen(mark);
    }
    return fixture_printf(fixture, "%.*s", (int)strcspn(at, "\""), at);
}

static const char *streams_shard(struct fixture *fixture, uint32_t nth)
{
    struct answer answer = fixture_call(fixture, "DescribeStream", "{'StreamArn':'" ARN "'}");
    cr_assert(answer.ok, "%s", answer.text);
    return streams_member(fixture, answer.text, "ShardId", nth);
}

static struct answer
streams_start(struct fixture *fixture, const char *shard, const char *type, const char *number)
{
    const char *more =
        number == NULL ? "" : fixture_printf(fixture, ",'SequenceNumber':'%s'", number);
    return fixture_call(
        fixture, "GetShardIterator",
        fixture_printf(fixture, "{'StreamArn':'" ARN "','ShardId':'%s','ShardIteratorType':'%s'%s}",
                       shard, type, more));
}

static const char *streams_from(struct fixture *fixture, const char *shard, const char *type)
{
    struct answer answer = streams_start(fixture, shard, type, NULL);
    cr_assert(answer.ok, "%s", answer.text);
    return streams_member(fixture, answer.text, "ShardIterator", 0);
}

static struct answer streams_read(struct fixture *fixture, const char *iterator, uint32_t limit)
{
    return fixture_call(
        fixture, "GetRecords",
        fixture_printf(fixture, "{'ShardIterator':'%s','Limit':%u}", iterator, limit));
}

static uint32_t streams_count(const char *answer, const char *what)
{
    uint32_t count = 0;
    for (const char *at = strstr(answer, what); at != NULL; at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

static void streams_refused(struct answer answer, enum error_code code, const char *text)
{
    cr_assert_not(answer.ok, "%s", answer.text);
    cr_assert_eq(answer.code, code, "%s", answer.text);
    cr_assert_str_eq(answer.text, text);
}

Test(streams, a_record_is_as_the_service_writes_it)
{
    struct fixture *fixture = fixture_open();
    streams_table(fixture, "NEW_AND_OLD_IMAGES");
    streams_put(fixture, "a", "one");
    streams_put(fixture, "a", "three");
    const char *iterator = streams_from(fixture, streams_shard(fixture, 0), "TRIM_HORIZON");
    struct answer answer = streams_read(fixture, iterator, 1000);
    cr_assert(answer.ok, "%s", answer.text);
    const char *id = streams_member(fixture, answer.text, "eventID", 1);
    cr_assert_eq(strlen(id), 32);
    cr_assert_eq(strspn(id, "0123456789abcdef"), 32);
    cr_assert_str_neq(id, streams_member(fixture, answer.text, "eventID", 0));
    const char *number = streams_member(fixture, answer.text, "SequenceNumber", 1);
    cr_assert_eq(strlen(number), 21);
    cr_assert_gt(strcmp(number, streams_member(fixture, answer.text, "SequenceNumber", 0)), 0);
    const char *wanted = fixture_printf(
        fixture,
        "{\"eventID\":\"%s\",\"eventName\":\"MODIFY\",\"eventVersion\":\"1.1\",\"eventSource\":"
        "\"aws:dynamodb\",\"awsRegion\":\"us-east-1\",\"dynamodb\":{"
        "\"ApproximateCreationDateTime\":1795332846,\"Keys\":{\"pk\":{\"S\":\"a\"}},"
        "\"NewImage\":{\"pk\":{\"S\":\"a\"},\"v\":{\"S\":\"three\"}},"
        "\"OldImage\":{\"pk\":{\"S\":\"a\"},\"v\":{\"S\":\"one\"}},\"SequenceNumber\":\"%s\","
        "\"SizeBytes\":19,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}}",
        id, number);
    cr_assert_not_null(strstr(answer.text, wanted), "%s\nhas no\n%s", answer.text, wanted);
    struct answer again = streams_read(fixture, iterator, 1000);
    cr_assert_str_eq(streams_member(fixture, again.text, "eventID", 1), id,
                     "an iterator is lasting");
    fixture_close(fixture);
}

Test(streams, views_show_what_they_say)
{
    static const struct {
        const char *view;
        uint32_t new_images, old_images;
    } rows[] = {
        {"KEYS_ONLY", 0, 0},
        {"NEW_IMAGE", 2, 0},
        {"OLD_IMAGE", 0, 2},
        {"NEW_AND_OLD_IMAGES", 2, 2},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct fixture *fixture = fixture_open();
        streams_table(fixture, rows[i].view);
        streams_put(fixture, "a", "one");
        streams_put(fixture, "a", "two");
        streams_put(fixture, "a", "two");
        cr_assert(
            fixture_call(fixture, "DeleteItem", "{'TableName':'abc','Key':{'pk':{'S':'a'}}}").ok);
        struct answer answer = streams_read(
            fixture, streams_from(fixture, streams_shard(fixture, 0), "TRIM_HORIZON"), 1000);
        cr_assert(answer.ok, "%s", answer.text);
        cr_expect_eq(streams_count(answer.text, "\"eventID\""), 3, "%s", answer.text);
        cr_expect_eq(streams_count(answer.text, "\"NewImage\""), rows[i].new_images, "%s",
                     rows[i].view);
        cr_expect_eq(streams_count(answer.text, "\"OldImage\""), rows[i].old_images, "%s",
                     rows[i].view);
        cr_expect_eq(streams_count(answer.text, "\"StreamViewType\":\""), 3);
        fixture_close(fixture);
    }
}

Test(streams, iterators_start_where_they_say)
{
    struct fixture *fixture = fixture_open();
    streams_table(fixture, "KEYS_ONLY");
    streams_put(fixture, "a", "one");
    streams_put(fixture, "b", "two");
    const char *shard = streams_shard(fixture, 0);
    const char *latest = streams_from(fixture, shard, "LATEST");
    streams_put(fixture, "c", "three");
    struct answer all = streams_read(fixture, streams_from(fixture, shard, "TRIM_HORIZON"), 1000);
    cr_assert_eq(streams_count(all.text, "\"eventID\""), 3, "%s", all.text);
    const char *second = streams_member(fixture, all.text, "SequenceNumber", 1);
    struct answer at = streams_start(fixture, shard, "AT_SEQUENCE_NUMBER", second);
    struct answer after = streams_start(fixture, shard, "AFTER_SEQUENCE_NUMBER", second);
    at = streams_read(fixture, streams_member(fixture, at.text, "ShardIterator", 0), 1000);
    after = streams_read(fixture, streams_member(fixture, after.text, "ShardIterator", 0), 1000);
    cr_expect_eq(streams_count(at.text, "\"eventID\""), 2, "%s", at.text);
    cr_expect_eq(streams_count(after.text, "\"eventID\""), 1, "%s", after.text);
    struct answer newest = streams_read(fixture, latest, 1000);
    cr_expect_eq(streams_count(newest.text, "\"eventID\""), 1, "%s", newest.text);
    struct answer one = streams_read(fixture, streams_from(fixture, shard, "TRIM_HORIZON"), 1);
    cr_expect_eq(streams_count(one.text, "\"eventID\""), 1, "%s", one.text);
    one = streams_read(fixture, streams_member(fixture, one.text, "NextShardIterator", 0), 1000);
    cr_expect_eq(streams_count(one.text, "\"eventID\""), 2, "%s", one.text);
    streams_refused(streams_start(fixture, shard, "AT_SEQUENCE_NUMBER", "100000000000000000001"),
                    ERROR_VALIDATION, "Invalid SequenceNumber for the shard");
    streams_refused(streams_start(fixture, shard, "AT_SEQUENCE_NUMBER", "199999999999999999999"),
                    ERROR_VALIDATION, "Invalid SequenceNumber for the shard");
    streams_refused(streams_start(fixture, "shardId-00000001795332846049-ffffffff", "LATEST", NULL),
                    ERROR_NOT_FOUND, "Requested resource not found: Shard does not exist");
    fixture_close(fixture);
}

Test(streams, an_iterator_expires_after_a_quarter_of_an_hour)
{
    struct fixture *fixture = fixture_open();
    streams_table(fixture, "KEYS_ONLY");
    const char *iterator = streams_from(fixture, streams_shard(fixture, 0), "TRIM_HORIZON");
    fixture->now_ms += STREAM_ITERATOR_MS;
    struct answer answer = streams_read(fixture, iterator, 1000);
    cr_assert(answer.ok, "%s", answer.text);
    fixture->now_ms++;
    streams_refused(streams_read(fixture, iterator, 1000), ERROR_EXPIRED_ITERATOR,
                    "The provided iterator exceeds the maximum age allowed.");
    const char *next = streams_member(fixture, answer.text, "NextShardIterator", 0);
    cr_assert(streams_read(fixture, next, 1000).ok, "the next one is younger");
    fixture_close(fixture);
}

Test(streams, what_has_expired_is_said)
{
    struct fixture *fixture = fixture_open();
    streams_table(fixture, "KEYS_ONLY");
    streams_put(fixture, "a", "one");
    streams_put(fixture, "b", "two");
    const char *shard = streams_shard(fixture, 0);
    struct answer first = streams_read(fixture, streams_from(fixture, shard, "TRIM_HORIZON"), 1);
    const char *number = streams_member(fixture, first.text, "SequenceNumber", 0);
    fixture->now_ms += STREAM_RETENTION_MS - 5000;
    struct answer before = streams_start(fixture, shard, "AFTER_SEQUENCE_NUMBER", number);
    cr_assert(before.ok, "%s", before.text);
    fixture->now_ms += 10000;
    streams_put(fixture, "c", "three");
    const char *oldest = streams_from(fixture, shard, "TRIM_HORIZON");
    const char *behind = streams_member(fixture, before.text, "ShardIterator", 0);
    static const char gone[] =
        "The operation attempted to read past the oldest stream record in a shard";
    streams_refused(streams_read(fixture, behind, 1000), ERROR_TRIMMED, gone);
    streams_refused(streams_start(fixture, shard, "AT_SEQUENCE_NUMBER", number), ERROR_TRIMMED,
                    gone);
    struct answer rest = streams_read(fixture, oldest, 1000);
    cr_assert(rest.ok, "%s", rest.text);
    cr_assert_eq(streams_count(rest.text, "\"eventID\""), 1, "%s", rest.text);
    fixture_close(fixture);
}

Test(streams, a_rolled_shard_ends_and_its_child_goes_on)
{
    struct fixture *fixture = fixture_open();
    struct error err = {0};
    streams_table(fixture, "KEYS_ONLY");
    streams_put(fixture, "a", "one");
    fixture->now_ms += STREAM_SHARD_MS;
    cr_assert(stream_tick(fixture->node.store, &err), "%s", err.text);
    streams_put(fixture, "a", "two");
    const char *parent = streams_shard(fixture, 0);
    const char *child = streams_shard(fixture, 1);
    cr_assert(child != NULL && streams_shard(fixture, 2) == NULL);
    struct answer described = fixture_call(fixture, "DescribeStream", "{'StreamArn':'" ARN "'}");
    cr_assert_str_eq(streams_member(fixture, described.text, "ParentShardId", 0), parent);
    struct answer old = streams_read(fixture, streams_from(fixture, parent, "TRIM_HORIZON"), 1000);
    cr_assert_eq(streams_count(old.text, "\"eventID\""), 1, "%s", old.text);
    cr_assert_null(strstr(old.text, "NextShardIterator"), "%s", old.text);
    struct answer now = streams_read(fixture, streams_from(fixture, child, "TRIM_HORIZON"), 1000);
    cr_assert_eq(streams_count(now.text, "\"eventID\""), 1, "%s", now.text);
    cr_assert_not_null(strstr(now.text, "NextShardIterator"), "%s", now.text);
    const char *page = fixture_printf(fixture, "{'StreamArn':'" ARN "','Limit':1}");
    struct answer first = fixture_call(fixture, "DescribeStream", page);
    cr_assert_str_eq(streams_member(fixture, first.text, "LastEvaluatedShardId", 0), parent);
    page = fixture_printf(fixture, "{'StreamArn':'" ARN "','ExclusiveStartShardId':'%s'}", parent);
    struct answer second = fixture_call(fixture, "DescribeStream", page);
    cr_assert_str_eq(streams_member(fixture, second.text, "ShardId", 0), child);
    cr_assert_null(strstr(second.text, "LastEvaluatedShardId"));
    struct answer children = fixture_call(
        fixture, "DescribeStream",
        fixture_printf(fixture,
                       "{'StreamArn':'" ARN "','ShardFilter':{'Type':'CHILD_SHARDS','ShardId':"
                       "'%s'}}",
                       parent));
    cr_assert_eq(streams_count(children.text, "\"ShardId\""), 1, "%s", children.text);
    cr_assert_str_eq(streams_member(fixture, children.text, "ShardId", 0), child);
    fixture_close(fixture);
}

Test(streams, a_reader_whose_shard_goes_is_told_that_it_is_late)
{
    struct fixture *fixture = fixture_open();
    struct error err = {0};
    streams_table(fixture, "KEYS_ONLY");
    streams_put(fixture, "a", "one");
    const char *shard = streams_shard(fixture, 0);
    cr_assert(stream_roll(fixture->node.store, 0, &err), "%s", err.text);
    fixture->now_ms += STREAM_RETENTION_MS - 5000;
    const char *iterator = streams_from(fixture, shard, "TRIM_HORIZON");
    fixture->now_ms += 10000;
    cr_assert(stream_tick(fixture->node.store, &err), "%s", err.text);
    cr_assert_str_neq(streams_shard(fixture, 0), shard);
    streams_refused(streams_read(fixture, iterator, 1000), ERROR_TRIMMED,
                    "The operation attempted to read past the oldest stream record in a shard");
    fixture_close(fixture);
}

Test(streams, a_disabled_stream_stays_for_a_day)
{
    struct fixture *fixture = fixture_open();
    struct error err = {0};
    streams_table(fixture, "NEW_IMAGE");
    streams_put(fixture, "a", "one");
    fixture->now_ms += HOUR_MS;
    static const struct step off[] = {
        {"UpdateTable",
         "{'TableName':'abc','StreamSpecification':{'StreamEnabled':true,'StreamViewType':"
         "'NEW_IMAGE'}}",
         "VALIDATION: Table already has an enabled stream: TableName: abc"},
        {"UpdateTable", "{'TableName':'abc','StreamSpecification':{'StreamEnabled':false}}",
         "~'TableStatus':'UPDATING'"},
        {"UpdateTable", "{'TableName':'abc','StreamSpecification':{'StreamEnabled':false}}",
         "VALIDATION: Table has no stream to disable: TableName: abc"},
        {"DescribeTable", "{'TableName':'abc'}", "!~StreamSpecification"},
        {"DescribeTable", "{'TableName':'abc'}", "~'LatestStreamLabel':'" LABEL "'"},
        {"DescribeStream", "{'StreamArn':'" ARN "'}", "~'StreamStatus':'DISABLED'"},
        {"DescribeStream", "{'StreamArn':'" ARN "'}", "~'EndingSequenceNumber'"},
        {"UpdateTable",
         "{'TableName':'abc','StreamSpecification':{'StreamEnabled':true,'StreamViewType':"
         "'KEYS_ONLY'}}",
         "~'LatestStreamLabel':'2026-11-22T08:34:06.049'"},
        {"ListStreams", "{'Limit':1}", "~'LastEvaluatedStreamArn':'" ARN "'"},
        {"ListStreams", "{'ExclusiveStartStreamArn':'" ARN "'}",
         "~[{'StreamArn':'arn:aws:dynamodb:us-east-1:123456789012:table/abc/stream/"
         "2026-11-22T08:34:06.049','TableName':'abc','StreamLabel':'2026-11-22T08:34:06.049'}]}"},
        {"DeleteTable", "{'TableName':'abc'}", "~'TableStatus':'DELETING'"},
        {"ListStreams", "{'TableName':'abc'}", "~" LABEL},
        {"ListStreams", "{'TableName':'abd'}", "{'Streams':[]}"},
    };
    fixture_script(fixture, off, ARRAY_COUNT(off));
    const char *shard = streams_shard(fixture, 0);
    struct answer rest = streams_read(fixture, streams_from(fixture, shard, "TRIM_HORIZON"), 1000);
    cr_assert_eq(streams_count(rest.text, "\"eventID\""), 1, "%s", rest.text);
    cr_assert_null(strstr(rest.text, "NextShardIterator"), "%s", rest.text);
    fixture->now_ms += STREAM_RETENTION_MS + 1000;
    cr_assert(stream_tick(fixture->node.store, &err), "%s", err.text);
    static const struct step gone[] = {
        {"DescribeStream", "{'StreamArn':'" ARN "'}", UNKNOWN},
        {"GetShardIterator",
         "{'StreamArn':'" ARN "','ShardId':'shardId-00000001795332846049-00000001',"
         "'ShardIteratorType':'LATEST'}",
         UNKNOWN},
        {"ListStreams", "{}", "{'Streams':[]}"},
    };
    fixture_script(fixture, gone, ARRAY_COUNT(gone));
    fixture_close(fixture);
}

Test(streams, pages_are_a_megabyte_at_most)
{
    struct fixture *fixture = fixture_open();
    streams_table(fixture, "NEW_IMAGE");
    const char *text = fixture_long(fixture, 300000);
    for (uint32_t i = 0; i < 5; i++) {
        streams_put(fixture, fixture_printf(fixture, "k%u", i), text);
    }
    const char *iterator = streams_from(fixture, streams_shard(fixture, 0), "TRIM_HORIZON");
    uint32_t pages = 0;
    for (uint32_t records = 0; records < 5;) {
        struct answer answer = streams_read(fixture, iterator, 1000);
        cr_assert(answer.ok, "%s", answer.text);
        uint32_t count = streams_count(answer.text, "\"eventID\"");
        cr_assert_leq(count, 3, "a fourth would be more than a megabyte");
        records += count;
        pages += count > 0;
        iterator = streams_member(fixture, answer.text, "NextShardIterator", 0);
    }
    cr_assert_eq(pages, 2);
    fixture_close(fixture);
}
