/* Expressions: any text over any item. Each text is compiled as every kind, twice (the second time
 * from the cache, with the same outcome), and run on a rich item and on the input's own bytes taken
 * as a stored image, damaged as they may be. What an update makes of a sound item must be sound.
 *
 * The first byte chooses how the text is spelt: by its bytes, or by tokens of the grammar, one per
 * byte, which reaches far more of the evaluator. A zero byte ends the text; the image follows. */
#include "proto/base/limits.h"
#include "proto/value/value_json.h"
#include "storage/expression/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fuzz_item[] =
    "{\"a\":{\"N\":\"5\"},\"b\":{\"S\":\"hello\"},\"c\":{\"L\":[{\"N\":\"1\"},{\"M\":{\"a\":{\"S\":"
    "\"x\"}}},{\"L\":[]}]},\"d\":{\"M\":{\"a\":{\"N\":\"-1.5\"},\"b\":{\"M\":{\"c\":{\"BOOL\":true}"
    "}}}},\"e\":{\"SS\":[\"a\",\"b\"]},\"f\":{\"NS\":[\"1\",\"2\"]},\"g\":{\"B\":\"AAEC\"}}";
static const char fuzz_values[] =
    "{\":n\":{\"N\":\"7\"},\":s\":{\"S\":\"he\"},\":b\":{\"B\":\"AAE=\"},\":t\":{\"BOOL\":false},"
    "\":l\":{\"L\":[{\"N\":\"1\"}]},\":m\":{\"M\":{\"a\":{\"N\":\"1\"}}},\":S\":{\"SS\":[\"b\","
    "\"c\"]},\":N\":{\"NS\":[\"2\"]},\":T\":{\"S\":\"SS\"},\":0\":{\"N\":\"0\"},\":z\":{\"NULL\":"
    "true},\":x\":{\"N\":\"9.9e125\"}}";

static const char *const fuzz_tokens[] = {"a",
                                          "b",
                                          "c",
                                          "d",
                                          "e",
                                          "f",
                                          "g",
                                          "h",
                                          "#a",
                                          "#b",
                                          "#u",
                                          ":n",
                                          ":s",
                                          ":b",
                                          ":t",
                                          ":l",
                                          ":m",
                                          ":S",
                                          ":N",
                                          ":T",
                                          ":0",
                                          ":z",
                                          ":x",
                                          ":u",
                                          "[0]",
                                          "[1]",
                                          "[9]",
                                          "[",
                                          "]",
                                          ".",
                                          ".a",
                                          ".b",
                                          ",",
                                          "(",
                                          ")",
                                          " = ",
                                          " <> ",
                                          " < ",
                                          " <= ",
                                          " > ",
                                          " >= ",
                                          " + ",
                                          " - ",
                                          " AND ",
                                          " OR ",
                                          " NOT ",
                                          " BETWEEN ",
                                          " IN (",
                                          " SET ",
                                          " REMOVE ",
                                          " ADD ",
                                          " DELETE ",
                                          "size(",
                                          "contains(",
                                          "begins_with(",
                                          "attribute_exists(",
                                          "attribute_not_exists(",
                                          "attribute_type(",
                                          "if_not_exists(",
                                          "list_append(",
                                          "foo(",
                                          "size",
                                          "\xc3\xa9",
                                          "0"};

static struct json *fuzz_json(struct arena *arena, const char *text)
{
    struct json *root;
    struct error err = {0};
    ensure(json_parse(slice_text(text), arena, &root, &err));
    return root;
}

static struct placeholders fuzz_placeholders(struct arena *arena)
{
    static const struct {
        const char *key;
        const char *name;
    } names[] = {{"#a", "a"}, {"#b", "b"}};
    struct placeholders made = {0};
    struct error err = {0};
    struct json *values = fuzz_json(arena, fuzz_values);
    made.names = arena_zalloc(arena, ARRAY_COUNT(names), sizeof(*made.names));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        made.names[made.names_count++] = (struct placeholder){.key = slice_text(names[i].key),
                                                              .name = slice_text(names[i].name)};
    }
    made.values = arena_zalloc(arena, values->count, sizeof(*made.values));
    for (struct json *at = values->first; at != NULL; at = at->next) {
        struct placeholder *one = &made.values[made.values_count++];
        one->key = at->name;
        ensure(value_from_json(at, arena, &one->value, &err));
    }
    return made;
}

/* The input's text, spelt out; *rest is what follows it. */
static struct slice fuzz_text(struct arena *arena, struct slice input, struct slice *rest)
{
    bool tokens = input.data[0] % 2 == 1;
    struct buffer text;
    size_t at = 1;
    buffer_init(&text, arena, 256);
    for (; at < input.size && input.data[at] != 0; at++) {
        if (tokens) {
            buffer_append_text(&text, fuzz_tokens[input.data[at] % ARRAY_COUNT(fuzz_tokens)]);
        } else {
            buffer_append_byte(&text, input.data[at]);
        }
    }
    at += at < input.size;
    *rest = slice_of(input.data + at, input.size - at);
    return buffer_slice(&text);
}

static void fuzz_update(const struct expression *expression,
                        struct slice image,
                        bool sound,
                        struct arena *arena)
{
    struct error err = {0};
    struct slice updated;
    struct slice leaves;
    bool creates;
    if (expression_update(expression, image, sound, arena, &updated, &creates, &err)) {
        expression_update_leaves(expression, updated, arena, &leaves);
        ensure(!sound || (item_check(updated, &err) && item_check(leaves, &err)));
        ensure(!sound || item_size(updated) <= ITEM_BYTES_MAX);
    } else {
        ensure(err.code == ERROR_VALIDATION || (!sound && err.code == ERROR_CORRUPT));
    }
}

static void fuzz_run(const struct expression *expression,
                     enum expression_kind kind,
                     struct slice image,
                     bool sound,
                     struct arena *arena)
{
    struct slice projected;
    struct error err = {0};
    const struct key_schema keys = {.partition = {{SLICE_LITERAL("a"), VALUE_N}},
                                    .partition_count = 1,
                                    .sort = {{SLICE_LITERAL("b"), VALUE_S}},
                                    .sort_count = 1};
    struct key_condition condition;
    switch (kind) {
    case EXPRESSION_CONDITION:
    case EXPRESSION_FILTER:
        (void)expression_test(expression, image);
        break;
    case EXPRESSION_PROJECTION:
        expression_project(expression, image, arena, &projected);
        ensure(!sound || item_check(projected, &err));
        break;
    case EXPRESSION_UPDATE:
        fuzz_update(expression, image, sound, arena);
        break;
    case EXPRESSION_KEY_CONDITION:
        if (expression_key_condition(expression, &keys, &condition, &err)) {
            ensure(condition.partition[0].type == VALUE_N);
        }
        break;
    }
}

static void fuzz_kind(struct expression_cache *cache,
                      enum expression_kind kind,
                      struct slice text,
                      struct slice image,
                      struct arena *arena)
{
    struct placeholders placeholders = fuzz_placeholders(arena);
    struct slice item;
    struct expression *expressions[2] = {NULL, NULL};
    struct error errs[2] = {{0}};
    struct error err = {0};
    ensure(item_from_json(fuzz_json(arena, fuzz_item), arena, &item, &err));
    for (int round = 0; round < 2; round++) {
        bool ok = expression_compile(cache, kind, text, &placeholders, arena, &expressions[round],
                                     &errs[round]);
        ensure(ok == (errs[round].code == ERROR_NONE));
    }
    ensure(errs[0].code == errs[1].code && strcmp(errs[0].text, errs[1].text) == 0);
    if (expressions[0] != NULL) {
        fuzz_run(expressions[0], kind, item, true, arena);
        fuzz_run(expressions[1], kind, image, false, arena);
        fuzz_run(expressions[1], kind, (struct slice){0}, false, arena);
    }
    expression_release(expressions[0]);
    expression_release(expressions[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum expression_kind kinds[] = {EXPRESSION_CONDITION, EXPRESSION_FILTER,
                                                 EXPRESSION_KEY_CONDITION, EXPRESSION_PROJECTION,
                                                 EXPRESSION_UPDATE};
    if (size == 0) {
        return 0;
    }
    struct arena arena;
    arena_init(&arena);
    struct slice image;
    struct slice text = fuzz_text(&arena, slice_of(data, size), &image);
    struct expression_cache *cache = expression_cache_open(2);
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        fuzz_kind(cache, kinds[i], text, image, &arena);
    }
    expression_cache_close(cache);
    arena_destroy(&arena);
    return 0;
}
