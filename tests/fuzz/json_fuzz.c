/* Fuzz the way of a request's body: a document that parses is written and parsed to the same again;
 * one that is an item goes through its stored form and comes back equal. */
#include "proto/base/ensure.h"
#include "proto/value/utf8.h"
#include "proto/value/value_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_item(const struct json *root, struct arena *arena)
{
    struct error err;
    struct slice image;
    if (root->type != JSON_OBJECT || !item_json_check(root, &err)) {
        return;
    }
    if (!item_from_json(root, arena, &image, &err)) {
        ensure(err.code == ERROR_VALIDATION);
        return;
    }
    ensure(item_check(image, &err));
    struct buffer text;
    struct json *again;
    struct slice image_again;
    buffer_init(&text, arena, 256);
    item_write_json(&text, image);
    ensure(utf8_valid(buffer_slice(&text)));
    ensure(json_parse(buffer_slice(&text), arena, &again, &err));
    ensure(item_json_check(again, &err) && item_from_json(again, arena, &image_again, &err));
    ensure(slice_equal(image, image_again));
}

static void fuzz_value(const struct json *root, struct arena *arena)
{
    struct error err;
    struct value value;
    if (root->type != JSON_OBJECT || !value_json_check(root, &err)) {
        return;
    }
    if (value_from_json(root, arena, &value, &err)) {
        ensure(value_check(value, &err));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error err;
    struct json *root;
    struct json *again;
    arena_init(&arena);
    if (json_parse(slice_of(data, size), &arena, &root, &err)) {
        struct buffer once;
        struct buffer twice;
        buffer_init(&once, &arena, 256);
        buffer_init(&twice, &arena, 256);
        json_write(&once, root);
        ensure(utf8_valid(buffer_slice(&once)));
        ensure(json_parse(buffer_slice(&once), &arena, &again, &err));
        json_write(&twice, again);
        ensure(slice_equal(buffer_slice(&once), buffer_slice(&twice)));
        fuzz_item(root, &arena);
        fuzz_value(root, &arena);
    } else {
        ensure(err.code == ERROR_SERIALIZATION);
    }
    arena_destroy(&arena);
    return 0;
}
