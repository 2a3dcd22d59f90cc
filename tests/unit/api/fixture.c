#include "tests/unit/api/fixture.h"

#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

static uint64_t fixture_wall_ms(void *context)
{
    struct fixture *fixture = context;
    return fixture->now_ms;
}

static uint64_t fixture_stamp(void *context, uint64_t floor)
{
    struct fixture *fixture = context;
    uint64_t next = fixture->now_ms << 16;
    next = next > fixture->stamp ? next : fixture->stamp + 1;
    fixture->stamp = next > floor ? next : floor + 1;
    return fixture->stamp;
}

struct fixture *fixture_open(void)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    ensure(fixture != NULL);
    fixture->directory = test_directory_make();
    fixture->now_ms = FIXTURE_NOW_MS;
    arena_init(&fixture->arena);
    struct store_options options = {
        .engine = {.directory = fixture->directory,
                   .cache_bytes = 8 << 20,
                   .memtable_bytes = 32 << 20,
                   .durability = DURABILITY_SYNC,
                   .sync_interval_ms = 1000},
        .clock = {fixture_wall_ms, fixture_stamp, fixture},
        .region_id = 1,
    };
    struct error err = {0};
    cr_assert(store_open(&options, &fixture->node.store, &err), "%s", err.text);
    strcpy(fixture->node.region, "us-east-1");
    strcpy(fixture->node.account, "123456789012");
    fixture->expressions = expression_cache_open(64);
    return fixture;
}

void fixture_close(struct fixture *fixture)
{
    expression_cache_close(fixture->expressions);
    store_close(fixture->node.store);
    test_directory_remove(fixture->directory);
    arena_destroy(&fixture->arena);
    free(fixture);
}

static char *fixture_unquote(struct fixture *fixture, const char *text)
{
    struct slice copy = arena_copy(&fixture->arena, slice_text(text));
    char *quoted = (char *)(uintptr_t)copy.data;
    for (size_t i = 0; i < copy.size; i++) {
        quoted[i] = quoted[i] == '\'' ? '"' : quoted[i];
    }
    return quoted;
}

/* The dispatcher's way with one call; fills err on failure. */
static bool fixture_run(struct fixture *fixture, struct call *call, struct error *err)
{
    const struct operation *operation = call->operation;
    if (!operation->decode(call, err)) {
        return false;
    }
    static const enum read_tier tiers[] = {READ_CACHED, READ_FULL};
    bool ok = false;
    for (size_t i = operation->worker ? 1 : 0; i < ARRAY_COUNT(tiers); i++) {
        error_clear(err);
        call->message = (struct slice){0};
        buffer_init(&call->answer, call->arena, 1024);
        buffer_init(&call->error_members, call->arena, 64);
        ok = operation->run(call, tiers[i], err);
        if (ok || err->code != ERROR_WOULD_BLOCK) {
            break;
        }
    }
    struct error waiting = {0};
    cr_assert(fixture->hasty ||
                  engine_wait_durable(fixture->node.store->engine, call->wait_seq, &waiting),
              "%s", waiting.text);
    return ok;
}

struct answer fixture_call(struct fixture *fixture, const char *operation, const char *request)
{
    struct error err = {0};
    struct json *body = NULL;
    uint32_t number = 0;
    struct answer answer = {.members = ""};
    const struct operation *found = operation_find(slice_text(operation), &number);
    cr_assert_not_null(found, "no operation %s", operation);
    cr_assert(
        json_parse(slice_text(fixture_unquote(fixture, request)), &fixture->arena, &body, &err),
        "%s: %s", request, err.text);
    struct call call = {
        .node = &fixture->node,
        .expressions = fixture->expressions,
        .arena = &fixture->arena,
        .operation = found,
        .body = body,
        .host = SLICE_LITERAL("localhost:8000"),
        .state = arena_zalloc(&fixture->arena, 1, found->state_bytes + 1),
    };
    answer.ok = fixture_run(fixture, &call, &err);
    answer.code = err.code;
    if (answer.ok) {
        cr_assert_eq(err.code, ERROR_NONE, "%s answers and fails: %s", operation, err.text);
        answer.text = arena_printf(&fixture->arena, "%.*s", SLICE_ARGS(buffer_slice(&call.answer)));
        struct json *parsed = NULL;
        cr_assert(call.answer.size == 0 || /* TagResource answers nothing. */
                      json_parse(buffer_slice(&call.answer), &fixture->arena, &parsed, &err),
                  "%s does not answer JSON: %s", operation, answer.text);
    } else {
        cr_assert_neq(err.code, ERROR_NONE, "%s fails without saying why", operation);
        struct slice text = call.message.size > 0 ? call.message : slice_text(err.text);
        answer.text = arena_printf(&fixture->arena, "%.*s", SLICE_ARGS(text));
        if (call.error_members.size > 0) {
            answer.members = arena_printf(&fixture->arena, "%.*s",
                                          SLICE_ARGS(buffer_slice(&call.error_members)));
        }
    }
    if (found->release != NULL) {
        found->release(&call);
    }
    return answer;
}

static void fixture_step(struct fixture *fixture, const struct step *step, size_t number)
{
    struct answer answer = fixture_call(fixture, step->operation, step->request);
    const char *expect = step->expect;
    const char *code = error_code_name(answer.code);
    if (expect[0] == 0) {
        cr_assert(answer.ok && answer.text[0] == 0, "step %zu: %s %s\n  gave %s: %s", number,
                  step->operation, step->request, code, answer.text);
        return;
    }
    if (expect[0] == '{' || expect[0] == '~' || expect[0] == '!') {
        cr_assert(answer.ok, "step %zu: %s %s\n  gave %s: %s\n  not  %s", number, step->operation,
                  step->request, code, answer.text, expect);
        char *wanted = fixture_unquote(fixture, expect);
        bool fits = expect[0] == '{'   ? strcmp(answer.text, wanted) == 0
                    : expect[0] == '~' ? strstr(answer.text, wanted + 1) != NULL
                                       : strstr(answer.text, wanted + 2) == NULL;
        cr_assert(fits, "step %zu: %s %s\n  gave %s\n  not  %s", number, step->operation,
                  step->request, answer.text, wanted);
        return;
    }
    size_t size = strcspn(expect, ": ");
    bool fits = !answer.ok && strlen(code) == size && strncmp(code, expect, size) == 0;
    if (fits && expect[size] == ':') {
        fits = strcmp(answer.text, expect + size + 2) == 0;
    } else if (fits) {
        fits = strstr(answer.text, expect + size + 2) != NULL ||
               strstr(answer.members, fixture_unquote(fixture, expect + size + 2)) != NULL;
    }
    cr_assert(fits, "step %zu: %s %s\n  gave %s: %s%s\n  not  %s", number, step->operation,
              step->request, code, answer.text, answer.members, expect);
}

void fixture_script(struct fixture *fixture, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fixture_step(fixture, &steps[i], i);
    }
}

void fixture_table(struct fixture *fixture, const char *name, char sort)
{
    char defined[64] = "";
    const char *ranges = sort == 0 ? "" : ",{'AttributeName':'sk','KeyType':'RANGE'}";
    if (sort != 0) {
        snprintf(defined, sizeof(defined), ",{'AttributeName':'sk','AttributeType':'%c'}", sort);
    }
    const char *request =
        fixture_printf(fixture,
                       "{'TableName':'%s','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':"
                       "[{'AttributeName':'pk','AttributeType':'S'}%s],'KeySchema':"
                       "[{'AttributeName':'pk','KeyType':'HASH'}%s]}",
                       name, defined, ranges);
    struct answer answer = fixture_call(fixture, "CreateTable", request);
    cr_assert(answer.ok, "%s", answer.text);
}

char *fixture_long(struct fixture *fixture, size_t size)
{
    char *text = arena_alloc(&fixture->arena, size + 1);
    memset(text, 'x', size);
    text[size] = 0;
    return text;
}

char *fixture_printf(struct fixture *fixture, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    ensure(vasprintf(&text, format, args) >= 0);
    va_end(args);
    struct slice copy = arena_copy(&fixture->arena, slice_text(text));
    free(text);
    return (char *)(uintptr_t)copy.data;
}
