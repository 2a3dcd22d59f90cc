/* The digest of a request: SHA-256 over the operation's name and a canonical form of its body.
 *
 *   text      'T' size bytes        number   'N' size bytes      true 't'   false 'f'
 *   list      'L' count elements    object   'O' count (size name value)…, sorted by name
 *
 * Sizes and counts are 4 bytes, big endian. A structure has only the members that the model has; a
 * null is as good as absent. Nothing is normalised further: {"N":"1"} and {"N":"1.0"} differ. */
#include "daemon/api/transaction.h"

#include <openssl/evp.h>
#include <stdlib.h>

static void digest_size(struct buffer *to, size_t size)
{
    ensure(size <= UINT32_MAX);
    put_be32(buffer_reserve(to, 4), (uint32_t)size);
    to->size += 4;
}

static void digest_text(struct buffer *to, struct slice text)
{
    digest_size(to, text.size);
    buffer_append_slice(to, text);
}

static int digest_compare(const void *a, const void *b)
{
    const struct json *const *left = a;
    const struct json *const *right = b;
    return slice_compare((*left)->name, (*right)->name);
}

static const struct shape *
digest_shape_of(const struct shape *shape, const struct json *member, bool *known)
{
    *known = true;
    if (shape == NULL || shape->kind == SHAPE_VALUE || shape->kind == SHAPE_ITEM) {
        return NULL;
    }
    if (shape->kind != SHAPE_STRUCTURE) {
        return shape->element;
    }
    uint32_t place = shape_find(shape, member->name);
    *known = place != SHAPE_NO_MEMBER && !slice_is(member->name, "ReturnConsumedCapacity");
    return *known ? shape->members[place].shape : NULL;
}

static void digest_json(struct buffer *to, const struct shape *shape, const struct json *json);

static void digest_object(struct buffer *to, const struct shape *shape, const struct json *json)
{
    const struct json **members =
        arena_alloc(to->arena, (json->count + 1) * sizeof(const struct json *));
    size_t count = 0;
    bool known = false;
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        (void)digest_shape_of(shape, child, &known);
        if (known && child->type != JSON_NULL) {
            members[count++] = child;
        }
    }
    qsort(members, count, sizeof(const struct json *), digest_compare);
    buffer_append_byte(to, 'O');
    digest_size(to, count);
    for (size_t i = 0; i < count; i++) {
        digest_text(to, members[i]->name);
        digest_json(to, digest_shape_of(shape, members[i], &known), members[i]);
    }
}

/* As deep as the document, which has JSON_DEPTH_MAX. `shape` NULL: whatever it is. */
static void digest_json(struct buffer *to, const struct shape *shape, const struct json *json)
{
    switch (json->type) {
    case JSON_NULL:
        buffer_append_byte(to, 'n');
        break;
    case JSON_FALSE:
        buffer_append_byte(to, 'f');
        break;
    case JSON_TRUE:
        buffer_append_byte(to, 't');
        break;
    case JSON_NUMBER:
    case JSON_STRING:
        buffer_append_byte(to, json->type == JSON_NUMBER ? 'N' : 'T');
        digest_text(to, json->text);
        break;
    case JSON_ARRAY:
        buffer_append_byte(to, 'L');
        digest_size(to, json->count);
        for (const struct json *child = json->first; child != NULL; child = child->next) {
            digest_json(to, shape == NULL ? NULL : shape->element, child);
        }
        break;
    case JSON_OBJECT:
        digest_object(to, shape, json);
        break;
    }
}

void transaction_digest(const struct call *call, const struct shape *shape, uint8_t digest[32])
{
    struct buffer all;
    unsigned size = 0;
    buffer_init(&all, call->arena, 2048);
    digest_text(&all, slice_text(call->operation->name));
    digest_json(&all, shape, call->body);
    ensure(EVP_Digest(all.data, all.size, digest, &size, EVP_sha256(), NULL) == 1);
    ensure(size == 32);
}
