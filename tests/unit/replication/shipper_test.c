/* Goal: a shipper sends every own durable write that concerns the peer, in order, within its
 * credit, and refuses what it cannot serve. Method: a pair of regions in memory, message by
 * message. */
#include "tests/unit/replication/pair.h"

#include <criterion/criterion.h>

static struct pair *pair;

static void shipper_test_begin(void)
{
    pair = pair_open();
}

static void shipper_test_end(void)
{
    pair_close(pair);
}

TestSuite(shipper, .init = shipper_test_begin, .fini = shipper_test_end);

static struct message start_of(uint32_t incarnation, uint64_t seq)
{
    return (struct message){.kind = MESSAGE_START,
                            .start = {.version = MESSAGE_VERSION,
                                      .applied_incarnation = incarnation,
                                      .applied_seq = seq,
                                      .credit = 1 << 20}};
}

static uint32_t incarnation(void)
{
    return sim_store_door(&pair->a.store).incarnation;
}

/* Connected and started at this seq; the peer's own Start is thrown away. */
static void started_at(uint64_t seq)
{
    pair_connect(pair);
    struct message message = start_of(seq == 0 ? 0 : incarnation(), seq);
    pair->b.sent_count = 0;
    cr_assert(pair_give_shipper(pair, &message), "%s", pair->err.text);
}

static void expect_refused(struct message message, enum error_code code, const char *text)
{
    cr_assert_not(pair_give_shipper(pair, &message));
    cr_assert_eq(pair->err.code, code, "%s", pair->err.text);
    cr_assert_not_null(strstr(pair->err.text, text), "%s, expected %s", pair->err.text, text);
}

static enum shipper_state state(void)
{
    struct shipper_figures figures;
    shipper_figures(pair->shipper, &figures);
    return figures.state;
}

/* Pump once and expect exactly one batch, beside heartbeats. */
static struct message pumped_batch(void)
{
    bool more;
    cr_assert(pair_pump(pair, &more), "%s", pair->err.text);
    while (pair->a.sent_count > 0) {
        struct message message = pair_take(&pair->a);
        if (message.kind == MESSAGE_BATCH) {
            return message;
        }
    }
    return (struct message){.kind = MESSAGE_REFUSAL};
}

Test(shipper, nothing_is_sent_before_the_start)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    bool more;
    cr_assert(pair_pump(pair, &more));
    cr_assert_eq(pair->a.sent_count, 0);
    cr_assert_eq(state(), SHIPPER_WAITING);
}

Test(shipper, a_write_goes_out_behind_the_cursor)
{
    uint64_t first = pair_write(&pair->a, 0, false);
    uint64_t second = pair_write(&pair->a, 1, true);
    started_at(first);
    struct message batch = pumped_batch();
    cr_assert_eq(batch.kind, MESSAGE_BATCH);
    cr_assert_eq(batch.batch.previous_seq, first);
    cr_assert_eq(batch.batch.last_seq, second);
    cr_assert_eq(batch.batch.records.count, 1);
    struct slice left = batch.batch.records.bytes;
    struct record record;
    cr_assert(record_take(&left, &record, &pair->err));
    cr_assert(record.tombstone);
    cr_assert_eq(record.version.dot.seq, second);
    cr_assert_eq(record.uid[0], 1);
}

Test(shipper, what_is_not_durable_is_not_sent)
{
    started_at(0);
    sim_store_write(&pair->a.store, &pair->a.hlc, pair->now.wall_ms, 0, 0, false, false);
    cr_assert_neq(pumped_batch().kind, MESSAGE_BATCH);
    pair_sync(&pair->a);
    cr_assert_eq(pumped_batch().kind, MESSAGE_BATCH);
}

Test(shipper, seqs_that_are_no_own_writes_are_never_told)
{
    started_at(0);
    pair_write(&pair->a, 0, false);
    pair->a.store.appended_seq += 10; /* Batches that applied others' writes. */
    pair_sync(&pair->a);
    struct message batch = pumped_batch();
    cr_assert_eq(batch.batch.last_seq, 1);
    pair->now.mono_us += 3600ULL * 1000000;
    cr_assert_neq(pumped_batch().kind, MESSAGE_BATCH);
}

Test(shipper, writes_that_do_not_concern_the_peer_only_move_the_cursor_now_and_then)
{
    pair->a.store.ships_to[0] = 0;
    started_at(0);
    uint64_t seq = pair_write(&pair->a, 0, false);
    cr_assert_neq(pumped_batch().kind, MESSAGE_BATCH);
    pair->now.mono_us += (uint64_t)PAIR_HEARTBEAT_MS * 1000;
    struct message batch = pumped_batch();
    cr_assert_eq(batch.kind, MESSAGE_BATCH);
    cr_assert_eq(batch.batch.last_seq, seq);
    cr_assert_eq(batch.batch.records.count, 0);
    cr_assert_neq(pumped_batch().kind, MESSAGE_BATCH);
}

Test(shipper, a_long_log_of_other_tables_is_read_piece_by_piece)
{
    pair->a.store.ships_to[0] = 0;
    uint64_t last = 0;
    while (pair->model->writes_count < SIM_WRITES_MAX) {
        last = pair_write(&pair->a, 0, true);
    }
    started_at(0);
    bool more = true;
    uint32_t pumps = 0;
    while (more) {
        cr_assert(pair_pump(pair, &more));
        pair->a.sent_count = 0;
        pumps++;
        cr_assert_lt(pumps, 100U);
    }
    cr_assert_gt(pumps, 1U);
    pair->now.mono_us += (uint64_t)PAIR_HEARTBEAT_MS * 1000;
    struct message batch = pumped_batch();
    cr_assert_eq(batch.batch.last_seq, last);
    cr_assert_eq(batch.batch.records.count, 0);
}

Test(shipper, credit_bounds_what_is_in_flight)
{
    pair_connect(pair);
    struct message start = start_of(0, 0);
    start.start.credit = 1;
    pair->b.sent_count = 0;
    cr_assert(pair_give_shipper(pair, &start));
    uint64_t first = pair_write(&pair->a, 0, false);
    cr_assert_eq(pumped_batch().batch.last_seq, first);
    uint64_t second = pair_write(&pair->a, 1, false);
    cr_assert_neq(pumped_batch().kind, MESSAGE_BATCH, "the credit is spent");
    struct message ack = {.kind = MESSAGE_ACK, .ack = {incarnation(), first, 10000}};
    cr_assert(pair_give_shipper(pair, &ack));
    cr_assert_eq(pumped_batch().batch.last_seq, second);
}

Test(shipper, a_long_backlog_goes_out_in_bounded_batches)
{
    for (int i = 0; i < PEER_BATCH_RECORDS_MAX + 50; i++) {
        pair_write(&pair->a, (uint32_t)i % SIM_KEYS, true);
    }
    started_at(0);
    bool more;
    cr_assert(pair_pump(pair, &more));
    cr_assert(more);
    struct message batch = pair_take(&pair->a);
    cr_assert_eq(batch.batch.records.count, PEER_BATCH_RECORDS_MAX);
    cr_assert_eq(batch.batch.records.compression, COMPRESSION_ZSTD);
    pair->a.sent_count = 0;
    cr_assert(pair_pump(pair, &more));
    cr_assert_not(more);
    batch = pair_take(&pair->a);
    cr_assert_eq(batch.batch.records.count, 50);
    cr_assert_eq(batch.batch.previous_seq, PEER_BATCH_RECORDS_MAX);
}

Test(shipper, a_second_start_is_refused)
{
    started_at(0);
    expect_refused(start_of(0, 0), ERROR_PROTOCOL, "a second start");
}

Test(shipper, another_version_of_the_protocol_is_refused)
{
    pair_connect(pair);
    struct message start = start_of(0, 0);
    start.start.version = MESSAGE_VERSION + 1;
    expect_refused(start, ERROR_PROTOCOL, "version 4");
}

Test(shipper, a_peer_that_knows_a_later_incarnation_fences_this_one)
{
    pair_connect(pair);
    expect_refused(start_of(incarnation() + 1, 0), ERROR_UNAVAILABLE, "a later incarnation");
    cr_assert_eq(state(), SHIPPER_REPAIR);
    bool more;
    cr_assert(pair_pump(pair, &more));
    cr_assert_eq(pair->a.sent_count, 0);
}

Test(shipper, a_peer_that_knows_an_earlier_incarnation_begins_where_the_log_begins)
{
    pair_write(&pair->a, 0, false);
    pair_connect(pair);
    struct message start = start_of(incarnation() - 1, 500);
    cr_assert(pair_give_shipper(pair, &start), "%s", pair->err.text);
    struct message batch = pumped_batch();
    cr_assert_eq(batch.batch.previous_seq, 0);
    cr_assert_eq(batch.batch.last_seq, 1);
    struct message ack = {.kind = MESSAGE_ACK, .ack = {incarnation() - 1, 500, 1 << 20}};
    cr_assert(pair_give_shipper(pair, &ack), "it concerns the earlier one");
    struct shipper_figures figures;
    shipper_figures(pair->shipper, &figures);
    cr_assert_eq(figures.acknowledged_seq, 0);
}

Test(shipper, a_peer_with_writes_that_were_lost_here_needs_repair)
{
    uint64_t seq = pair_write(&pair->a, 0, false);
    pair_connect(pair);
    expect_refused(start_of(incarnation(), seq + 1), ERROR_UNAVAILABLE, "has lost");
}

Test(shipper, a_cursor_that_fell_off_the_log_needs_repair)
{
    uint64_t first = pair_write(&pair->a, 0, false);
    pair_write(&pair->a, 0, false);
    uint64_t third = pair_write(&pair->a, 0, false);
    sim_store_trim(&pair->a.store, third);
    pair_connect(pair);
    expect_refused(start_of(incarnation(), first), ERROR_UNAVAILABLE, "no longer holds");
    pair_connect(pair);
    struct message fresh = start_of(0, 0);
    fresh.start.holds_tables = true;
    expect_refused(fresh, ERROR_UNAVAILABLE, "no longer holds");
    started_at(third - 1);
    cr_assert_eq(pumped_batch().batch.previous_seq, third - 1);
}

Test(shipper, a_new_peer_without_tables_begins_where_the_log_begins)
{
    pair_write(&pair->a, 0, false);
    uint64_t second = pair_write(&pair->a, 0, false);
    sim_store_trim(&pair->a.store, second);
    started_at(0);
    struct message batch = pumped_batch();
    cr_assert_eq(batch.batch.previous_seq, 0);
    cr_assert_eq(batch.batch.last_seq, second);
    cr_assert_eq(batch.batch.records.count, 1);
}

Test(shipper, a_new_peer_passes_a_trimmed_log_though_nothing_is_left_in_it)
{
    uint64_t seq = pair_write(&pair->a, 0, false);
    sim_store_trim(&pair->a.store, seq + 1);
    started_at(0);
    cr_assert_neq(pumped_batch().kind, MESSAGE_BATCH);
    pair->now.mono_us += (uint64_t)PAIR_HEARTBEAT_MS * 1000;
    struct message batch = pumped_batch();
    cr_assert_eq(batch.batch.previous_seq, 0);
    cr_assert_eq(batch.batch.last_seq, seq);
}

Test(shipper, a_log_trimmed_while_shipping_is_noticed)
{
    started_at(0);
    pair_write(&pair->a, 0, false);
    uint64_t second = pair_write(&pair->a, 0, false);
    sim_store_trim(&pair->a.store, second);
    bool more;
    cr_assert_not(pair_pump(pair, &more));
    cr_assert_eq(pair->err.code, ERROR_UNAVAILABLE);
    cr_assert_not_null(strstr(pair->err.text, "trimmed before"));
    cr_assert_eq(state(), SHIPPER_REPAIR);
}

Test(shipper, an_acknowledgement_must_fit_what_was_sent)
{
    started_at(0);
    struct message ack = {.kind = MESSAGE_ACK, .ack = {incarnation(), 1, 1 << 20}};
    expect_refused(ack, ERROR_PROTOCOL, "acknowledges 1");
    pair_write(&pair->a, 0, false);
    uint64_t seq = pair_write(&pair->a, 0, false);
    cr_assert_eq(pumped_batch().kind, MESSAGE_BATCH);
    ack.ack.durable_seq = seq;
    struct message other = ack;
    other.ack.incarnation++;
    expect_refused(other, ERROR_PROTOCOL, "acknowledges incarnation");
    cr_assert(pair_give_shipper(pair, &ack));
    ack.ack.durable_seq = seq - 1;
    expect_refused(ack, ERROR_PROTOCOL, "acknowledges 1");
    ack.ack.durable_seq = seq;
    ack.ack.credit = 5;
    expect_refused(ack, ERROR_PROTOCOL, "credit 5");
}

Test(shipper, heartbeats_are_regular_and_their_echo_measures)
{
    started_at(0);
    bool more;
    cr_assert(pair_pump(pair, &more));
    struct message heartbeat = pair_take(&pair->a);
    cr_assert_eq(heartbeat.kind, MESSAGE_HEARTBEAT);
    pair->now.mono_us += (uint64_t)PAIR_HEARTBEAT_MS * 1000 - 1;
    cr_assert(pair_pump(pair, &more));
    cr_assert_eq(pair->a.sent_count, 0);
    pair->now.mono_us += 1;
    cr_assert(pair_pump(pair, &more));
    cr_assert_eq(pair->a.sent_count, 1);
    struct shipper_figures figures;
    shipper_figures(pair->shipper, &figures);
    cr_assert_float_eq(figures.round_trip_ms, -1, 1e-9);
    struct message echo = {
        .kind = MESSAGE_HEARTBEAT,
        .heartbeat = {.wall_ms = pair->now.wall_ms + 500,
                      .stamp = stamp_of_wall_ms(pair->now.wall_ms + 500),
                      .echo_us = pair->now.mono_us - 20000},
    };
    cr_assert(pair_give_shipper(pair, &echo));
    shipper_figures(pair->shipper, &figures);
    cr_assert_float_eq(figures.round_trip_ms, 20, 1e-6);
    cr_assert_float_eq(figures.clock_offset_ms, 510, 1e-3);
    cr_assert_eq(hlc_last(&pair->a.hlc), stamp_of_wall_ms(pair->now.wall_ms + 500));
    echo.heartbeat.echo_us = pair->now.mono_us + 1;
    expect_refused(echo, ERROR_PROTOCOL, "echoes");
}

Test(shipper, lag_is_the_age_of_the_oldest_unacknowledged_write)
{
    started_at(0);
    uint64_t first = pair_write(&pair->a, 0, false);
    cr_assert_eq(pumped_batch().kind, MESSAGE_BATCH);
    pair->now.wall_ms += 3000;
    uint64_t second = pair_write(&pair->a, 0, false);
    cr_assert_eq(pumped_batch().kind, MESSAGE_BATCH);
    struct shipper_figures figures;
    shipper_figures(pair->shipper, &figures);
    cr_assert_float_eq(figures.lag_seconds, 3, 1e-9);
    cr_assert_eq(figures.pending_records, 2);
    cr_assert_eq(figures.sent_records, 2);
    struct message ack = {.kind = MESSAGE_ACK, .ack = {incarnation(), first, 1 << 20}};
    cr_assert(pair_give_shipper(pair, &ack));
    shipper_figures(pair->shipper, &figures);
    cr_assert_float_eq(figures.lag_seconds, 0, 1e-9);
    cr_assert_eq(figures.acknowledged_seq, first);
    cr_assert_eq(figures.pending_records, 1);
    ack.ack.durable_seq = second;
    cr_assert(pair_give_shipper(pair, &ack));
    shipper_figures(pair->shipper, &figures);
    cr_assert_eq(figures.pending_records, 0);
}

Test(shipper, lag_is_known_without_a_connection)
{
    struct replica_store store = sim_store_door(&pair->a.store);
    struct slice peer = SLICE_LITERAL("r2");
    struct shipper_arrears arrears;
    cr_assert(shipper_arrears(&store, peer, 0, pair->now.wall_ms, &arrears, &pair->err));
    cr_assert_float_eq(arrears.lag_seconds, 0, 1e-9);
    uint64_t seq = pair_write(&pair->a, 0, false);
    pair->a.store.appended_seq++; /* A batch of others' writes is not owed to anybody. */
    pair_sync(&pair->a);
    pair->now.wall_ms += 1500;
    cr_assert(shipper_arrears(&store, peer, 0, pair->now.wall_ms, &arrears, &pair->err));
    cr_assert_float_eq(arrears.lag_seconds, 1.5, 1e-9);
    cr_assert_eq(arrears.records, 1);
    cr_assert(shipper_arrears(&store, peer, seq, pair->now.wall_ms, &arrears, &pair->err));
    cr_assert_float_eq(arrears.lag_seconds, 0, 1e-9);
    cr_assert_eq(arrears.records, 0);
    pair->a.store.ships_to[0] = 0;
    cr_assert(shipper_arrears(&store, peer, 0, pair->now.wall_ms, &arrears, &pair->err));
    cr_assert_float_eq(arrears.lag_seconds, 0, 1e-9, "it does not concern the peer");
}

Test(shipper, a_report_waits_for_the_own_writes_in_front_of_it)
{
    /* Region 1 wrote, then applied something of region 2: the report must not overtake the write.
     */
    pair_connect(pair);
    struct message start = start_of(0, 0);
    start.start.credit = 1;
    cr_assert(pair_give_shipper(pair, &start));
    pair_write(&pair->a, 0, false);
    cr_assert_eq(pumped_batch().kind, MESSAGE_BATCH);
    pair_write(&pair->a, 1, false); /* No credit is left to send this one. */
    pair->a.store.applied.count = 0;
    context_raise(&pair->a.store.applied, (struct dot){2, 7, 1});
    pair->a.store.appended_seq++;
    pair_sync(&pair->a);
    pair->now.mono_us += (uint64_t)PAIR_HEARTBEAT_MS * 1000;
    bool more;
    cr_assert(pair_pump(pair, &more));
    struct message heartbeat = pair_take(&pair->a);
    cr_assert_eq(heartbeat.kind, MESSAGE_HEARTBEAT);
    cr_assert_eq(heartbeat.heartbeat.report.count, 0);
    struct message ack = {.kind = MESSAGE_ACK, .ack = {incarnation(), 1, 10000}};
    cr_assert(pair_give_shipper(pair, &ack));
    struct message batch = pumped_batch();
    cr_assert_eq(batch.batch.report.count, 1);
}

Test(shipper, a_log_that_cannot_be_read_is_an_error_and_nothing_is_skipped)
{
    started_at(0);
    pair_write(&pair->a, 0, false);
    pair->a.store.broken = true;
    bool more;
    struct shipper_arrears arrears;
    struct replica_store store = sim_store_door(&pair->a.store);
    cr_assert_not(pair_pump(pair, &more));
    cr_assert_eq(pair->err.code, ERROR_IO);
    cr_assert_not_null(strstr(pair->err.text, "read the log behind 0"));
    cr_assert_not(
        shipper_arrears(&store, SLICE_LITERAL("r2"), 0, pair->now.wall_ms, &arrears, &pair->err));
    pair->a.store.broken = false;
    cr_assert_eq(pumped_batch().batch.last_seq, 1);
}
