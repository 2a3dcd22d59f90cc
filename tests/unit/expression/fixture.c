#include "fixture.h"

#include <criterion/criterion.h>

enum { PROGRAMS = 64 };

void fixture_open(struct fixture *fixture)
{
    arena_init(&fixture->arena);
    fixture->cache = expression_cache_open(PROGRAMS);
}

void fixture_close(struct fixture *fixture)
{
    expression_cache_close(fixture->cache);
    arena_destroy(&fixture->arena);
}

static struct json *fixture_json(struct fixture *fixture, const char *text)
{
    struct slice copy = arena_copy(&fixture->arena, slice_text(text));
    uint8_t *bytes = (uint8_t *)copy.data;
    for (size_t i = 0; i < copy.size; i++) {
        bytes[i] = bytes[i] == '\'' ? '"' : bytes[i];
    }
    struct json *root;
    struct error err = {0};
    cr_assert(json_parse(copy, &fixture->arena, &root, &err), "%s in %s", err.text, text);
    return root;
}

struct slice fixture_item(struct fixture *fixture, const char *json)
{
    struct slice image = {0};
    struct error err = {0};
    if (json != NULL) {
        cr_assert(item_from_json(fixture_json(fixture, json), &fixture->arena, &image, &err),
                  "%s in %s", err.text, json);
    }
    return image;
}

const char *fixture_print(struct fixture *fixture, struct slice image)
{
    struct buffer text;
    buffer_init(&text, &fixture->arena, 256);
    item_write_json(&text, image);
    buffer_append_byte(&text, 0);
    return (const char *)text.data;
}

struct placeholders
fixture_placeholders(struct fixture *fixture, const char *names, const char *values)
{
    struct placeholders made = {0};
    struct error err = {0};
    struct json *root = fixture_json(fixture, names == NULL ? "{}" : names);
    made.names = arena_zalloc(&fixture->arena, root->count, sizeof(*made.names));
    for (struct json *at = root->first; at != NULL; at = at->next) {
        made.names[made.names_count++] = (struct placeholder){.key = at->name, .name = at->text};
    }
    root = fixture_json(fixture, values == NULL ? "{}" : values);
    made.values = arena_zalloc(&fixture->arena, root->count, sizeof(*made.values));
    for (struct json *at = root->first; at != NULL; at = at->next) {
        struct placeholder *one = &made.values[made.values_count++];
        one->key = at->name;
        cr_assert(value_from_json(at, &fixture->arena, &one->value, &err), "%s in %s", err.text,
                  values);
    }
    return made;
}

struct expression *fixture_compile(struct fixture *fixture,
                                   enum expression_kind kind,
                                   const char *text,
                                   const char *names,
                                   const char *values,
                                   const char **error)
{
    struct error *err = arena_zalloc(&fixture->arena, 1, sizeof(*err));
    struct expression *expression = NULL;
    struct placeholders placeholders = fixture_placeholders(fixture, names, values);
    if (!expression_compile(fixture->cache, kind, slice_text(text), &placeholders, &fixture->arena,
                            &expression, err)) {
        cr_assert_eq(err->code, ERROR_VALIDATION);
        *error = err->text;
        return NULL;
    }
    return expression;
}

static const char *
fixture_update(struct fixture *fixture, struct expression *expression, const char *item)
{
    struct error *err = arena_zalloc(&fixture->arena, 1, sizeof(*err));
    struct slice updated;
    bool creates;
    if (!expression_update(expression, fixture_item(fixture, item), item != NULL, &fixture->arena,
                           &updated, &creates, err)) {
        cr_assert_eq(err->code, ERROR_VALIDATION);
        return err->text;
    }
    struct value whole = {VALUE_M, updated};
    cr_assert(value_check(whole, err), "not canonical: %s", err->text);
    return creates ? fixture_print(fixture, updated) : "nothing";
}

const char *
fixture_answer(struct fixture *fixture, enum expression_kind kind, const struct fixture_case *one)
{
    const char *answer;
    struct expression *expression =
        fixture_compile(fixture, kind, one->text, one->names, one->values, &answer);
    if (expression == NULL) {
        return answer;
    }
    struct slice projected;
    switch (kind) {
    case EXPRESSION_CONDITION:
    case EXPRESSION_FILTER:
        answer = expression_test(expression, fixture_item(fixture, one->item)) ? "true" : "false";
        break;
    case EXPRESSION_UPDATE:
        answer = fixture_update(fixture, expression, one->item);
        break;
    case EXPRESSION_PROJECTION:
        expression_project(expression, fixture_item(fixture, one->item), &fixture->arena,
                           &projected);
        answer = fixture_print(fixture, projected);
        break;
    case EXPRESSION_KEY_CONDITION:
        answer = "compiled";
        break;
    }
    expression_release(expression);
    return answer;
}

static bool fixture_same(struct fixture *fixture, const char *expected, const char *answer)
{
    if (expected[0] != '{' || answer[0] != '{') {
        return strcmp(expected, answer) == 0;
    }
    return slice_equal(fixture_item(fixture, expected), fixture_item(fixture, answer));
}

void fixture_run(enum expression_kind kind, const struct fixture_case *cases, size_t count)
{
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < count; i++) {
        for (int round = 0; round < 2; round++) { /* Parsed, then from the cache. */
            const char *answer = fixture_answer(&fixture, kind, &cases[i]);
            cr_expect(fixture_same(&fixture, cases[i].expected, answer),
                      "case %zu, round %d: %s\n  item   %s\n  wanted %s\n  got    %s", i, round,
                      cases[i].text, cases[i].item, cases[i].expected, answer);
        }
    }
    fixture_close(&fixture);
}
