/* JSON text into a tree in the arena. See json.h; the writer is in json_write.c.
 *
 * yajl drives: it has no recursion and reports numbers as they are written. Its allocator is the
 * arena, so a document costs no malloc. Two things it does loosely are done here instead:
 *
 * - UTF-8: yajl lets overlong forms and surrogates through, which peers would refuse as corrupt.
 * The whole document is checked once, up front.
 * - Escapes: yajl turns a lone \uD800 into '?' and joins it with whatever escape follows. Strings
 *   without escapes (nearly all) are borrowed from the document; the others are decoded again from
 *   the document's own bytes, and half a surrogate pair is refused. */
#include "proto/value/json.h"

#include "proto/base/limits.h"
#include "proto/value/sort.h"
#include "proto/value/utf8.h"

#include <yajl/yajl_parse.h>

enum {
    NODES_PER_CHUNK = 16,
    PAIRWISE_MEMBERS_MAX = 16, /* Larger objects are searched for duplicates by sorting. */
    HEADER_BYTES = 16,         /* In front of what yajl allocates: its size; keeps the alignment. */
};

/* An array or object that is still open. */
struct json_open {
    struct json *node;
    struct json *last;
    uint64_t names_seen; /* A small Bloom filter, so that most objects need no search. */
    bool maybe_duplicate;
};

struct json_builder {
    struct slice text;
    struct arena *arena;
    struct error *err;
    yajl_handle parser;
    struct json *root;
    struct json *chunk; /* Nodes not yet handed out. */
    size_t chunk_left;
    struct slice name; /* Of the member whose value comes next. */
    size_t depth;
    struct json_open open[JSON_DEPTH_MAX];
};

static void *json_yajl_malloc(void *context, size_t size)
{
    uint8_t *block = arena_alloc(context, HEADER_BYTES + size);
    memcpy(block, &size, sizeof(size));
    return block + HEADER_BYTES;
}

static void *json_yajl_realloc(void *context, void *old, size_t size)
{
    void *made = json_yajl_malloc(context, size);
    if (old != NULL) {
        size_t old_size;
        memcpy(&old_size, (uint8_t *)old - HEADER_BYTES, sizeof(old_size));
        memcpy(made, old, old_size < size ? old_size : size);
    }
    return made;
}

static void json_yajl_free(void *context, void *block)
{
    (void)context; /* arena_clear gives everything back. */
    (void)block;
}

static struct json *json_add(struct json_builder *builder, enum json_type type)
{
    if (builder->chunk_left == 0) {
        builder->chunk = arena_alloc(builder->arena, NODES_PER_CHUNK * sizeof(struct json));
        builder->chunk_left = NODES_PER_CHUNK;
    }
    struct json *node = builder->chunk++;
    builder->chunk_left--;
    *node = (struct json){.type = type};
    if (builder->depth == 0) {
        builder->root = node;
        return node;
    }
    struct json_open *open = &builder->open[builder->depth - 1];
    if (open->last == NULL) {
        open->node->first = node;
    } else {
        open->last->next = node;
    }
    open->last = node;
    open->node->count++;
    node->name = builder->name;
    builder->name = (struct slice){0};
    return node;
}

static int json_on_null(void *context)
{
    json_add(context, JSON_NULL);
    return 1;
}

static int json_on_boolean(void *context, int on)
{
    json_add(context, on ? JSON_TRUE : JSON_FALSE);
    return 1;
}

/* Does yajl point into the document, or into a buffer of its own? */
static bool json_is_borrowed(const struct json_builder *builder, const void *bytes)
{
    uintptr_t at = (uintptr_t)bytes;
    uintptr_t start = (uintptr_t)builder->text.data;
    return at >= start && at < start + builder->text.size;
}

static int json_on_number(void *context, const char *bytes, size_t size)
{
    struct json_builder *builder = context;
    struct slice text = slice_of(bytes, size);
    if (!json_is_borrowed(builder, bytes)) { /* A lone number at the end of the document. */
        text = arena_copy(builder->arena, text);
    }
    json_add(builder, JSON_NUMBER)->text = text;
    return 1;
}

static uint32_t json_hex4(const uint8_t *at)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = at[i];
        uint32_t digit = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
        value = value << 4 | digit;
    }
    return value;
}

/* One \uXXXX, or two that are a surrogate pair. `at` is behind the u; yajl has seen the digits. */
static const uint8_t *json_unescape_unicode(const uint8_t *at, const uint8_t *end, uint8_t **to)
{
    uint32_t unit = json_hex4(at);
    at += 4;
    if (unit >= 0xD800 && unit <= 0xDFFF) {
        if (unit > 0xDBFF || end - at < 6 || at[0] != '\\' || at[1] != 'u') {
            return NULL;
        }
        uint32_t low = json_hex4(at + 2);
        if (low < 0xDC00 || low > 0xDFFF) {
            return NULL;
        }
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
    }
    *to += utf8_put(*to, unit);
    return at;
}

static uint8_t json_unescape_letter(uint8_t letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; /* Quote, backslash or slash: yajl lets nothing else through. */
    }
}

/* The string whose closing quote yajl has just consumed, without its escapes. */
static bool json_unescape(struct json_builder *builder, struct slice *text)
{
    size_t consumed = yajl_get_bytes_consumed(builder->parser);
    ensure(consumed >= 2 && consumed <= builder->text.size);
    const uint8_t *end = builder->text.data + consumed - 1;
    ensure(*end == '"');
    const uint8_t *at = end - 1; /* Back to the opening quote: the nearest that is not escaped. */
    for (;; at--) {
        ensure(at >= builder->text.data);
        if (*at == '"') {
            const uint8_t *escape = at;
            while (escape > builder->text.data && escape[-1] == '\\') {
                escape--;
            }
            if ((at - escape) % 2 == 0) {
                break;
            }
        }
    }
    at++;
    uint8_t *bytes = arena_alloc(builder->arena, (size_t)(end - at)); /* Escapes only shrink. */
    uint8_t *to = bytes;
    while (at < end) {
        const uint8_t *backslash = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((backslash == NULL ? end : backslash) - at);
        memcpy(to, at, run);
        to += run;
        at += run;
        if (backslash == NULL) {
            break;
        }
        if (at[1] != 'u') {
            *to++ = json_unescape_letter(at[1]);
            at += 2;
            continue;
        }
        const uint8_t *escape = at;
        at = json_unescape_unicode(at + 2, end, &to);
        if (at == NULL) {
            return error_set(builder->err, ERROR_SERIALIZATION,
                             "half a surrogate pair at byte %zu of the JSON document",
                             (size_t)(escape - builder->text.data));
        }
    }
    *text = (struct slice){bytes, (size_t)(to - bytes)};
    return true;
}

static bool json_take_string(struct json_builder *builder,
                             const unsigned char *bytes,
                             size_t size,
                             struct slice *text)
{
    *text = slice_of(bytes, size);
    return json_is_borrowed(builder, bytes) || json_unescape(builder, text);
}

static int json_on_string(void *context, const unsigned char *bytes, size_t size)
{
    struct json_builder *builder = context;
    struct slice text;
    if (!json_take_string(builder, bytes, size, &text)) {
        return 0;
    }
    json_add(builder, JSON_STRING)->text = text;
    return 1;
}

static int json_on_name(void *context, const unsigned char *bytes, size_t size)
{
    struct json_builder *builder = context;
    if (!json_take_string(builder, bytes, size, &builder->name)) {
        return 0;
    }
    const struct slice *name = &builder->name;
    uint64_t mix = name->size;
    if (name->size > 0) {
        mix += (uint64_t)name->data[0] << 24 | (uint64_t)name->data[name->size / 2] << 16 |
               (uint64_t)name->data[name->size - 1] << 8;
    }
    uint64_t bit = UINT64_C(1) << (mix * UINT64_C(0x9E3779B97F4A7C15) >> 58);
    struct json_open *open = &builder->open[builder->depth - 1];
    open->maybe_duplicate = open->maybe_duplicate || (open->names_seen & bit) != 0;
    open->names_seen |= bit;
    return 1;
}

static int json_open_container(struct json_builder *builder, enum json_type type)
{
    if (builder->depth == JSON_DEPTH_MAX) {
        error_set(builder->err, ERROR_SERIALIZATION,
                  "the JSON document is nested deeper than %d levels at byte %zu", JSON_DEPTH_MAX,
                  yajl_get_bytes_consumed(builder->parser));
        return 0;
    }
    struct json *node = json_add(builder, type);
    builder->open[builder->depth++] = (struct json_open){.node = node};
    return 1;
}

static int json_on_object(void *context)
{
    return json_open_container(context, JSON_OBJECT);
}

static int json_on_array(void *context)
{
    return json_open_container(context, JSON_ARRAY);
}

static int json_on_array_end(void *context)
{
    struct json_builder *builder = context;
    builder->depth--;
    return 1;
}

struct json_named {
    struct slice name;
    uint32_t place;
};

static int json_named_compare(const void *a, const void *b)
{
    const struct json_named *left = a;
    const struct json_named *right = b;
    return slice_compare(left->name, right->name);
}

/* Mark the members that a later one of the same name replaces: n log n, for large objects. */
static void json_mark_replaced(const struct json *object, struct arena *arena, uint8_t *replaced)
{
    struct json_named *named = arena_alloc(arena, object->count * sizeof(*named));
    uint32_t count = 0;
    for (const struct json *child = object->first; child != NULL; child = child->next) {
        named[count] = (struct json_named){child->name, count};
        count++;
    }
    ensure(count == object->count);
    sort_elements(named, count, sizeof(named[0]), json_named_compare, arena);
    for (uint32_t i = 0; i + 1 < count; i++) {
        if (slice_equal(named[i].name, named[i + 1].name)) {
            replaced[named[i].place] = 1; /* The sort is stable: the last of them stays. */
        }
    }
}

static void json_mark_replaced_pairwise(const struct json *object, uint8_t *replaced)
{
    uint32_t place = 0;
    for (const struct json *child = object->first; child != NULL; child = child->next) {
        const struct json *later = child->next;
        while (later != NULL && !slice_equal(later->name, child->name)) {
            later = later->next;
        }
        replaced[place++] = later != NULL;
    }
}

static void json_drop_replaced(struct json_builder *builder, struct json *object)
{
    uint8_t few[PAIRWISE_MEMBERS_MAX];
    uint8_t *replaced = few;
    if (object->count <= PAIRWISE_MEMBERS_MAX) {
        json_mark_replaced_pairwise(object, replaced);
    } else {
        replaced = arena_zalloc(builder->arena, object->count, 1);
        json_mark_replaced(object, builder->arena, replaced);
    }
    struct json **link = &object->first;
    for (uint32_t place = 0; *link != NULL; place++) {
        if (replaced[place]) {
            *link = (*link)->next;
            object->count--;
        } else {
            link = &(*link)->next;
        }
    }
}

static int json_on_object_end(void *context)
{
    struct json_builder *builder = context;
    struct json_open *open = &builder->open[--builder->depth];
    if (open->maybe_duplicate) {
        json_drop_replaced(builder, open->node);
    }
    return 1;
}

static const yajl_callbacks json_callbacks = {
    .yajl_null = json_on_null,
    .yajl_boolean = json_on_boolean,
    .yajl_number = json_on_number,
    .yajl_string = json_on_string,
    .yajl_start_map = json_on_object,
    .yajl_map_key = json_on_name,
    .yajl_end_map = json_on_object_end,
    .yajl_start_array = json_on_array,
    .yajl_end_array = json_on_array_end,
};

/* yajl's own words, without its line end. */
static bool json_refuse(struct json_builder *builder, struct error *err)
{
    const char *why = (const char *)yajl_get_error(builder->parser, 0, NULL, 0);
    ensure(why != NULL);
    return error_set(err, ERROR_SERIALIZATION, "%.*s at byte %zu of the JSON document",
                     (int)strcspn(why, "\n"), why, yajl_get_bytes_consumed(builder->parser));
}

bool json_parse(struct slice text, struct arena *arena, struct json **root, struct error *err)
{
    if (!utf8_valid(text)) {
        return error_set(err, ERROR_SERIALIZATION, "the JSON document is not UTF-8");
    }
    struct json_builder builder; /* open[] is large and filled level by level. */
    builder.text = text;
    builder.arena = arena;
    builder.err = err;
    builder.root = NULL;
    builder.chunk_left = 0;
    builder.name = (struct slice){0};
    builder.depth = 0;
    yajl_alloc_funcs functions = {json_yajl_malloc, json_yajl_realloc, json_yajl_free, arena};
    builder.parser = yajl_alloc(&json_callbacks, &functions, &builder);
    ensure(builder.parser != NULL);
    yajl_config(builder.parser, yajl_dont_validate_strings, 1);
    yajl_status status = yajl_parse(builder.parser, text.data, text.size);
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(builder.parser);
    }
    if (status == yajl_status_client_canceled) {
        return false; /* The callback that cancelled has filled *err. */
    }
    if (status != yajl_status_ok) {
        return json_refuse(&builder, err);
    }
    ensure(builder.root != NULL && builder.depth == 0);
    *root = builder.root;
    return true;
}

struct json *json_get(const struct json *object, const char *name)
{
    if (object->type != JSON_OBJECT) {
        return NULL;
    }
    for (struct json *child = object->first; child != NULL; child = child->next) {
        if (slice_is(child->name, name)) {
            return child->type == JSON_NULL ? NULL : child;
        }
    }
    return NULL;
}
