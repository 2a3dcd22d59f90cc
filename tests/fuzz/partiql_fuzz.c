/* PartiQL: any text as a statement, with parameters, planned for a table with and without a sort
 * key and run on items. Parsing twice gives the same; what an update or an insert makes is sound.
 *
 * The first byte chooses how the text is spelt: by its bytes, or by tokens of the grammar, one per
 * byte; and how many parameters there are. */
#include "proto/base/limits.h"
#include "proto/value/utf8.h"
#include "proto/value/value_json.h"
#include "storage/expression/partiql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_items[] = {
    "{\"a\":{\"N\":\"5\"},\"b\":{\"S\":\"hello\"},\"c\":{\"L\":[{\"N\":\"1\"},{\"M\":{\"a\":{\"S\":"
    "\"x\"}}},{\"L\":[]}]},\"d\":{\"M\":{\"a\":{\"N\":\"-1.5\"},\"b\":{\"M\":{\"c\":{\"BOOL\":true}"
    "}}}},\"e\":{\"SS\":[\"a\",\"b\"]},\"f\":{\"NS\":[\"1\",\"2\"]},\"g\":{\"B\":\"AAEC\"},\"h\":{"
    "\"NULL\":true}}",
    "{\"a\":{\"N\":\"1\"},\"b\":{\"S\":\"\"}}",
    "{}",
};
static const char fuzz_parameters[] =
    "{\"0\":{\"N\":\"7\"},\"1\":{\"S\":\"he\"},\"2\":{\"SS\":[\"b\",\"c\"]},\"3\":{\"L\":[{\"N\":"
    "\"1\"}]},\"4\":{\"NULL\":true},\"5\":{\"M\":{\"a\":{\"N\":\"9.9e125\"}}},\"6\":{\"B\":\"AAE="
    "\"}"
    "}";

static const char *const fuzz_tokens[] = {
    "SELECT ",
    "* ",
    "FROM ",
    "t ",
    "\"t\"",
    ".i ",
    " WHERE ",
    "a ",
    "b ",
    "c",
    "d",
    "e ",
    "f ",
    "g ",
    "h ",
    "z ",
    "[0]",
    "[1]",
    "[",
    "]",
    ".a",
    ".b",
    "['a']",
    ",",
    "(",
    ")",
    "=",
    "<>",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "?",
    "1",
    "5",
    "-1.5e3",
    "'hello'",
    "''",
    "'SS'",
    "true ",
    "false ",
    "NULL ",
    "MISSING ",
    "<<",
    ">>",
    "{",
    "}",
    "'a':",
    "'b':",
    " AND ",
    " OR ",
    " NOT ",
    " BETWEEN ",
    " IN ",
    " IS ",
    "LIST ",
    " ORDER BY ",
    "DESC ",
    "INSERT INTO ",
    "VALUE ",
    "UPDATE ",
    "SET ",
    "REMOVE ",
    "DELETE ",
    "EXISTS(",
    " RETURNING ",
    "ALL ",
    "MODIFIED ",
    "OLD ",
    "NEW ",
    "begins_with(",
    "contains(",
    "size(",
    "attribute_type(",
    "attribute_exists(",
    "attribute_not_exists(",
    "list_append(",
    "set_add(",
    "set_delete(",
    "if_not_exists(",
    "foo(",
    " AS ",
    " LIMIT ",
    "GROUP BY ",
    "--",
    "/*",
    "*/",
    "\n",
    ";",
    "\xc3\xa9",
    "a=5 AND b='hello' ",
    "SELECT * FROM t WHERE a=5 AND b='hello' ",
    "UPDATE t SET c=1 WHERE a=5 AND b='hello' ",
    "INSERT INTO t VALUE {'a':5,'b':'hello',",
};

struct fuzz_case {
    struct slice text;
    struct value values[8];
    uint32_t values_count;
};

static struct json *fuzz_json(struct arena *arena, const char *text)
{
    struct json *root;
    struct error err = {0};
    ensure(json_parse(slice_text(text), arena, &root, &err));
    return root;
}

static void fuzz_spell(struct arena *arena, struct slice input, struct fuzz_case *one)
{
    bool tokens = input.data[0] % 2 == 1;
    uint32_t wanted = input.data[0] / 2 % 8;
    struct buffer text;
    struct error err = {0};
    buffer_init(&text, arena, 256);
    for (size_t at = 1; at < input.size; at++) {
        if (tokens) {
            buffer_append_text(&text, fuzz_tokens[input.data[at] % ARRAY_COUNT(fuzz_tokens)]);
        } else {
            buffer_append_byte(&text, input.data[at]);
        }
    }
    one->text = buffer_slice(&text);
    for (struct json *at = fuzz_json(arena, fuzz_parameters)->first;
         at != NULL && one->values_count < wanted; at = at->next) {
        ensure(value_from_json(at, arena, &one->values[one->values_count++], &err));
    }
}

static struct slice fuzz_item(struct arena *arena, size_t number)
{
    struct slice image = {0};
    struct error err = {0};
    ensure(item_from_json(fuzz_json(arena, fuzz_items[number]), arena, &image, &err));
    return image;
}

static bool fuzz_visit(void *context, const struct expression_path *path)
{
    size_t *paths = context;
    *paths += path->head.size > 0 || path->nested;
    return true;
}

static void fuzz_select(const struct partiql_statement *statement,
                        const struct key_schema *keys,
                        struct arena *arena)
{
    struct partiql_select select;
    struct error err = {0};
    if (!partiql_plan_select(statement, keys, arena, &select, &err)) {
        ensure(err.code == ERROR_VALIDATION && err.text[0] != 0);
        return;
    }
    for (uint32_t i = 0; i < select.conditions_count; i++) {
        ensure(select.conditions[i].partition[0].type == keys->partition[0].type);
    }
    for (size_t i = 0; i < ARRAY_COUNT(fuzz_items); i++) {
        struct slice image = fuzz_item(arena, i);
        if (select.filter == NULL || expression_test(select.filter, image)) {
            ensure(item_check(partiql_project(statement, image, arena), &err));
        }
    }
    expression_release(select.filter);
}

static void
fuzz_update(const struct partiql_write *write, struct slice image, bool exists, struct arena *arena)
{
    struct error err = {0};
    struct slice updated;
    struct slice leaves;
    bool creates;
    if (expression_update(write->update, image, exists, arena, &updated, &creates, &err)) {
        expression_update_leaves(write->update, updated, arena, &leaves);
        ensure(item_check(updated, &err) && item_check(leaves, &err));
    } else {
        ensure(err.code == ERROR_VALIDATION && err.text[0] != 0);
    }
}

static void fuzz_write(const struct partiql_statement *statement,
                       const struct key_schema *keys,
                       struct arena *arena)
{
    struct partiql_write write;
    struct error err = {0};
    if (!partiql_plan_write(statement, keys, arena, &write, &err)) {
        ensure(err.code == ERROR_VALIDATION && err.text[0] != 0);
        return;
    }
    ensure(item_check(write.item, &err));
    ensure((write.update != NULL) == (statement->verb == PARTIQL_UPDATE));
    for (size_t i = 0; i < ARRAY_COUNT(fuzz_items); i++) {
        struct slice image = fuzz_item(arena, i);
        if ((write.condition == NULL || expression_test(write.condition, image)) &&
            write.update != NULL) {
            fuzz_update(&write, image, i + 1 < ARRAY_COUNT(fuzz_items), arena);
        }
    }
    expression_release(write.condition);
    expression_release(write.update);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct key_schema schemas[] = {
        {.partition = {{SLICE_LITERAL("a"), VALUE_N}},
         .partition_count = 1,
         .sort = {{SLICE_LITERAL("b"), VALUE_S}},
         .sort_count = 1},
        {.partition = {{SLICE_LITERAL("b"), VALUE_S}}, .partition_count = 1},
    };
    if (size == 0) {
        return 0;
    }
    struct arena arena;
    struct fuzz_case one = {.values_count = 0};
    struct partiql_statement *statements[2] = {NULL, NULL};
    struct error errs[2] = {{0}};
    arena_init(&arena);
    fuzz_spell(&arena, slice_of(data, size), &one);
    if (one.text.size > STATEMENT_BYTES_MAX || !utf8_valid(one.text)) {
        arena_destroy(&arena); /* The shapes and the JSON parser see to that. */
        return 0;
    }
    for (int round = 0; round < 2; round++) {
        bool ok = partiql_parse(one.text, one.values, one.values_count, &arena, &statements[round],
                                &errs[round]);
        ensure(ok ? errs[round].code == ERROR_NONE
                  : errs[round].code == ERROR_VALIDATION && errs[round].text[0] != 0);
    }
    ensure(errs[0].code == errs[1].code && strcmp(errs[0].text, errs[1].text) == 0);
    for (size_t i = 0; statements[0] != NULL && i < ARRAY_COUNT(schemas); i++) {
        size_t paths = 0;
        ensure(partiql_visit_columns(statements[0], fuzz_visit, &paths));
        if (partiql_reads(statements[i % 2])) {
            fuzz_select(statements[i % 2], &schemas[i], &arena);
        } else {
            fuzz_write(statements[i % 2], &schemas[i], &arena);
        }
    }
    arena_destroy(&arena);
    return 0;
}
