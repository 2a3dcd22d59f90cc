/* The parameters before expressions, from JSON to what they do to an item.
 *
 * The first byte chooses the operation and how its body is spelt: by the input's bytes, or by
 * choices of attributes, operators and values, one per byte, which makes requests of the right form
 * that are compared with the text that means the same: a condition must hold for the same items, an
 * update must make the same item. */
#include "daemon/api/request.h"
#include "daemon/api/shapes.h"
#include "storage/expression/legacy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_attributes[] = {"a", "b", "c", "d", "e", "f", "g", "h", "none"};
static const char *const fuzz_items[] = {
    "{\"a\":{\"N\":\"5\"},\"b\":{\"S\":\"hello\"},\"c\":{\"L\":[{\"N\":\"1\"},{\"S\":\"he\"}]},"
    "\"d\":{\"M\":{\"a\":{\"N\":\"-1.5\"}}},\"e\":{\"SS\":[\"a\",\"he\"]},\"f\":{\"NS\":[\"7\","
    "\"2\"]},\"g\":{\"B\":\"AAEC\"},\"h\":{\"NULL\":true}}",
    "{\"a\":{\"S\":\"he\"},\"b\":{\"N\":\"7\"},\"e\":{\"B\":\"AAE=\"},\"f\":{\"BOOL\":true}}",
    "{}",
};
static const char *const fuzz_values[] = {
    "{\"N\":\"7\"}",
    "{\"S\":\"he\"}",
    "{\"B\":\"AAE=\"}",
    "{\"BOOL\":false}",
    "{\"L\":[{\"N\":\"1\"}]}",
    "{\"M\":{\"a\":{\"N\":\"1\"}}}",
    "{\"NULL\":true}",
    "{\"SS\":[\"a\",\"c\"]}",
    "{\"NS\":[\"2\"]}",
    "{\"N\":\"0\"}",
    "{\"N\":\"9.9e125\"}",
    "{\"S\":\"\"}",
    "{}",
    "{\"N\":\"x\"}",
    "{\"N\":\"1\",\"S\":\"1\"}",
};
/* In the order of enum legacy_comparison. */
static const char *const fuzz_operators[] = {
    "EQ", "NE",          "LE",       "LT",           "GE",   "GT",      "BETWEEN",
    "IN", "BEGINS_WITH", "CONTAINS", "NOT_CONTAINS", "NULL", "NOT_NULL"};
static const char *const fuzz_texts[] = {
    "#n = :v0",
    "#n <> :v0",
    "#n <= :v0",
    "#n < :v0",
    "#n >= :v0",
    "#n > :v0",
    "#n BETWEEN :v0 AND :v1",
    "#n IN (:v0)",
    "begins_with(#n, :v0)",
    "contains(#n, :v0)",
    "attribute_exists(#n) AND NOT contains(#n, :v0)",
    "attribute_not_exists(#n)",
    "attribute_exists(#n)",
};
static const char *const fuzz_actions[] = {"PUT", "ADD", "DELETE"};

struct fuzz_input {
    const uint8_t *at;
    const uint8_t *end;
};

/* One of `count` choices; 0 when the input is at its end. */
static size_t fuzz_choose(struct fuzz_input *input, size_t count)
{
    return input->at == input->end ? 0 : *input->at++ % count;
}

/* --- Requests ------------------------------------------------------------------------------- */

/* What a spelt request is about, for the text of the same meaning. */
struct fuzz_meaning {
    const char *attribute;
    size_t operation; /* Operator or action. */
    const char *values[2];
    size_t values_count;
    size_t parts;
};

static void fuzz_condition(struct buffer *to, struct fuzz_input *input, struct fuzz_meaning *one)
{
    one->operation = fuzz_choose(input, ARRAY_COUNT(fuzz_operators));
    one->values_count = fuzz_choose(input, 3);
    buffer_printf(to, "{\"ComparisonOperator\":\"%s\",\"AttributeValueList\":[",
                  fuzz_operators[one->operation]);
    for (size_t i = 0; i < one->values_count; i++) {
        one->values[i] = fuzz_values[fuzz_choose(input, ARRAY_COUNT(fuzz_values))];
        buffer_printf(to, "%s%s", i > 0 ? "," : "", one->values[i]);
    }
    buffer_append_text(to, "]}");
}

static void fuzz_update(struct buffer *to, struct fuzz_input *input, struct fuzz_meaning *one)
{
    one->operation = fuzz_choose(input, ARRAY_COUNT(fuzz_actions));
    one->values_count = fuzz_choose(input, 2);
    buffer_printf(to, "{\"Action\":\"%s\"", fuzz_actions[one->operation]);
    if (one->values_count > 0) {
        one->values[0] = fuzz_values[fuzz_choose(input, ARRAY_COUNT(fuzz_values))];
        buffer_printf(to, ",\"Value\":%s", one->values[0]);
    }
    buffer_append_byte(to, '}');
}

/* The members of a map of conditions or updates; attributes may come twice. */
static void
fuzz_map(struct buffer *to, struct fuzz_input *input, bool updates, struct fuzz_meaning *last)
{
    size_t parts = 1 + fuzz_choose(input, 3);
    buffer_append_byte(to, '{');
    for (size_t i = 0; i < parts; i++) {
        last->attribute = fuzz_attributes[fuzz_choose(input, ARRAY_COUNT(fuzz_attributes))];
        buffer_printf(to, "%s\"%s\":", i > 0 ? "," : "", last->attribute);
        if (updates) {
            fuzz_update(to, input, last);
        } else {
            fuzz_condition(to, input, last);
        }
    }
    last->parts = parts;
    buffer_append_byte(to, '}');
}

static const struct {
    const struct shape *shape;
    const char *head, *map;
    unsigned texts;
    bool updates;
} fuzz_kinds[] = {
    {&shape_delete_item, "\"Key\":{}", "Expected", TEXT_BIT(TEXT_CONDITION), false},
    {&shape_update_item, "\"Key\":{}", "AttributeUpdates",
     TEXT_BIT(TEXT_CONDITION) | TEXT_BIT(TEXT_UPDATE), true},
    {&shape_scan, "\"AttributesToGet\":[\"a\",\"none\"]", "ScanFilter",
     TEXT_BIT(TEXT_FILTER) | TEXT_BIT(TEXT_PROJECTION), false},
    {&shape_query, "\"ConditionalOperator\":\"OR\"", "QueryFilter",
     TEXT_BIT(TEXT_FILTER) | TEXT_BIT(TEXT_KEY_CONDITION), false},
    {&shape_query, "\"ScanIndexForward\":true", "KeyConditions",
     TEXT_BIT(TEXT_FILTER) | TEXT_BIT(TEXT_KEY_CONDITION), false},
};

static struct json *fuzz_json(struct arena *arena, struct slice text)
{
    struct json *root = NULL;
    struct error err = {0};
    return json_parse(text, arena, &root, &err) ? root : NULL;
}

static bool fuzz_request(struct arena *arena,
                         size_t kind,
                         const struct json *body,
                         struct request *request,
                         struct error *err)
{
    struct call call = {.arena = arena, .body = body};
    return shape_check(fuzz_kinds[kind].shape, body, "Fuzz", err) &&
           request_legacy(&call, body, fuzz_kinds[kind].texts, request, err);
}

/* --- What they do --------------------------------------------------------------------------- */

static struct slice fuzz_item(struct arena *arena, size_t number)
{
    struct slice image = {0};
    struct error err = {0};
    struct json *json = fuzz_json(arena, slice_text(fuzz_items[number]));
    ensure(json != NULL && item_from_json(json, arena, &image, &err));
    return image;
}

static void fuzz_apply(const struct request *request, struct arena *arena)
{
    const struct key_schema keys = {.partition = {{SLICE_LITERAL("a"), VALUE_N}},
                                    .partition_count = 1,
                                    .sort = {{SLICE_LITERAL("b"), VALUE_S}},
                                    .sort_count = 1};
    struct error err = {0};
    struct key_condition condition;
    struct slice made;
    bool creates;
    for (size_t i = 0; i < ARRAY_COUNT(fuzz_items); i++) {
        struct slice image = fuzz_item(arena, i);
        for (int text = TEXT_CONDITION; text <= TEXT_FILTER; text += TEXT_FILTER - TEXT_CONDITION) {
            if (request->expressions[text] != NULL) {
                (void)expression_test(request->expressions[text], image);
            }
        }
        if (request->expressions[TEXT_PROJECTION] != NULL) {
            expression_project(request->expressions[TEXT_PROJECTION], image, arena, &made);
            ensure(item_check(made, &err));
        }
        if (request->expressions[TEXT_UPDATE] != NULL &&
            expression_update(request->expressions[TEXT_UPDATE], image, true, arena, &made,
                              &creates, &err)) {
            ensure(item_check(made, &err));
        }
    }
    if (request->expressions[TEXT_KEY_CONDITION] != NULL) {
        (void)expression_key_condition(request->expressions[TEXT_KEY_CONDITION], &keys, &condition,
                                       &err);
    }
}

/* The text that means what the one condition or update of the request means, on the attribute #n;
 * NULL: there is none, as for a list that is appended. */
static const char *fuzz_text(const struct fuzz_meaning *meaning, bool update)
{
    static const char *const forms[] = {"SET #n = :v0", "ADD #n :v0", "DELETE #n :v0"};
    if (!update) {
        return fuzz_texts[meaning->operation];
    }
    if (meaning->values_count == 0) {
        return "REMOVE #n";
    }
    bool list = meaning->values[0][2] == 'L';
    return list && meaning->operation == LEGACY_ADD ? NULL : forms[meaning->operation];
}

static struct expression *fuzz_compile(const struct fuzz_meaning *meaning,
                                       bool update,
                                       struct expression_cache *cache,
                                       struct arena *arena)
{
    static const char *const keys[] = {":v0", ":v1"};
    struct placeholder name = {.key = SLICE_LITERAL("#n"), .name = slice_text(meaning->attribute)};
    struct placeholder values[2];
    struct placeholders placeholders = {&name, 1, values, (uint32_t)meaning->values_count};
    struct expression *expression = NULL;
    struct error err = {0};
    const char *text = fuzz_text(meaning, update);
    if (text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < meaning->values_count; i++) {
        struct json *json = fuzz_json(arena, slice_text(meaning->values[i]));
        values[i] = (struct placeholder){.key = slice_text(keys[i])};
        ensure(json != NULL && value_from_json(json, arena, &values[i].value, &err));
    }
    bool made = expression_compile(cache, update ? EXPRESSION_UPDATE : EXPRESSION_CONDITION,
                                   slice_text(text), &placeholders, arena, &expression, &err);
    ensure(made); /* The legacy rules are the stricter ones. */
    return expression;
}

static void fuzz_compare(const struct request *request,
                         const struct fuzz_meaning *meaning,
                         size_t kind,
                         struct arena *arena)
{
    bool update = fuzz_kinds[kind].updates;
    enum request_text place = update ? TEXT_UPDATE : kind == 0 ? TEXT_CONDITION : TEXT_FILTER;
    const struct expression *legacy = request->expressions[place];
    if (meaning->parts != 1 || legacy == NULL ||
        (meaning->values_count == 2 && meaning->operation != LEGACY_BETWEEN)) {
        return;
    }
    struct expression_cache *cache = expression_cache_open(1);
    struct expression *text = fuzz_compile(meaning, update, cache, arena);
    for (size_t i = 0; text != NULL && i < ARRAY_COUNT(fuzz_items); i++) {
        struct slice image = fuzz_item(arena, i);
        struct slice made[2] = {{0}, {0}};
        bool creates[2] = {false, false};
        struct error err = {0};
        if (!update) {
            ensure(expression_test(legacy, image) == expression_test(text, image));
            continue;
        }
        bool one = expression_update(legacy, image, false, arena, &made[0], &creates[0], &err);
        bool two = expression_update(text, image, false, arena, &made[1], &creates[1], &err);
        ensure(one == two && creates[0] == creates[1] && slice_equal(made[0], made[1]));
    }
    expression_release(text);
    expression_cache_close(cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct arena arena = {0};
    struct fuzz_input input = {data + 1, data + size};
    size_t kind = data[0] / 2 % ARRAY_COUNT(fuzz_kinds);
    bool spelt = data[0] % 2 == 1;
    struct fuzz_meaning meaning = {0};
    struct buffer body;
    buffer_init(&body, &arena, size + 256);
    if (spelt) {
        buffer_printf(&body, "{\"TableName\":\"abc\",%s,\"%s\":", fuzz_kinds[kind].head,
                      fuzz_kinds[kind].map);
        fuzz_map(&body, &input, fuzz_kinds[kind].updates, &meaning);
        buffer_append_byte(&body, '}');
    } else {
        buffer_append(&body, data + 1, size - 1);
    }
    struct json *json = fuzz_json(&arena, buffer_slice(&body));
    struct request request = {0};
    struct error err = {0};
    ensure(!spelt || json != NULL);
    if (json != NULL && json->type == JSON_OBJECT) {
        if (fuzz_request(&arena, kind, json, &request, &err)) {
            fuzz_apply(&request, &arena);
            if (spelt) {
                fuzz_compare(&request, &meaning, kind, &arena);
            }
        } else {
            ensure(err.text[0] != 0 &&
                   (err.code == ERROR_VALIDATION || err.code == ERROR_SERIALIZATION));
        }
    }
    request_release(&request);
    arena_destroy(&arena);
    return 0;
}
