/* Goal: a stored description comes back as it was, has the documented bytes, and damage to it is
 * noticed. Method: a table with every field set, golden bytes of each version, every prefix, every
 * flipped bit. */
#include "storage/catalog/record.h"

#include "tests/unit/storage/full_table.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>

TestSuite(record, .timeout = 60);

static struct slice encoded(struct arena *to_arena, const struct table *table)
{
    struct buffer to;
    buffer_init(&to, to_arena, 16);
    table_record_encode(&to, table);
    return buffer_slice(&to);
}

Test(record, comes_back_as_it_was)
{
    struct arena own = {0};
    struct table table = full_table("orders");
    struct table back;
    struct error error = {0};
    cr_assert(table_record_decode(encoded(&own, &table), &own, &back, &error), "%s", error.text);
    check_equal_table(&table, &back);
    struct table plain = sample_table("plain", VALUE_B, VALUE_MISSING);
    strcpy(plain.table_id, table.table_id);
    cr_assert(table_record_decode(encoded(&own, &plain), &own, &back, &error), "%s", error.text);
    check_equal_table(&plain, &back);
    arena_destroy(&own);
}

static void check_bytes(struct slice record, const char *golden)
{
    struct arena own = {0};
    struct buffer hex;
    buffer_init(&hex, &own, 2 * record.size + 1);
    for (size_t i = 0; i < record.size; i++) {
        buffer_printf(&hex, "%02x", record.data[i]);
    }
    buffer_append_byte(&hex, 0);
    cr_assert_str_eq((const char *)hex.data, golden);
    arena_destroy(&own);
}

Test(record, has_the_documented_bytes)
{
    static const char golden[] =
        "91f9aefcaf762a8104000000073031323334353637383961626364656631323334353637382d3132"
        "33342d343233342d383233342d3132333435363738396162630201070000018bcfe5687b0000018b"
        "cfe569c80000000000000005000000000000000601020304050607080003066f7264657273020102"
        "706b0202736b0102706b0202736b020965752d776573742d3100ac02000a61702d736f7574682d31"
        "0300076e6f20726f6f6d0195d695ffbc310561726e3a6b0708090a81d095ffbc3182d095ffbc3103"
        "ac02020100010001046e656172010102706b0102047768656e00000000000000000000ab02010001"
        "0203666172020101780301790102017a020161016214151617181981d095ffbc3182d095ffbc3103"
        "070285d795ffbc310105756e74696c86d795ffbc31868c98a8c0e080810102878e98a8c0e0808101"
        "ac02";
    struct arena own = {0};
    struct table table = full_table("orders");
    check_bytes(encoded(&own, &table), golden);
    arena_destroy(&own);
}

static void decode_hex(const char *hex, struct arena *own, struct table *back)
{
    size_t size = strlen(hex) / 2;
    uint8_t *record = arena_alloc(own, size);
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        record[i] = (uint8_t)byte;
    }
    struct error error = {0};
    cr_assert(table_record_decode(slice_of(record, size), own, back, &error), "%s", error.text);
}

/* full_table as a version before 4 keeps it. */
static struct table table_before_4(void)
{
    struct table table = full_table("orders");
    table.base_stamp = table.content_stamp = 0;
    table.base_region = table.content_region = 0;
    return table;
}

Test(record, of_version_3_still_decodes)
{
    static const char golden[] =
        "9a0feabbb7fb189203000000073031323334353637383961626364656631323334353637382d3132"
        "33342d343233342d383233342d3132333435363738396162630201070000018bcfe5687b0000018b"
        "cfe569c80000000000000005000000000000000601020304050607080003066f7264657273020102"
        "706b0202736b0102706b0202736b020965752d776573742d3100ac02000a61702d736f7574682d31"
        "0300076e6f20726f6f6d0195d695ffbc310561726e3a6b0708090a81d095ffbc3182d095ffbc3103"
        "ac02020100010001046e656172010102706b0102047768656e00000000000000000000ab02010001"
        "0203666172020101780301790102017a020161016214151617181981d095ffbc3182d095ffbc3103"
        "070285d795ffbc310105756e74696c86d795ffbc31";
    struct arena own = {0};
    struct table back;
    decode_hex(golden, &own, &back);
    struct table table = table_before_4();
    check_equal_table(&table, &back);
    arena_destroy(&own);
}

Test(record, of_version_2_still_decodes)
{
    static const char golden[] =
        "d522f512db213b8602000000073031323334353637383961626364656631323334353637382d31"
        "3233342d343233342d383233342d3132333435363738396162630201070000018bcfe5687b0000"
        "018bcfe569c80000000000000005000000000000000601020304050607080003066f7264657273"
        "020102706b0202736b0102706b0202736b020965752d776573742d3100ac02000a61702d736f75"
        "74682d310300076e6f20726f6f6d0195d695ffbc310561726e3a6b0708090a81d095ffbc3182d0"
        "95ffbc3103ac02020100010001046e656172010102706b0102047768656e000000000000000000"
        "00ab020100010203666172020101780301790102017a020161016214151617181981d095ffbc31"
        "82d095ffbc3103";
    struct arena own = {0};
    struct table back;
    decode_hex(golden, &own, &back);
    struct table table = table_before_4();
    table.stream = (struct table_stream){0};
    table.ttl = (struct table_ttl){0};
    check_equal_table(&table, &back);
    arena_destroy(&own);
}

Test(record, of_version_1_still_decodes)
{
    static const char golden[] =
        "8aa71546b85c10cf01000000073031323334353637383961626364656631323334353637382d3132"
        "33342d343233342d383233342d3132333435363738396162630201030000018bcfe5687b0000018b"
        "cfe569c80000000000000005000000000000000601020304050607080003066f7264657273020102"
        "706b0202736b0102706b0202736b020965752d776573742d3100ac02000a61702d736f7574682d31"
        "0300076e6f20726f6f6d";
    struct arena own = {0};
    struct table back;
    decode_hex(golden, &own, &back);
    struct table table = table_before_4();
    table.throughput = (struct throughput){.read_units = 5, .write_units = 6};
    table.table_class = CLASS_STANDARD;
    table.class_changed_ms = 0;
    table.encrypted = false;
    table.kms_key = (struct slice){NULL, 0};
    table.indexes_count = 0;
    table.next_index_id = 0;
    table.stream = (struct table_stream){0};
    table.ttl = (struct table_ttl){0};
    check_equal_table(&table, &back);
    arena_destroy(&own);
}

Test(record, refuses_every_prefix_and_every_flipped_bit)
{
    struct arena own = {0};
    struct error error = {0};
    struct table table = full_table("orders");
    struct table back;
    struct slice record = encoded(&own, &table);
    for (size_t size = 0; size < record.size; size++) {
        cr_assert_not(table_record_decode(slice_of(record.data, size), &own, &back, &error),
                      "took %zu of %zu", size, record.size);
        cr_assert_eq(error.code, ERROR_CORRUPT);
    }
    uint8_t *bytes = arena_alloc(&own, record.size);
    for (size_t bit = 0; bit < 8 * record.size; bit++) {
        memcpy(bytes, record.data, record.size);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(table_record_decode(slice_of(bytes, record.size), &own, &back, &error),
                      "took flipped bit %zu", bit);
        cr_assert_eq(error.code, ERROR_CORRUPT);
    }
    arena_destroy(&own);
}

Test(record, totals_come_back_and_damage_to_them_is_noticed)
{
    uint8_t bytes[TABLE_TOTALS_BYTES];
    int64_t items;
    int64_t size;
    struct error error = {0};
    table_totals_encode(bytes, -3, INT64_MAX);
    cr_assert(table_totals_decode(slice_of(bytes, sizeof(bytes)), &items, &size, &error));
    cr_assert_eq(items, -3);
    cr_assert_eq(size, INT64_MAX);
    cr_assert_not(table_totals_decode(slice_of(bytes, sizeof(bytes) - 1), &items, &size, &error));
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(table_totals_decode(slice_of(bytes, sizeof(bytes)), &items, &size, &error));
        cr_assert_eq(error.code, ERROR_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}
