/* Goal: a transaction reaches the peer as one, however it is cut on its way, and nothing is told or
 * acknowledged inside of it. Method: a pair of regions in memory, message by message; the store
 * itself watches that no transaction is ever there in part. */
#include "tests/unit/replication/pair.h"

#include <criterion/criterion.h>

enum { ONE_RECORD = 1 }; /* As part_bytes: every part holds one record. */

static struct pair *pair;

static void group_test_begin(void)
{
    pair = pair_open();
}

static void group_test_end(void)
{
    cr_assert_eq(pair->model->failure[0], 0, "%s", pair->model->failure);
    pair_close(pair);
}

TestSuite(group, .init = group_test_begin, .fini = group_test_end);

static uint64_t applied_seq(void)
{
    const struct context *applied = &pair->b.store.applied;
    return applied->count == 0 ? 0 : applied->entries[0].seq;
}

static void connect_in_parts(uint32_t part_bytes)
{
    pair->part_bytes = part_bytes;
    pair_connect(pair);
    struct message start = pair_take(&pair->b);
    cr_assert(pair_give_shipper(pair, &start), "%s", pair->err.text);
}

/* Pump until the shipper has nothing more; the batches it sent. Heartbeats are left out. */
static uint32_t pumped(struct message *batches, uint32_t max)
{
    uint32_t count = 0;
    bool more = true;
    while (more) {
        cr_assert(pair_pump(pair, &more), "%s", pair->err.text);
        while (pair->a.sent_count > 0) {
            struct message message = pair_take(&pair->a);
            if (message.kind == MESSAGE_BATCH) {
                cr_assert_lt(count, max);
                batches[count++] = message;
            }
        }
    }
    return count;
}

static void expect_refused(const struct message *message, const char *text)
{
    cr_assert_not(pair_give_applier(pair, message));
    cr_assert_eq(pair->err.code, ERROR_PROTOCOL, "%s", pair->err.text);
    cr_assert_not_null(strstr(pair->err.text, text), "%s, expected %s", pair->err.text, text);
}

static struct record record_at(const struct message *batch, uint32_t at)
{
    struct slice left = batch->batch.records.bytes;
    struct record record;
    cr_assert_eq(batch->batch.records.compression, COMPRESSION_NONE);
    for (uint32_t i = 0; i <= at; i++) {
        cr_assert(record_take(&left, &record, &pair->err), "%s", pair->err.text);
    }
    return record;
}

static bool ack_is_due(void)
{
    pair_sync(&pair->b);
    applier_pump(pair->applier, pair->now);
    return pair->b.sent_count > 0;
}

Test(group, a_small_transaction_is_one_batch_of_joined_records)
{
    pair_write(&pair->a, 0, false); /* The first write of all is long: not in this batch. */
    connect_in_parts(PEER_PART_BYTES_MAX);
    cr_assert(pair_run(pair));
    pair_write(&pair->a, 0, false);
    uint64_t last = pair_transact(&pair->a, 0, 3, false);
    pair_transact(&pair->a, 0, 2, false);
    struct message batch;
    cr_assert_eq(pumped(&batch, 1), 1);
    cr_assert_not(batch.batch.unfinished);
    cr_assert_eq(batch.batch.records.count, 6);
    cr_assert_eq(batch.batch.last_seq, last + 2);
    static const bool joined[] = {false, false, true, true, false, true};
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert_eq(record_at(&batch, i).joined, joined[i], "record %u", i);
    }
    cr_assert(pair_give_applier(pair, &batch), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), last + 2);
}

Test(group, a_large_one_goes_in_parts_and_is_applied_with_the_last)
{
    connect_in_parts(ONE_RECORD);
    uint64_t before = pair_write(&pair->a, 0, false);
    uint64_t last = pair_transact(&pair->a, 0, 3, true);
    pair_write(&pair->a, 1, false);
    struct message batches[16];
    cr_assert_eq(pumped(batches, 16), 8);
    cr_assert_eq(batches[0].batch.last_seq, before);
    cr_assert(pair_give_applier(pair, &batches[0]) && ack_is_due());
    pair->b.sent_count = 0;
    uint64_t applies = pair->b.store.applies;
    for (uint32_t i = 1; i < 6; i++) {
        cr_assert(batches[i].batch.unfinished && batches[i].batch.report.count == 0);
        cr_assert_eq(batches[i].batch.previous_seq, before + i - 1);
        cr_assert(pair_give_applier(pair, &batches[i]), "%s", pair->err.text);
        cr_assert_eq(applied_seq(), before);
        cr_assert_not(ack_is_due());
    }
    cr_assert_eq(pair->b.store.applies, applies);
    cr_assert_not(batches[6].batch.unfinished);
    cr_assert_eq(batches[6].batch.last_seq, last);
    cr_assert(pair_give_applier(pair, &batches[6]), "%s", pair->err.text);
    cr_assert_eq(pair->b.store.applies, applies + 1);
    cr_assert_eq(applied_seq(), last);
    cr_assert(ack_is_due());
    struct message ack = pair_take(&pair->b);
    cr_assert_eq(ack.ack.durable_seq, last);
    uint64_t sent = 0;
    for (uint32_t i = 0; i < 7; i++) {
        sent += batches[i].payload_bytes;
    }
    cr_assert_eq(ack.ack.credit, PAIR_CREDIT_BYTES + sent, "all parts' credit comes back");
    cr_assert(pair_give_applier(pair, &batches[7]), "%s", pair->err.text);
    struct applier_figures figures;
    applier_figures(pair->applier, &figures);
    cr_assert_eq(figures.received_records, 8);
    cr_assert_eq(figures.stored_records, 8);
}

Test(group, whole_transactions_go_first_when_the_next_does_not_fit)
{
    enum { PART = 600 };
    connect_in_parts(PART);
    pair_transact(&pair->a, 0, 3, true); /* Six writes, of which the first is long. */
    uint64_t small = pair_transact(&pair->a, 1, 1, false);
    uint64_t large = pair_transact(&pair->a, 1, 3, true); /* Its second write is long. */
    cr_assert_eq(pair->model->writes_count, 13);
    struct message batches[16];
    uint32_t count = pumped(batches, 16);
    bool alone = false;
    for (uint32_t i = 0; i < count; i++) {
        alone = alone || (batches[i].batch.last_seq == small && !batches[i].batch.unfinished);
        cr_assert(pair_give_applier(pair, &batches[i]), "%s", pair->err.text);
    }
    cr_assert(alone, "a batch ends in front of what does not fit beside it");
    cr_assert_eq(applied_seq(), large);
}

Test(group, a_transaction_larger_than_the_credit_arrives)
{
    connect_in_parts(ONE_RECORD);
    struct message start = {
        .kind = MESSAGE_ACK,
        .ack = {sim_store_door(&pair->a.store).incarnation, 0, PAIR_CREDIT_BYTES}};
    cr_assert(pair_give_shipper(pair, &start), "%s", pair->err.text);
    uint64_t last = 0;
    for (uint32_t i = 0; i < 20; i++) { /* More than PAIR_CREDIT_BYTES in all. */
        last = pair_transact(&pair->a, 0, 3, true);
    }
    cr_assert(pair_run(pair), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), last);
    struct shipper_figures figures;
    shipper_figures(pair->shipper, &figures);
    cr_assert_eq(figures.acknowledged_seq, last);
    cr_assert_gt(figures.sent_bytes, PAIR_CREDIT_BYTES);
}

Test(group, a_new_connection_begins_in_front_of_it)
{
    connect_in_parts(ONE_RECORD);
    uint64_t before = pair_write(&pair->a, 0, false);
    uint64_t last = pair_transact(&pair->a, 0, 3, true);
    struct message batches[16];
    cr_assert_eq(pumped(batches, 16), 7);
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert(pair_give_applier(pair, &batches[i]), "%s", pair->err.text);
    }
    pair_connect(pair);
    struct message start = pair_take(&pair->b);
    cr_assert_eq(start.start.applied_seq, before);
    cr_assert(pair_give_shipper(pair, &start));
    cr_assert_eq(pumped(batches, 16), 6);
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert(pair_give_applier(pair, &batches[i]), "%s", pair->err.text);
    }
    cr_assert_eq(applied_seq(), last);
}

Test(group, repeated_parts_are_dropped)
{
    connect_in_parts(ONE_RECORD);
    uint64_t last = pair_transact(&pair->a, 0, 3, false);
    struct message batches[4];
    cr_assert_eq(pumped(batches, 4), 3);
    static const uint32_t order[] = {0, 0, 1, 0, 1, 2, 1, 2};
    for (uint32_t i = 0; i < ARRAY_COUNT(order); i++) {
        cr_assert(pair_give_applier(pair, &batches[order[i]]), "%s", pair->err.text);
    }
    cr_assert_eq(applied_seq(), last);
    cr_assert_eq(pair->b.store.applies, 1);
    cr_assert(ack_is_due());
    struct message ack = pair_take(&pair->b);
    cr_assert_eq(ack.ack.credit, PAIR_CREDIT_BYTES + 2 * batches[0].payload_bytes +
                                     3 * batches[1].payload_bytes + 2 * batches[2].payload_bytes +
                                     batches[0].payload_bytes);
}

Test(group, a_stalled_store_gets_the_last_part_again)
{
    connect_in_parts(ONE_RECORD);
    uint64_t last = pair_transact(&pair->a, 0, 3, false);
    struct message batches[4];
    cr_assert_eq(pumped(batches, 4), 3);
    cr_assert(pair_give_applier(pair, &batches[0]) && pair_give_applier(pair, &batches[1]));
    pair->b.store.throttle_one_in = 1;
    cr_assert_not(pair_give_applier(pair, &batches[2]));
    cr_assert_eq(pair->err.code, ERROR_THROTTLED);
    pair->b.store.throttle_one_in = 0;
    cr_assert(pair_give_applier(pair, &batches[2]), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), last);
}

Test(group, heartbeats_in_between_tell_the_seq_in_front_and_no_report)
{
    connect_in_parts(ONE_RECORD);
    uint64_t before = pair_write(&pair->a, 0, false);
    struct message batches[1];
    cr_assert_eq(pumped(batches, 1), 1);
    cr_assert(pair_give_applier(pair, &batches[0]));
    pair_transact(&pair->a, 0, 3, false);
    pair->now.mono_us += 10 * PAIR_HEARTBEAT_MS * 1000;
    bool more;
    cr_assert(pair_pump(pair, &more) && more);
    struct message part = pair_take(&pair->a);
    struct message heartbeat = pair_take(&pair->a);
    cr_assert(part.batch.unfinished);
    cr_assert_eq(heartbeat.kind, MESSAGE_HEARTBEAT);
    cr_assert_eq(heartbeat.heartbeat.sent_seq, before);
    cr_assert_eq(heartbeat.heartbeat.report.count, 0);
    cr_assert(pair_give_applier(pair, &part) && pair_give_applier(pair, &heartbeat), "%s",
              pair->err.text);
}

Test(group, members_that_the_peer_does_not_have_are_left_out)
{
    pair->a.store.ships_to[1] = 0;
    pair->b.store.here[1] = false;
    connect_in_parts(ONE_RECORD);
    uint64_t last = pair_transact(&pair->a, 1, 2, true); /* Table 1 comes first, 0 last. */
    struct message batches[4];
    cr_assert_eq(pumped(batches, 4), 2);
    cr_assert(batches[0].batch.unfinished && !batches[1].batch.unfinished);
    cr_assert_not(record_at(&batches[1], 0).tombstone);
    cr_assert(record_at(&batches[1], 0).joined);
    cr_assert(pair_give_applier(pair, &batches[0]) && pair_give_applier(pair, &batches[1]));
    cr_assert_eq(applied_seq(), last);
    last = pair_transact(&pair->a, 0, 2, true); /* Its last member is not shipped. */
    cr_assert_eq(pumped(batches, 4), 3);
    cr_assert(batches[1].batch.unfinished);
    cr_assert_eq(batches[2].batch.records.count, 0);
    cr_assert_eq(batches[2].batch.last_seq, last);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert(pair_give_applier(pair, &batches[i]), "%s", pair->err.text);
    }
    cr_assert_eq(applied_seq(), last);
}

Test(group, members_of_a_table_that_is_not_here_are_skipped)
{
    pair->b.store.here[1] = false;
    connect_in_parts(PEER_PART_BYTES_MAX);
    uint64_t last = pair_transact(&pair->a, 1, 3, true);
    struct message batch;
    cr_assert_eq(pumped(&batch, 1), 1);
    cr_assert(pair_give_applier(pair, &batch), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), last);
    struct applier_figures figures;
    applier_figures(pair->applier, &figures);
    cr_assert_eq(figures.skipped_records, 3);
    cr_assert_eq(figures.stored_records, 3);
}

Test(group, a_damaged_log_is_reported)
{
    pair_transact(&pair->a, 0, 3, false);
    pair->model->writes[1].group_count = 2; /* Its record names too few that follow. */
    connect_in_parts(PEER_PART_BYTES_MAX);
    bool more;
    cr_assert_not(pair_pump(pair, &more));
    cr_assert_eq(pair->err.code, ERROR_CORRUPT);
    cr_assert_not_null(strstr(pair->err.text, "lost a part of a transaction"));
    pair->model->writes[1].group_count = 3;
    pair->a.store.log_count = 2;
    connect_in_parts(PEER_PART_BYTES_MAX);
    cr_assert_not(pair_pump(pair, &more));
    cr_assert_eq(pair->err.code, ERROR_CORRUPT);
    cr_assert_not_null(strstr(pair->err.text, "ends inside of a transaction"));
}

/* --- What no shipper sends ---------------------------------------------------------------------
 */

/* The three parts of a transaction of three. */
static void three_parts(struct message *batches)
{
    pair_write(&pair->a, 0, false); /* The long one. */
    connect_in_parts(ONE_RECORD);
    cr_assert(pair_run(pair));
    pair_transact(&pair->a, 0, 3, false);
    cr_assert_eq(pumped(batches, 3), 3);
}

Test(group, a_missing_part_is_a_gap)
{
    struct message batches[3];
    three_parts(batches);
    cr_assert(pair_give_applier(pair, &batches[0]));
    expect_refused(&batches[2], "a gap");
}

Test(group, a_batch_that_goes_back_between_parts_is_refused)
{
    struct message batches[3];
    three_parts(batches);
    cr_assert(pair_give_applier(pair, &batches[0]));
    batches[1].batch.previous_seq--;
    expect_refused(&batches[1], "parts of a transaction up to");
    batches[1].batch.previous_seq++;
    batches[1].batch.incarnation++;
    expect_refused(&batches[1], "parts of a transaction up to");
}

Test(group, a_part_with_two_transactions_is_refused)
{
    struct message batches[3];
    three_parts(batches);
    uint8_t *bytes = arena_alloc(&pair->arena, batches[1].batch.records.bytes.size);
    memcpy(bytes, batches[1].batch.records.bytes.data, batches[1].batch.records.bytes.size);
    bytes[2] = 0; /* Not joined. */
    batches[1].batch.records.bytes.data = bytes;
    cr_assert(pair_give_applier(pair, &batches[0]));
    expect_refused(&batches[1], "more than one transaction");
}

Test(group, a_record_joined_to_nothing_is_refused)
{
    struct message batches[3];
    three_parts(batches);
    uint8_t *bytes = arena_alloc(&pair->arena, batches[0].batch.records.bytes.size);
    memcpy(bytes, batches[0].batch.records.bytes.data, batches[0].batch.records.bytes.size);
    bytes[2] = 2; /* Joined. */
    batches[0].batch.records.bytes.data = bytes;
    expect_refused(&batches[0], "number 1 of a transaction");
}

Test(group, a_transaction_has_a_limit_in_writes_and_bytes)
{
    struct message batches[3];
    three_parts(batches);
    struct record record = record_at(&batches[0], 0);
    struct buffer raw;
    buffer_init(&raw, &pair->arena, 1 << 16);
    for (uint32_t i = 0; i <= TRANSACTION_ITEMS_MAX; i++) {
        record.joined = i > 0;
        record_append(&raw, &record);
        record.version.dot.seq++;
    }
    struct message many = batches[0];
    many.batch.last_seq += TRANSACTION_ITEMS_MAX;
    many.batch.records = (struct message_records){COMPRESSION_NONE, (uint32_t)raw.size,
                                                  TRANSACTION_ITEMS_MAX + 1, buffer_slice(&raw)};
    expect_refused(&many, "number 101 of a transaction");
    many.batch.unfinished = false;
    expect_refused(&many, "number 101 of a transaction");

    static const char padding[PEER_IMAGE_BYTES_MAX / 2];
    struct member members[] = {
        {SLICE_LITERAL("k"), {VALUE_S, SLICE_LITERAL("0")}},
        {SLICE_LITERAL("v"), {VALUE_B, {(const uint8_t *)padding, sizeof(padding)}}}};
    record = record_at(&batches[0], 0);
    record.image = value_make_map(&pair->arena, members, 2).payload;
    bool refused = false;
    for (uint32_t i = 0; i < 40 && !refused; i++) {
        struct message part = batches[0];
        record.joined = i > 0;
        raw.size = 0;
        record_append(&raw, &record);
        part.batch.previous_seq += i;
        part.batch.last_seq = record.version.dot.seq++;
        part.batch.records =
            (struct message_records){COMPRESSION_NONE, (uint32_t)raw.size, 1, buffer_slice(&raw)};
        refused = !pair_give_applier(pair, &part);
    }
    cr_assert(refused);
    cr_assert_not_null(strstr(pair->err.text, "a transaction of more than"), "%s", pair->err.text);
}
