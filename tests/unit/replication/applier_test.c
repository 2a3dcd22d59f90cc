/* Goal: an applier takes an origin's writes in order and once, acknowledges only what is durable,
 * and refuses everything else. Method: a pair of regions in memory, message by message. */
#include "tests/unit/replication/pair.h"

#include <criterion/criterion.h>

static struct pair *pair;

static void applier_test_begin(void)
{
    pair = pair_open();
}

static void applier_test_end(void)
{
    pair_close(pair);
}

TestSuite(applier, .init = applier_test_begin, .fini = applier_test_end);

static uint64_t applied_seq(void)
{
    const struct context *applied = &pair->b.store.applied;
    return applied->count == 0 ? 0 : applied->entries[0].seq;
}

/* Connect, hand over the Start, and return the next batch without delivering it. */
static struct message next_batch(void)
{
    if (pair->b.sent_count > 0) {
        struct message start = pair_take(&pair->b);
        cr_assert(pair_give_shipper(pair, &start), "%s", pair->err.text);
    }
    bool more;
    cr_assert(pair_pump(pair, &more), "%s", pair->err.text);
    struct message batch = pair_take(&pair->a);
    cr_assert_eq(batch.kind, MESSAGE_BATCH);
    pair->a.sent_count = 0;
    return batch;
}

static void expect_refused(const struct message *message, const char *text)
{
    cr_assert_not(pair_give_applier(pair, message));
    cr_assert_eq(pair->err.code, ERROR_PROTOCOL, "%s", pair->err.text);
    cr_assert_not_null(strstr(pair->err.text, text), "%s, expected %s", pair->err.text, text);
}

Test(applier, a_pair_comes_to_rest_with_equal_rows)
{
    pair_connect(pair);
    for (uint32_t i = 0; i < 40; i++) {
        pair_write(&pair->a, i % SIM_KEYS, i % 5 == 4);
        cr_assert(pair_run(pair), "%s", pair->err.text);
    }
    for (uint32_t key = 0; key < SIM_KEYS; key++) {
        const struct sim_row *a = &pair->a.store.rows[0][key];
        const struct sim_row *b = &pair->b.store.rows[0][key];
        cr_assert(dot_equal(a->version.dot, b->version.dot));
        cr_assert_eq(a->tombstone, b->tombstone);
        cr_assert_eq(a->value, b->value);
    }
    struct shipper_figures shipped;
    struct applier_figures figures;
    shipper_figures(pair->shipper, &shipped);
    applier_figures(pair->applier, &figures);
    cr_assert_eq(shipped.acknowledged_seq, 40);
    cr_assert_eq(shipped.pending_records, 0);
    cr_assert_eq(figures.stored_records, 40);
    cr_assert_eq(figures.received_records, 40);
    cr_assert_eq(figures.applied.seq, 40);
    cr_assert_eq(figures.conflicts, 0);
    cr_assert_eq(pair->model->failure[0], 0, "%s", pair->model->failure);
}

Test(applier, an_acknowledgement_waits_for_the_disk)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message batch = next_batch();
    cr_assert(pair_give_applier(pair, &batch));
    applier_pump(pair->applier, pair->now);
    cr_assert_eq(pair->b.sent_count, 0);
    pair_sync(&pair->b);
    pair->now.wall_ms += 250;
    applier_pump(pair->applier, pair->now);
    struct message ack = pair_take(&pair->b);
    cr_assert_eq(ack.kind, MESSAGE_ACK);
    cr_assert_eq(ack.ack.durable_seq, 1);
    cr_assert_eq(ack.ack.credit, PAIR_CREDIT_BYTES + batch.payload_bytes);
    struct applier_figures figures;
    applier_figures(pair->applier, &figures);
    cr_assert_float_eq(figures.apply_lag_seconds, 0.25, 1e-9);
    applier_pump(pair->applier, pair->now);
    cr_assert_eq(pair->b.sent_count, 0, "once is enough");
}

Test(applier, a_repeated_batch_is_dropped_and_acknowledged_again)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message batch = next_batch();
    cr_assert(pair_give_applier(pair, &batch));
    uint64_t applies = pair->b.store.applies;
    cr_assert(pair_give_applier(pair, &batch), "%s", pair->err.text);
    cr_assert_eq(pair->b.store.applies, applies);
    pair_sync(&pair->b);
    applier_pump(pair->applier, pair->now);
    struct message ack = pair_take(&pair->b);
    cr_assert_eq(ack.ack.durable_seq, 1);
    cr_assert_eq(ack.ack.credit, PAIR_CREDIT_BYTES + 2 * batch.payload_bytes);
    struct applier_figures figures;
    applier_figures(pair->applier, &figures);
    cr_assert_eq(figures.dropped_records, 1);
}

Test(applier, of_an_overlapping_batch_only_the_new_part_is_applied)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message first = next_batch();
    cr_assert(pair_give_applier(pair, &first));
    pair_write(&pair->a, 1, false);
    /* A new shipper that begins at the beginning: what a peer with an older Start would get. */
    pair_connect(pair);
    pair->b.sent_count = 0;
    struct message start = {.kind = MESSAGE_START,
                            .start = {.version = MESSAGE_VERSION, .credit = 1 << 20}};
    cr_assert(pair_give_shipper(pair, &start));
    struct message both = next_batch();
    cr_assert_eq(both.batch.previous_seq, 0);
    cr_assert_eq(both.batch.records.count, 2);
    cr_assert(pair_give_applier(pair, &both), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), 2);
    struct applier_figures figures;
    applier_figures(pair->applier, &figures);
    cr_assert_eq(figures.dropped_records, 1);
    cr_assert_eq(figures.stored_records, 1);
}

Test(applier, a_gap_is_refused_in_batches_and_in_heartbeats)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message first = next_batch();
    cr_assert(pair_give_applier(pair, &first));
    pair_write(&pair->a, 0, false);
    (void)next_batch(); /* Lost. */
    pair->now.mono_us += (uint64_t)PAIR_HEARTBEAT_MS * 1000;
    bool more;
    cr_assert(pair_pump(pair, &more));
    struct message heartbeat = pair_take(&pair->a);
    expect_refused(&heartbeat, "a gap: applied up to 1, sent up to 2");
    pair_write(&pair->a, 0, false);
    struct message third = next_batch();
    expect_refused(&third, "a gap: applied up to 1, a batch behind 2");
}

Test(applier, a_new_connection_begins_behind_what_was_applied)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    cr_assert(pair_run(pair));
    pair_write(&pair->a, 1, false);
    pair_connect(pair);
    cr_assert_eq(next_batch().batch.previous_seq, 1);
}

Test(applier, what_an_earlier_connection_applied_is_acknowledged_once_durable)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message batch = next_batch();
    cr_assert(pair_give_applier(pair, &batch));
    pair_connect(pair); /* Before the disk had it. */
    applier_pump(pair->applier, pair->now);
    cr_assert_eq(pair->b.sent_count, 1, "only the start");
    pair_sync(&pair->b);
    applier_pump(pair->applier, pair->now);
    (void)pair_take(&pair->b);
    struct message ack = pair_take(&pair->b);
    cr_assert_eq(ack.kind, MESSAGE_ACK);
    cr_assert_eq(ack.ack.durable_seq, 1);
}

Test(applier, a_crash_takes_back_what_was_not_acknowledged_and_it_comes_again)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message batch = next_batch();
    cr_assert(pair_give_applier(pair, &batch));
    sim_store_crash(&pair->b.store);
    cr_assert_eq(applied_seq(), 0);
    pair_connect(pair);
    cr_assert(pair_run(pair), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), 1);
    cr_assert(pair->b.store.rows[0][0].present);
}

Test(applier, a_table_that_is_not_here_is_skipped_and_passed)
{
    pair->b.store.here[0] = false;
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    cr_assert(pair_run(pair), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), 1);
    cr_assert_not(pair->b.store.rows[0][0].present);
    struct applier_figures figures;
    applier_figures(pair->applier, &figures);
    cr_assert_eq(figures.skipped_records, 1);
}

Test(applier, a_throttled_store_gets_the_same_batch_again)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message batch = next_batch();
    pair->b.store.throttle_one_in = 1;
    cr_assert_not(pair_give_applier(pair, &batch));
    cr_assert_eq(pair->err.code, ERROR_THROTTLED);
    cr_assert_eq(applied_seq(), 0);
    pair->b.store.throttle_one_in = 0;
    cr_assert(pair_give_applier(pair, &batch), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), 1);
}

Test(applier, concurrent_writes_become_one_conflict_with_the_larger_on_top)
{
    pair_write(&pair->a, 0, false);
    pair->now.wall_ms += 10;
    uint64_t later = pair_write(&pair->b, 0, false);
    pair_connect(pair);
    cr_assert(pair_run(pair), "%s", pair->err.text);
    cr_assert_eq(pair->b.store.conflicts_count, 1);
    cr_assert_eq(pair->b.store.conflicts[0].winner.region, 2);
    cr_assert_eq(pair->b.store.rows[0][0].version.dot.seq, later);
    struct applier_figures figures;
    applier_figures(pair->applier, &figures);
    cr_assert_eq(figures.conflicts, 1);
}

Test(applier, batches_of_no_or_an_earlier_incarnation_are_refused)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message batch = next_batch();
    struct message other = batch;
    other.batch.incarnation = 0;
    expect_refused(&other, "it needs repair");
    cr_assert(pair_give_applier(pair, &batch));
    other.batch.incarnation = batch.batch.incarnation - 1;
    expect_refused(&other, "it needs repair");
    other = (struct message){.kind = MESSAGE_HEARTBEAT};
    expect_refused(&other, "it needs repair");
}

Test(applier, a_new_incarnation_begins_again_and_is_acknowledged_as_such)
{
    pair->b.store.appended_seq = 5;
    context_raise(&pair->b.store.applied,
                  (struct dot){1, sim_store_door(&pair->a.store).incarnation - 1, 500});
    pair_write(&pair->a, 0, false);
    pair_connect(pair); /* What the earlier incarnation sent is not durable yet. */
    struct message start = pair_take(&pair->b);
    cr_assert_eq(start.start.applied_seq, 500);
    cr_assert(pair_give_shipper(pair, &start), "%s", pair->err.text);
    struct message batch = next_batch();
    struct message late = batch;
    late.batch.previous_seq = 1;
    late.batch.last_seq = 1;
    expect_refused(&late, "a gap: applied up to 0, a batch behind 1");
    cr_assert(pair_give_applier(pair, &batch), "%s", pair->err.text);
    cr_assert_eq(applied_seq(), 1);
    pair_sync(&pair->b);
    applier_pump(pair->applier, pair->now);
    struct message ack = pair_take(&pair->b);
    cr_assert_eq(ack.ack.incarnation, batch.batch.incarnation);
    cr_assert_eq(ack.ack.durable_seq, 1);
    cr_assert_eq(pair->b.sent_count, 0);
}

Test(applier, records_must_be_the_origins_and_in_order)
{
    pair_write(&pair->a, 0, false);
    pair_write(&pair->a, 1, false);
    pair_connect(pair);
    struct message batch = next_batch();
    struct message other = batch;
    other.batch.last_seq = 1; /* The second record lies behind it. */
    expect_refused(&other, "in a batch of 1/");
    other = batch;
    other.batch.records.count = 1;
    expect_refused(&other, "more records than announced");
    other.batch.records.count = 3;
    expect_refused(&other, "a batch of 3 records holds 2");
    other = batch;
    other.batch.incarnation++; /* Not the one its records name. */
    expect_refused(&other, "a record 1/");
    cr_assert_eq(applied_seq(), 0, "all is checked before anything is applied");
}

Test(applier, a_record_that_is_no_item_is_refused)
{
    pair_write(&pair->a, 1, false); /* Write 0 is long, and travels compressed. */
    pair_connect(pair);
    cr_assert(pair_run(pair), "%s", pair->err.text);
    pair_write(&pair->a, 1, false);
    struct message batch = next_batch();
    cr_assert_eq(batch.batch.records.compression, COMPRESSION_NONE);
    uint8_t *bytes = arena_alloc(&pair->arena, batch.batch.records.bytes.size);
    memcpy(bytes, batch.batch.records.bytes.data, batch.batch.records.bytes.size);
    bytes[batch.batch.records.bytes.size - 3] = 0xee; /* In the last attribute's head. */
    batch.batch.records.bytes.data = bytes;
    expect_refused(&batch, "a record's item");
}

Test(applier, an_origin_that_ships_beyond_its_credit_is_refused)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message batch = next_batch();
    batch.payload_bytes = PEER_FRAME_BYTES_MAX + PEER_GROUP_BYTES_MAX;
    cr_assert(pair_give_applier(pair, &batch));
    batch.payload_bytes = PAIR_CREDIT_BYTES + 1;
    cr_assert(pair_give_applier(pair, &batch));
    expect_refused(&batch, "beyond its credit");
}

Test(applier, a_report_that_goes_back_is_refused)
{
    pair_connect(pair);
    struct message heartbeat = {.kind = MESSAGE_HEARTBEAT, .heartbeat = {.incarnation = 7}};
    context_raise(&heartbeat.heartbeat.report, (struct dot){2, 1, 5});
    cr_assert(pair_give_applier(pair, &heartbeat));
    heartbeat.heartbeat.report.entries[0].seq = 4;
    expect_refused(&heartbeat, "takes back");
}

Test(applier, a_heartbeat_is_echoed_and_its_stamp_observed)
{
    pair_connect(pair);
    pair->b.sent_count = 0;
    struct message heartbeat = {
        .kind = MESSAGE_HEARTBEAT,
        .heartbeat = {.mono_us = 77,
                      .incarnation = 7,
                      .stamp = stamp_of_wall_ms(pair->now.wall_ms + 9)},
    };
    cr_assert(pair_give_applier(pair, &heartbeat));
    struct message echo = pair_take(&pair->b);
    cr_assert_eq(echo.heartbeat.echo_us, 77);
    cr_assert_eq(echo.heartbeat.wall_ms, pair->now.wall_ms);
    cr_assert_eq(hlc_last(&pair->b.hlc), stamp_of_wall_ms(pair->now.wall_ms + 9));
    heartbeat.heartbeat.stamp = stamp_of_wall_ms(pair->now.wall_ms + 2 * CLOCK_AHEAD_MS_MAX);
    cr_assert(pair_give_applier(pair, &heartbeat));
    struct applier_figures figures;
    applier_figures(pair->applier, &figures);
    cr_assert_eq(figures.stamps_ahead, 1);
}

Test(applier, many_batches_wait_for_one_sync_without_growing)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message batch = next_batch();
    batch.payload_bytes = 1;
    for (int i = 0; i < 2 * PEER_UNACKED_BATCHES_MAX; i++) {
        cr_assert(pair_give_applier(pair, &batch), "%s", pair->err.text);
    }
    pair_sync(&pair->b);
    applier_pump(pair->applier, pair->now);
    struct message ack = pair_take(&pair->b);
    cr_assert_eq(ack.ack.credit, PAIR_CREDIT_BYTES + 2 * PEER_UNACKED_BATCHES_MAX);
    cr_assert_eq(pair->b.sent_count, 0);
}

Test(applier, contexts_forget_regions_that_left_the_cluster)
{
    uint64_t seq = pair_write(&pair->a, 0, false);
    context_raise(&sim_model_find(pair->model, (struct dot){1, 0, seq})->version.context,
                  (struct dot){9, 1, 5});
    pair_connect(pair);
    cr_assert(pair_run(pair), "%s", pair->err.text);
    cr_assert_eq(pair->b.store.rows[0][0].version.context.count, 0);
}
