/* The body of a request, for every operation, on a real store: it must end in an answer that is
 * JSON or in an error a client may see, and leave nothing held.
 *
 * An input is the operation's name and the body, PutItem{"TableName":… ; a name that no operation
 * has stands for one by its first byte, so that mutation reaches all of them. */
#include "daemon/api/operation.h"
#include "daemon/http/render.h"

#include <ftw.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_node {
    struct node node;
    struct expression_cache *expressions;
    char directory[64];
    uint64_t stamp;
};

static uint64_t fuzz_wall_ms(void *context)
{
    (void)context;
    return 1795332846049;
}

static uint64_t fuzz_stamp(void *context, uint64_t floor)
{
    struct fuzz_node *fuzz = context;
    fuzz->stamp = fuzz->stamp >= floor ? fuzz->stamp + 1 : floor + 1;
    return fuzz->stamp;
}

static int fuzz_remove(const char *path, const struct stat *stat, int flag, struct FTW *ftw)
{
    (void)stat;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static bool fuzz_call(struct fuzz_node *fuzz,
                      const struct operation *operation,
                      struct slice body,
                      struct arena *arena,
                      struct error *err)
{
    struct json *root = NULL;
    if (!json_parse(body, arena, &root, err) || root->type != JSON_OBJECT) {
        return error_set(err, ERROR_SERIALIZATION, "no object");
    }
    struct call call = {.node = &fuzz->node,
                        .expressions = fuzz->expressions,
                        .arena = arena,
                        .operation = operation,
                        .body = root,
                        .host = SLICE_LITERAL("localhost"),
                        .state = arena_zalloc(arena, 1, operation->state_bytes + 1)};
    bool ok = operation->decode(&call, err);
    if (ok) {
        error_clear(err);
        buffer_init(&call.answer, arena, 256);
        buffer_init(&call.error_members, arena, 64);
        ok = operation->run(&call, READ_FULL, err);
    }
    if (ok && call.answer.size > 0) { /* TagResource answers nothing. */
        struct json *answer = NULL;
        struct error broken = {0};
        bool parses = json_parse(buffer_slice(&call.answer), arena, &answer, &broken);
        ensure(parses && answer->type == JSON_OBJECT);
    }
    if (operation->release != NULL) {
        operation->release(&call);
    }
    return ok;
}

static void fuzz_table(struct fuzz_node *fuzz, const char *body)
{
    struct arena arena = {0};
    struct error err = {0};
    uint32_t number;
    fuzz_call(fuzz, operation_find(SLICE_LITERAL("CreateTable"), &number), slice_text(body), &arena,
              &err);
    ensure(err.code == ERROR_NONE || err.code == ERROR_IN_USE);
    arena_destroy(&arena);
}

/* The tables may have been deleted by an input. */
static void fuzz_tables(struct fuzz_node *fuzz)
{
    static const char *const names[] = {"abc", "two"};
    static const char *const bodies[] = {
        "{\"TableName\":\"abc\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":"
        "[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}],\"KeySchema\":"
        "[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}]}",
        "{\"TableName\":\"two\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":"
        "[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
        "{\"AttributeName\":\"sk\",\"AttributeType\":\"N\"}],\"KeySchema\":"
        "[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
        "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}]}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        const struct table *table =
            catalog_acquire(fuzz->node.store->catalog, slice_text(names[i]));
        if (table == NULL) {
            fuzz_table(fuzz, bodies[i]);
        }
        table_release(table);
    }
}

static void fuzz_open(struct fuzz_node *fuzz)
{
    struct error err = {0};
    strcpy(fuzz->directory, "/tmp/meridian-fuzz-XXXXXX");
    ensure(mkdtemp(fuzz->directory) != NULL);
    struct store_options options = {
        .engine = {.directory = fuzz->directory,
                   .cache_bytes = 8 << 20,
                   .memtable_bytes = 16 << 20,
                   .durability = DURABILITY_RELAXED,
                   .sync_interval_ms = 1000},
        .clock = {fuzz_wall_ms, fuzz_stamp, fuzz},
        .region_id = 1,
    };
    ensure(store_open(&options, &fuzz->node.store, &err));
    fuzz->expressions = expression_cache_open(64);
    strcpy(fuzz->node.region, "us-east-1");
    strcpy(fuzz->node.account, "123456789012");
}

/* Opened by the first input, closed by the last: libFuzzer has no other place for it. */
static struct fuzz_node fuzz_node;

static void fuzz_close(void)
{
    expression_cache_close(fuzz_node.expressions);
    store_close(fuzz_node.node.store);
    nftw(fuzz_node.directory, fuzz_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static const struct operation *fuzz_operation(struct slice input, struct slice *body)
{
    const uint8_t *brace = memchr(input.data, '{', input.size);
    size_t named = brace == NULL ? input.size : (size_t)(brace - input.data);
    uint32_t number = 0;
    const struct operation *found = operation_find(slice_of(input.data, named), &number);
    *body = slice_of(input.data + named, input.size - named);
    return found != NULL ? found : operations[input.data[0] % operations_count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (fuzz_node.node.store == NULL) {
        fuzz_open(&fuzz_node);
        ensure(atexit(fuzz_close) == 0);
    }
    fuzz_tables(&fuzz_node);
    struct arena arena = {0};
    struct error err = {0};
    struct slice body;
    const struct operation *operation = fuzz_operation(slice_of(data, size), &body);
    bool ok = fuzz_call(&fuzz_node, operation, body, &arena, &err);
    ensure(ok || (err.text[0] != 0 && render_error_row(err.code)->status < 500));
    arena_destroy(&arena);
    return 0;
}
