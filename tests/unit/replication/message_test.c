/* Goal: what is encoded comes back equal; nothing damaged or beyond a limit is taken. Method: round
 * trips and golden bytes; every prefix and every bit flip of a sample of each kind; then messages
 * that encode themselves into something no peer may send. */
#include "proto/peer/message.h"

#include <criterion/criterion.h>

static struct arena arena;

static void message_test_begin(void)
{
    arena_init(&arena);
}

static void message_test_end(void)
{
    arena_destroy(&arena);
}

TestSuite(message, .init = message_test_begin, .fini = message_test_end);

static struct context sample_context(void)
{
    struct context context = {0};
    context_raise(&context, (struct dot){2, 1700000000, 77});
    context_raise(&context, (struct dot){65535, UINT32_MAX, UINT64_MAX});
    return context;
}

static struct message_records sample_records(void)
{
    return (struct message_records){COMPRESSION_NONE, 3, 1, SLICE_LITERAL("abc")};
}

static struct message_table sample_table(void)
{
    struct message_key_attribute *attributes = arena_alloc(&arena, 2 * sizeof(*attributes));
    attributes[0] = (struct message_key_attribute){SLICE_LITERAL("user"), 1};
    attributes[1] = (struct message_key_attribute){SLICE_LITERAL("time"), 2};
    struct message_replica *replicas = arena_alloc(&arena, 2 * sizeof(*replicas));
    replicas[0] = (struct message_replica){SLICE_LITERAL("eu-west-1"), 1, {0}, 0};
    replicas[1] =
        (struct message_replica){SLICE_LITERAL("us-east-1"), 3, SLICE_LITERAL("disk"), 77};
    struct slice *non_key = arena_alloc(&arena, sizeof(*non_key));
    *non_key = SLICE_LITERAL("note");
    struct message_index *indexes = arena_zalloc(&arena, 2, sizeof(*indexes));
    indexes[0] = (struct message_index){
        .name = SLICE_LITERAL("local"),
        .partition = {attributes[0]},
        .sort = {attributes[1]},
        .partition_count = 1,
        .sort_count = 1,
    };
    indexes[1] = (struct message_index){
        .name = SLICE_LITERAL("global"),
        .kind = 1,
        .partition = {attributes[1], attributes[0]},
        .partition_count = 2,
        .projection = 2,
        .non_key = non_key,
        .non_key_count = 1,
        .throughput = {1, 2, 3, 4, 5, 6, 7, 8, 9},
    };
    return (struct message_table){
        .request = 9,
        .uid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
        .name = SLICE_LITERAL("events"),
        .partition = attributes[0],
        .sort = attributes[1],
        .attributes = attributes,
        .attributes_count = 2,
        .billing = 1,
        .was_on_demand = true,
        .on_demand_since_ms = 5,
        .throughput = {6, 7, 8, 9, 10, 11, 12, 13, 14},
        .table_class = 1,
        .class_changed_ms = 15,
        .encrypted = true,
        .stream = 4,
        .indexes = indexes,
        .indexes_count = 2,
        .ttl_attribute = SLICE_LITERAL("expires"),
        .ttl_changed_ms = 17,
        .created_ms = 8,
        .deletion_protection = true,
        .replicas = replicas,
        .replicas_count = 2,
        .schema_stamp = 10,
        .schema_region = 11,
        .base_stamp = 12,
        .base_region = 13,
        .content_stamp = 14,
        .content_region = 15,
        .leaving = true,
        .leaver = SLICE_LITERAL("us-east-1"),
    };
}

static struct message sample(enum message_kind kind)
{
    struct message message = {.kind = kind};
    switch (kind) {
    case MESSAGE_START:
        message.start = (struct message_start){1, 1700000000, 300, 4096, true};
        break;
    case MESSAGE_BATCH:
        message.batch = (struct message_batch){
            1700000000, 5, 9, sample_records(), sample_context(), false,
        };
        break;
    case MESSAGE_ACK:
        message.ack = (struct message_ack){1700000000, 9, 5000};
        break;
    case MESSAGE_HEARTBEAT:
        message.heartbeat = (struct message_heartbeat){1, 2, 3, 4, 5, 6, 7, sample_context()};
        break;
    case MESSAGE_TABLE_STATE:
        message.table = sample_table();
        break;
    case MESSAGE_TABLE_REPLY:
        message.table_reply =
            (struct message_table_reply){9, ERROR_IN_USE, SLICE_LITERAL("taken"), sample_context()};
        break;
    case MESSAGE_BACKFILL_BATCH:
        message.backfill = (struct message_backfill){.uid = {7},
                                                     .backfill = 3,
                                                     .number = 4,
                                                     .records = sample_records(),
                                                     .applied = sample_context(),
                                                     .last = true,
                                                     .rows_total = 900};
        break;
    case MESSAGE_BACKFILL_ACK:
        message.backfill_ack = (struct message_backfill_ack){{7}, 3, 4, 900};
        break;
    case MESSAGE_REFUSAL:
        message.refusal = (struct message_refusal){ERROR_UNAVAILABLE, SLICE_LITERAL("repair")};
        break;
    }
    return message;
}

static void expect_refused(const struct message *message, const char *text)
{
    struct slice payload = message_encode(message, &arena);
    struct message back;
    struct error err = {0};
    cr_assert_not(message_decode(payload, &arena, &back, &err), "expected: %s", text);
    cr_assert_eq(err.code, ERROR_PROTOCOL);
    cr_assert_not_null(strstr(err.text, text), "%s, expected %s", err.text, text);
}

static void expect_same_again(enum message_kind kind)
{
    struct message message = sample(kind);
    struct slice payload = message_encode(&message, &arena);
    struct message back;
    struct error err = {0};
    cr_assert(message_decode(payload, &arena, &back, &err), "%s", err.text);
    cr_assert_eq(back.kind, kind);
    cr_assert_eq(back.payload_bytes, payload.size);
    struct slice again = message_encode(&back, &arena);
    cr_assert(slice_equal(payload, again), "kind %d", (int)kind);
}

Test(message, every_kind_survives_a_round_trip)
{
    for (int kind = MESSAGE_START; kind <= MESSAGE_REFUSAL; kind++) {
        expect_same_again((enum message_kind)kind);
    }
}

Test(message, a_batch_comes_back_field_by_field)
{
    struct message message = sample(MESSAGE_BATCH);
    struct message back;
    struct error err = {0};
    cr_assert(message_decode(message_encode(&message, &arena), &arena, &back, &err));
    cr_assert_eq(back.batch.incarnation, 1700000000);
    cr_assert_eq(back.batch.previous_seq, 5);
    cr_assert_eq(back.batch.last_seq, 9);
    cr_assert_eq(back.batch.records.count, 1);
    cr_assert(slice_is(back.batch.records.bytes, "abc"));
    cr_assert_eq(back.batch.report.count, 2);
    cr_assert(dot_equal(back.batch.report.entries[1], (struct dot){65535, UINT32_MAX, UINT64_MAX}));
}

Test(message, a_part_of_a_transaction_has_records_and_no_report)
{
    static const uint8_t golden[] = {0x12, 0x15, 0x08, 0x80, 0xe2, 0xcf, 0xaa, 0x06,
                                     0x10, 0x05, 0x18, 0x09, 0x28, 0x03, 0x30, 0x01,
                                     0x3a, 0x03, 'a',  'b',  'c',  0x48, 0x01};
    struct message message = sample(MESSAGE_BATCH);
    struct message back;
    struct error err = {0};
    message.batch.report.count = 0;
    message.batch.unfinished = true;
    struct slice payload = message_encode(&message, &arena);
    cr_assert(message_decode(payload, &arena, &back, &err), "%s", err.text);
    cr_assert(back.batch.unfinished);
    cr_assert(slice_equal(payload, slice_of(golden, sizeof(golden))));
    /* With a report (a field that is appended), and without records. */
    struct message whole = sample(MESSAGE_BATCH);
    struct buffer to;
    buffer_init(&to, &arena, 256);
    struct slice with_report = message_encode(&whole, &arena);
    buffer_append_byte(&to, 0x12);
    buffer_append_varint(&to, with_report.size - 2 + 2);
    buffer_append(&to, with_report.data + 2, with_report.size - 2);
    buffer_append(&to, "\x48\x01", 2);
    cr_assert_not(message_decode(buffer_slice(&to), &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "a part of a transaction"), "%s", err.text);
    static const uint8_t empty[] = {0x12, 0x06, 0x10, 0x05, 0x18, 0x09, 0x48, 0x01};
    cr_assert_not(message_decode(slice_of(empty, sizeof(empty)), &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "a part of a transaction"), "%s", err.text);
}

Test(message, a_table_comes_back_field_by_field)
{
    struct message message = sample(MESSAGE_TABLE_STATE);
    struct message back;
    struct error err = {0};
    cr_assert(message_decode(message_encode(&message, &arena), &arena, &back, &err));
    cr_assert(slice_is(back.table.name, "events"));
    cr_assert(slice_is(back.table.sort.name, "time"));
    cr_assert_eq(back.table.sort.type, 2);
    cr_assert_eq(back.table.attributes_count, 2);
    cr_assert_eq(back.table.uid[15], 16);
    cr_assert(slice_is(back.table.replicas[1].region, "us-east-1"));
    cr_assert(slice_is(back.table.replicas[1].reason, "disk"));
    cr_assert_eq(back.table.schema_region, 11);
    cr_assert(slice_is(back.table.ttl_attribute, "expires"));
    cr_assert_eq(back.table.ttl_changed_ms, 17);
    cr_assert_eq(back.table.base_stamp, 12);
    cr_assert_eq(back.table.base_region, 13);
    cr_assert_eq(back.table.content_stamp, 14);
    cr_assert_eq(back.table.content_region, 15);
    cr_assert_eq(back.table.throughput.read_units, 6);
    cr_assert_eq(back.table.throughput.write_units_max, 9);
    cr_assert_eq(back.table.throughput.write_units_warm, 11);
    cr_assert_eq(back.table.throughput.decreased_ms, 13);
    cr_assert_eq(back.table.throughput.decreases, 14);
    cr_assert(back.table.encrypted);
    cr_assert_eq(back.table.stream, 4);
    cr_assert_eq(back.table.table_class, 1);
    cr_assert_eq(back.table.class_changed_ms, 15);
    cr_assert_eq(back.table.indexes_count, 2);
    const struct message_index *global = &back.table.indexes[1];
    cr_assert(slice_is(back.table.indexes[0].name, "local"));
    cr_assert_eq(back.table.indexes[0].sort_count, 1);
    cr_assert(slice_is(global->partition[1].name, "user"));
    cr_assert_eq(global->partition_count, 2);
    cr_assert_eq(global->kind, 1);
    cr_assert_eq(global->projection, 2);
    cr_assert(slice_is(global->non_key[0], "note"));
    cr_assert_eq(global->throughput.decreases, 9);
    cr_assert(back.table.leaving && back.table.deletion_protection && back.table.was_on_demand);
}

Test(message, the_bytes_on_the_wire_are_pinned)
{
    static const uint8_t start[] = {0x0a, 0x10, 0x08, 0x01, 0x10, 0x80, 0xe2, 0xcf, 0xaa,
                                    0x06, 0x18, 0xac, 0x02, 0x20, 0x80, 0x20, 0x28, 0x01};
    static const uint8_t ack[] = {0x1a, 0x0b, 0x08, 0x80, 0xe2, 0xcf, 0xaa,
                                  0x06, 0x10, 0x09, 0x18, 0x88, 0x27};
    struct message message = sample(MESSAGE_START);
    cr_assert(slice_equal(message_encode(&message, &arena), slice_of(start, sizeof(start))));
    message = sample(MESSAGE_ACK);
    cr_assert(slice_equal(message_encode(&message, &arena), slice_of(ack, sizeof(ack))));
}

Test(message, a_table_without_a_sort_key_has_none)
{
    struct message message = sample(MESSAGE_TABLE_STATE);
    message.table.sort = (struct message_key_attribute){0};
    struct message back;
    struct error err = {0};
    cr_assert(message_decode(message_encode(&message, &arena), &arena, &back, &err));
    cr_assert_eq(back.table.sort.type, 0);
}

/* Goal: damage never gets through as something out of bounds, nor reads or writes where it must not
 * (the sanitizer builds look on). */
Test(message, no_prefix_and_no_bit_flip_gets_past_the_limits)
{
    for (int kind = MESSAGE_START; kind <= MESSAGE_REFUSAL; kind++) {
        struct message message = sample((enum message_kind)kind);
        struct slice payload = message_encode(&message, &arena);
        struct arena scratch = {0};
        for (size_t i = 0; i < payload.size * 9; i++) {
            uint8_t *damaged = malloc(payload.size + 1);
            memcpy(damaged, payload.data, payload.size);
            size_t size = i < payload.size ? i : payload.size;
            if (i >= payload.size) {
                size_t bit = i - payload.size;
                damaged[bit / 8] = (uint8_t)(damaged[bit / 8] ^ (1 << bit % 8));
            }
            struct message back;
            struct error err = {0};
            if (!message_decode(slice_of(damaged, size), &scratch, &back, &err)) {
                cr_assert_eq(err.code, ERROR_PROTOCOL);
            } else if (back.kind == MESSAGE_BATCH) {
                cr_assert_leq(back.batch.records.raw_size, PEER_RAW_BYTES_MAX);
                cr_assert_leq(back.batch.previous_seq, back.batch.last_seq);
            }
            arena_clear(&scratch);
            free(damaged);
        }
        arena_destroy(&scratch);
    }
}

Test(message, nothing_and_nonsense_are_refused)
{
    struct message back;
    struct error err = {0};
    cr_assert_not(message_decode((struct slice){0}, &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "without a known body"));
    cr_assert_not(message_decode(SLICE_LITERAL("\x0a\xff"), &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "does not decode"));
    /* Field 100: a body of a later version. */
    cr_assert_not(message_decode(SLICE_LITERAL("\xa2\x06\x01x"), &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "without a known body"));
}

Test(message, a_payload_beyond_the_frame_limit_is_refused_before_it_is_read)
{
    uint8_t *bytes = calloc(1, PEER_FRAME_BYTES_MAX + 1);
    struct message back;
    struct error err = {0};
    cr_assert_not(message_decode(slice_of(bytes, PEER_FRAME_BYTES_MAX + 1), &arena, &back, &err));
    cr_assert_eq(err.code, ERROR_PROTOCOL);
    free(bytes);
}

Test(message, a_small_message_cannot_make_the_decoder_take_much_memory)
{
    /* A heartbeat of a million empty dots. */
    size_t dots = 900000;
    uint8_t *bytes = malloc(8 + 2 * dots);
    struct buffer head = {.arena = &arena};
    buffer_init(&head, &arena, 16);
    buffer_append_byte(&head, 4 << 3 | 2);
    buffer_append_varint(&head, 2 * dots);
    memcpy(bytes, head.data, head.size);
    for (size_t i = 0; i < dots; i++) {
        bytes[head.size + 2 * i] = 6 << 3 | 2;
        bytes[head.size + 2 * i + 1] = 0;
    }
    struct message back;
    struct error err = {0};
    cr_assert_not(message_decode(slice_of(bytes, head.size + 2 * dots), &arena, &back, &err));
    cr_assert_eq(err.code, ERROR_PROTOCOL);
    cr_assert_leq(arena_held_bytes(&arena), PEER_DECODED_BYTES_MAX + (4 << 20));
    free(bytes);
}

Test(message, contexts_must_ascend_and_name_regions)
{
    struct message message = sample(MESSAGE_HEARTBEAT);
    message.heartbeat.report.entries[1].region = 2;
    expect_refused(&message, "do not ascend");
    message.heartbeat.report.entries[0].region = 0;
    expect_refused(&message, "do not ascend");
}

Test(message, a_context_of_too_many_regions_is_refused)
{
    /* REGIONS_MAX + 1 dots { region } by hand. */
    struct buffer dots;
    buffer_init(&dots, &arena, 256);
    for (uint8_t i = 1; i <= REGIONS_MAX + 1; i++) {
        const uint8_t dot[] = {6 << 3 | 2, 2, 1 << 3, i};
        buffer_append(&dots, dot, sizeof(dot));
    }
    struct buffer payload;
    buffer_init(&payload, &arena, 256);
    buffer_append_byte(&payload, 4 << 3 | 2);
    buffer_append_varint(&payload, dots.size);
    buffer_append_slice(&payload, buffer_slice(&dots));
    struct message back;
    struct error err = {0};
    cr_assert_not(message_decode(buffer_slice(&payload), &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "a context of 33 regions"));
}

Test(message, a_heartbeat_beyond_all_time_is_refused)
{
    struct message message = sample(MESSAGE_HEARTBEAT);
    message.heartbeat.stamp = MESSAGE_STAMP_MAX + 1;
    expect_refused(&message, "beyond all time");
}

/* Encoding ensures its own limits, so these are changed in the bytes: a varint field of one byte.
 */
static void
expect_refused_with_byte(struct message message, uint8_t tag, uint8_t byte, const char *text)
{
    struct slice payload = message_encode(&message, &arena);
    uint8_t *bytes = malloc(payload.size);
    memcpy(bytes, payload.data, payload.size);
    size_t at = 2;
    while (at + 1 < payload.size && bytes[at] != tag) {
        at++;
    }
    cr_assert_lt(at + 1, payload.size);
    bytes[at + 1] = byte;
    struct message back;
    struct error err = {0};
    cr_assert_not(message_decode(slice_of(bytes, payload.size), &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, text), "%s, expected %s", err.text, text);
    free(bytes);
}

Test(message, a_batch_that_ends_before_it_begins_is_refused)
{
    struct message message = sample(MESSAGE_BATCH);
    expect_refused_with_byte(message, 3 << 3, 4, "ends before it begins");
}

Test(message, records_must_be_what_they_announce)
{
    struct message message = sample(MESSAGE_BATCH);
    expect_refused_with_byte(message, 5 << 3, 4, "records: ");
    expect_refused_with_byte(message, 6 << 3, 0, "records: ");
    message.batch.records.compression = COMPRESSION_ZSTD;
    expect_refused_with_byte(message, 4 << 3, 2, "records: ");
}

Test(message, a_table_is_checked_field_by_field)
{
    struct message message = sample(MESSAGE_TABLE_STATE);
    message.table.name = SLICE_LITERAL("ab");
    expect_refused(&message, "a table's name of 2 bytes");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.partition.type = 4;
    expect_refused(&message, "a key attribute of type 4");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.partition.type = 0;
    message.table.leaving = false;
    message.table.leaver = (struct slice){0};
    expect_refused(&message, "without a partition key");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.partition.name = (struct slice){0};
    expect_refused(&message, "a key attribute's name of 0 bytes");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.attributes[0].type = 0;
    expect_refused(&message, "an attribute definition without a type");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.replicas[0].region = (struct slice){0};
    expect_refused(&message, "replica 0 of a table");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.leaver = (struct slice){0};
    expect_refused(&message, "settings are out of range");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.table_class = 2;
    expect_refused(&message, "settings are out of range");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.throughput.read_units = -1;
    expect_refused(&message, "a throughput of -1 units");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.indexes[1].throughput.write_units_warm = -1;
    expect_refused(&message, "a throughput of -1 units");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.indexes[0].partition_count = 0;
    expect_refused(&message, "an index does not decode");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.indexes[0].name = SLICE_LITERAL("ab");
    expect_refused(&message, "an index does not decode");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.indexes[0].sort[0].type = 0;
    expect_refused(&message, "an index key without a type");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.indexes[1].non_key[0] = (struct slice){0};
    expect_refused(&message, "a projected name of 0 bytes");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.schema_stamp = MESSAGE_STAMP_MAX + 1;
    expect_refused(&message, "settings are out of range");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.base_stamp = MESSAGE_STAMP_MAX + 1;
    expect_refused(&message, "settings are out of range");
    message = sample(MESSAGE_TABLE_STATE);
    message.table.content_stamp = MESSAGE_STAMP_MAX + 1;
    expect_refused(&message, "settings are out of range");
}

Test(message, a_table_of_too_many_attributes_is_refused)
{
    /* uid, name, and one empty attribute too many, by hand. */
    struct buffer table;
    buffer_init(&table, &arena, 256);
    buffer_append_byte(&table, 2 << 3 | 2);
    buffer_append_byte(&table, MESSAGE_UID_BYTES);
    buffer_append_text(&table, "0123456789abcdef");
    buffer_append_text(&table, "\x1a\x04name");
    buffer_append_text(&table, "\x22\x05\x0a\x01k\x10\x01");
    for (int i = 0; i <= PEER_TABLE_ATTRIBUTES_MAX; i++) {
        buffer_append_byte(&table, 6 << 3 | 2);
        buffer_append_byte(&table, 0);
    }
    struct buffer payload;
    buffer_init(&payload, &arena, 256);
    buffer_append_byte(&payload, 5 << 3 | 2);
    buffer_append_varint(&payload, table.size);
    buffer_append_slice(&payload, buffer_slice(&table));
    struct message back;
    struct error err = {0};
    cr_assert_not(message_decode(buffer_slice(&payload), &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "a table of 168 attributes"), "%s", err.text);
}

Test(message, a_uid_has_sixteen_bytes)
{
    struct message message = sample(MESSAGE_BACKFILL_ACK);
    struct slice payload = message_encode(&message, &arena);
    uint8_t *bytes = malloc(payload.size);
    memcpy(bytes, payload.data, payload.size);
    cr_assert_eq(bytes[3], 16);
    bytes[3] = 15; /* The last byte then begins a field that does not exist. */
    struct message back;
    struct error err = {0};
    cr_assert_not(message_decode(slice_of(bytes, payload.size), &arena, &back, &err));
    cr_assert_eq(err.code, ERROR_PROTOCOL);
    free(bytes);
    message = sample(MESSAGE_TABLE_STATE);
    static const uint8_t short_uid[] = {0x2a, 0x03, 0x12, 0x01, 0x07};
    cr_assert_not(message_decode(slice_of(short_uid, sizeof(short_uid)), &arena, &back, &err));
    cr_assert_not_null(strstr(err.text, "uid of 1 bytes"));
}

Test(message, a_reply_has_a_known_code_and_a_bounded_text)
{
    struct message message = sample(MESSAGE_REFUSAL);
    message.refusal.code = (enum error_code)(ERROR_CONFIG + 1);
    expect_refused(&message, "a reply of code");
    message = sample(MESSAGE_TABLE_REPLY);
    message.table_reply.text =
        slice_of(arena_zalloc(&arena, 1, PEER_TEXT_BYTES_MAX + 1), PEER_TEXT_BYTES_MAX + 1);
    expect_refused(&message, "a reply of code");
}
