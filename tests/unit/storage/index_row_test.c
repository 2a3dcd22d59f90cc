/* Goal: an item has exactly the documented bytes in an index, or is not in it; index keys are
 * refused with the exact texts when a client writes them. Method: golden bytes, and every way to
 * miss an index. */
#include "storage/table/index_row.h"

#include "tests/unit/storage/indexed.h"

#include <criterion/criterion.h>

static struct arena arena;
static struct table table;
static struct error err;

static void setup(void)
{
    arena_init(&arena);
    error_clear(&err);
    table = sample_table("t", VALUE_S, VALUE_S);
    indexed_describe(&table, &arena);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

TestSuite(index_row, .init = setup, .fini = teardown);

static struct index_row make(const char *index, struct slice image)
{
    struct table_key key;
    struct index_row row;
    key_encode(&table, image, &arena, &key);
    index_row_make(&table, indexed_find(&table, index), key.bytes, image, &arena, &row);
    return row;
}

/* An item that is in every index, with one attribute in the stead of its own. */
static struct slice item_with(const char *name, struct value value)
{
    struct member members[] = {
        {SLICE_LITERAL("pk"), sample_s("p")}, {SLICE_LITERAL("sk"), sample_s("s")},
        {SLICE_LITERAL("a"), sample_s("aa")}, {SLICE_LITERAL("b"), sample_b("\0", 1)},
        {SLICE_LITERAL("g"), sample_s("gg")}, {SLICE_LITERAL("n"), sample_n(&arena, "1")},
        {SLICE_LITERAL("t"), sample_s("t")},  {SLICE_LITERAL("z"), sample_s("zz")},
    };
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        bool other = slice_is(members[i].name, name);
        if (other && value.type == VALUE_MISSING) {
            continue;
        }
        members[count] = members[i];
        members[count].value = other ? value : members[i].value;
        count++;
    }
    return value_make_map(&arena, members, count).payload;
}

static struct value text_of(size_t size)
{
    uint8_t *bytes = arena_alloc(&arena, size);
    memset(bytes, 'x', size);
    return (struct value){VALUE_S, {bytes, size}};
}

static void same_bytes(struct slice bytes, const uint8_t *golden, size_t size)
{
    cr_assert_eq(bytes.size, size, "%zu bytes", bytes.size);
    for (size_t i = 0; i < size; i++) {
        cr_expect_eq(bytes.data[i], golden[i], "byte %zu is 0x%02x", i, bytes.data[i]);
    }
}

Test(index_row, has_the_documented_bytes)
{
    static const uint8_t key[] = {
        0x00, 0x00, 0x00, 0x07,                         /* table */
        0x00, 0x05,                                     /* index */
        0x97, 0x5e, 0x25, 0x82, 0x54, 0x3c, 0xf4, 0x21, /* hash of the parts of g and b */
        0x01, 'g',  'g',  0x00, 0x01,                   /* g */
        0x03, 0x00, 0xff, 0x00, 0x01,                   /* b */
        0x02, 0xc0, 0x82, 0x0b, 0x00, 0x01,             /* n */
        0x01, 't',  0x00, 0x01,                         /* t */
        0x01, 'p',  0x00, 0x01,                         /* the item's own key: pk */
        0x01, 's',  0x00, 0x01,                         /* sk */
    };
    static const uint8_t value[] = {
        0x01,                                    /* format */
        0x07,                                    /* members */
        0x01, 'a', 0x01, 0x02, 'a',  'a',        /* a */
        0x01, 'b', 0x03, 0x01, 0x00,             /* b */
        0x01, 'g', 0x01, 0x02, 'g',  'g',        /* g */
        0x01, 'n', 0x02, 0x03, 0xc0, 0x82, 0x0b, /* n */
        0x02, 'p', 'k',  0x01, 0x01, 'p',        /* pk */
        0x02, 's', 'k',  0x01, 0x01, 's',        /* sk */
        0x01, 't', 0x01, 0x01, 't',              /* t */
    };
    struct index_row row = make("by_many", item_with("", (struct value){0}));
    cr_assert(row.present);
    same_bytes(row.key, key, sizeof(key));
    same_bytes(index_row_value(&row, &arena), value, sizeof(value));
}

Test(index_row, a_value_reads_back_and_damage_is_refused)
{
    struct index_row row = make("by_g", item_with("", (struct value){0}));
    struct slice value = index_row_value(&row, &arena);
    struct slice image;
    cr_assert(index_row_image(value, &image, &err));
    cr_assert(slice_equal(image, item_with("", (struct value){0}))); /* ALL. */
    uint8_t format = 2;
    cr_assert_not(index_row_image(slice_of(&format, 1), &image, &err));
    cr_assert_not(index_row_image((struct slice){value.data, 1}, &image, &err));
    uint8_t *other = arena_alloc(&arena, value.size);
    memcpy(other, value.data, value.size);
    other[0] = format;
    cr_assert_not(index_row_image(slice_of(other, value.size), &image, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
}

Test(index_row, an_item_is_in_an_index_with_all_its_keys_only)
{
    struct value missing = {0};
    cr_assert(make("by_gn", item_with("b", missing)).present);
    cr_assert_not(make("by_gn", item_with("g", missing)).present);
    cr_assert_not(make("by_gn", item_with("n", missing)).present);
    cr_assert_not(make("by_gn", item_with("n", sample_s("1"))).present);
    cr_assert_not(make("by_gn", item_with("g", sample_n(&arena, "1"))).present);
    cr_assert_not(make("by_g", item_with("g", sample_s(""))).present);
    cr_assert(make("by_g", item_with("g", text_of(PARTITION_KEY_BYTES_MAX))).present);
    cr_assert_not(make("by_g", item_with("g", text_of(PARTITION_KEY_BYTES_MAX + 1))).present);
    cr_assert(make("by_t", item_with("t", text_of(SORT_KEY_BYTES_MAX))).present);
    cr_assert_not(make("by_t", item_with("t", text_of(SORT_KEY_BYTES_MAX + 1))).present);
    /* Of several attributes the sizes count together. */
    cr_assert(make("by_many", item_with("g", text_of(PARTITION_KEY_BYTES_MAX - 1))).present);
    cr_assert_not(make("by_many", item_with("g", text_of(PARTITION_KEY_BYTES_MAX))).present);
    struct index_row none;
    index_row_make(&table, indexed_find(&table, "by_g"), (struct slice){0}, (struct slice){0},
                   &arena, &none);
    cr_assert_not(none.present);
}

static void refused(struct slice image, const char *text)
{
    error_clear(&err);
    cr_assert_not(item_check_put_key(&table, image, &err), "taken instead of: %s", text);
    cr_assert_eq(err.code, ERROR_VALIDATION);
    cr_assert_str_eq(err.text, text);
}

Test(index_row, a_put_with_wrong_index_keys_is_refused)
{
    cr_assert(item_check_put_key(&table, item_with("g", (struct value){0}), &err), "%s", err.text);
    refused(item_with("g", sample_n(&arena, "1")),
            "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S "
            "Actual: N IndexName: by_g");
    refused(item_with("n", (struct value){VALUE_NULL, {0}}),
            "One or more parameter values were invalid: Type mismatch for Index Key n Expected: N "
            "Actual: NULL IndexName: by_n");
    refused(item_with("g", sample_s("")),
            "One or more parameter values are not valid. A value specified for a secondary index "
            "key is not supported. The AttributeValue for a key attribute cannot contain an empty "
            "string value. IndexName: by_g, IndexKey: g");
    refused(item_with("b", sample_b("", 0)),
            "One or more parameter values are not valid. A value specified for a secondary index "
            "key is not supported. The AttributeValue for a key attribute cannot contain an empty "
            "binary value. IndexName: by_many, IndexKey: b");
    refused(item_with("g", text_of(PARTITION_KEY_BYTES_MAX + 1)),
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum "
            "size limit of2048 bytes");
    refused(item_with("t", text_of(SORT_KEY_BYTES_MAX + 1)),
            "One or more parameter values were invalid: Aggregated size of all range keys has "
            "exceeded the size limit of 1024 bytes");
}

Test(index_row, an_index_on_its_way_out_asks_for_nothing)
{
    struct table_index *indexes = arena_zalloc(&arena, INDEXED_INDEXES, sizeof(*indexes));
    memcpy(indexes, table.indexes, INDEXED_INDEXES * sizeof(*indexes));
    for (uint32_t i = INDEXED_LOCAL; i < INDEXED_INDEXES; i++) {
        indexes[i].status = INDEX_DELETING;
    }
    table.indexes = indexes;
    cr_assert(item_check_put_key(&table, item_with("g", sample_s("")), &err), "%s", err.text);
}
