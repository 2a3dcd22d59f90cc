/* The document is the list as ListTagsOfResource answers it: [{"Key":…,"Value":…},…]. */
#include "daemon/api/tags.h"

#include "daemon/api/operations.h"
#include "daemon/api/resource.h"

#include <strings.h>

enum { TAG_KEY_CHARACTERS_MAX = 128, TAG_VALUE_CHARACTERS_MAX = 256 };

struct tags_call {
    struct request request;
    bool stream;
};

/* --- Checks ------------------------------------------------------------------------------------
 */

/* Letters and digits of any script, blank, + - = . _ : / @ and not too many of them. */
static bool tags_is_text(struct slice text, size_t characters_max)
{
    size_t characters = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != 0 && strchr(" +-=._:/@", c) != NULL);
        if (c < 0x80 && !plain) {
            return false;
        }
        characters += (c & 0xc0) != 0x80;
    }
    return characters <= characters_max;
}

static bool tags_check_key(const struct json *key, struct error *err)
{
    struct slice text = key == NULL ? SLICE_LITERAL("null") : key->text;
    if (key == NULL || text.size == 0 || !tags_is_text(text, TAG_KEY_CHARACTERS_MAX)) {
        return error_set(err, ERROR_VALIDATION, "The Tag Key provided is invalid, Key: %.*s",
                         SLICE_ARGS(text));
    }
    if (text.size >= 4 && strncasecmp((const char *)text.data, "aws:", 4) == 0) {
        return error_set(err, ERROR_VALIDATION, "Tag Key cannot be prefixed with aws:, Key: %.*s",
                         SLICE_ARGS(text));
    }
    return true;
}

static bool tags_check_value(const struct json *value, struct error *err)
{
    struct slice text = value == NULL ? SLICE_LITERAL("null") : value->text;
    return (value != NULL && tags_is_text(text, TAG_VALUE_CHARACTERS_MAX)) ||
           error_set(err, ERROR_VALIDATION, "The Tag Value provided is invalid, Value: %.*s",
                     SLICE_ARGS(text));
}

/* The tag with this key in the list up to `end`. */
static const struct json *
tags_find(const struct json *tags, const struct json *end, struct slice key)
{
    for (const struct json *each = tags->first; each != end; each = each->next) {
        const struct json *name = json_get(each, "Key");
        if (name != NULL && slice_equal(name->text, key)) {
            return each;
        }
    }
    return NULL;
}

bool tags_check(const struct json *tags, struct error *err)
{
    if (tags->count == 0) {
        return error_set(err, ERROR_VALIDATION, "Atleast one Tag needs to be provided as Input.");
    }
    /* Before the search for one that is there twice, whose cost grows with the square. */
    if (tags->count > TABLE_TAGS_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Number of Tags exceed the current limit for the provided ResourceArn");
    }
    for (const struct json *each = tags->first; each != NULL; each = each->next) {
        if (!tags_check_key(json_get(each, "Key"), err) ||
            !tags_check_value(json_get(each, "Value"), err)) {
            return false;
        }
    }
    for (const struct json *each = tags->first; each != NULL; each = each->next) {
        struct slice key = json_get(each, "Key")->text;
        if (tags_find(tags, each, key) != NULL) {
            return error_set(err, ERROR_VALIDATION,
                             "Duplicate Tag Keys provided as input: Duplicate Tag Key found %.*s",
                             SLICE_ARGS(key));
        }
    }
    return true;
}

/* --- The document ------------------------------------------------------------------------------
 */

static void tags_write(struct buffer *to, const struct json *tag)
{
    buffer_append_text(to, to->size > 1 ? ",{\"Key\":" : "{\"Key\":");
    json_write_string(to, json_get(tag, "Key")->text);
    buffer_append_text(to, ",\"Value\":");
    json_write_string(to, json_get(tag, "Value")->text);
    buffer_append_byte(to, '}');
}

/* *list NULL: none are stored. Errors: CORRUPT. */
static bool
tags_parse(struct arena *arena, struct slice stored, struct json **list, struct error *err)
{
    struct error broken = {0};
    *list = NULL;
    return stored.size == 0 || json_parse(stored, arena, list, &broken) ||
           error_set(err, ERROR_CORRUPT, "the tags of a table: %s", broken.text);
}

bool tags_merge(struct arena *arena,
                struct slice stored,
                const struct json *tags,
                struct slice *document,
                struct error *err)
{
    struct json *before = NULL;
    if (!tags_parse(arena, stored, &before, err)) {
        return false;
    }
    struct buffer to;
    buffer_init(&to, arena, stored.size + 64 * (size_t)tags->count);
    buffer_append_byte(&to, '[');
    uint32_t count = tags->count;
    const struct json *first = before == NULL ? NULL : before->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        const struct json *over = tags_find(tags, NULL, json_get(each, "Key")->text);
        tags_write(&to, over == NULL ? each : over);
        count += over == NULL;
    }
    for (const struct json *each = tags->first; each != NULL; each = each->next) {
        if (before == NULL || tags_find(before, NULL, json_get(each, "Key")->text) == NULL) {
            tags_write(&to, each);
        }
    }
    buffer_append_byte(&to, ']');
    *document = buffer_slice(&to);
    return count <= TABLE_TAGS_MAX ||
           error_set(err, ERROR_VALIDATION,
                     "Number of Tags exceed the current limit for the provided ResourceArn");
}

/* Without the keys of a list; empty when none is left. */
static bool tags_without(struct arena *arena,
                         struct slice stored,
                         const struct json *keys,
                         struct slice *document,
                         struct error *err)
{
    struct json *before = NULL;
    if (!tags_parse(arena, stored, &before, err)) {
        return false;
    }
    struct buffer to;
    buffer_init(&to, arena, stored.size);
    buffer_append_byte(&to, '[');
    const struct json *first = before == NULL ? NULL : before->first;
    for (const struct json *each = first; each != NULL; each = each->next) {
        bool taken = false;
        for (const struct json *key = keys->first; key != NULL; key = key->next) {
            taken = taken || slice_equal(key->text, json_get(each, "Key")->text);
        }
        if (!taken) {
            tags_write(&to, each);
        }
    }
    bool any = to.size > 1;
    buffer_append_byte(&to, ']');
    *document = any ? buffer_slice(&to) : (struct slice){NULL, 0};
    return true;
}

/* --- Operations --------------------------------------------------------------------------------
 */

static bool tags_open(struct call *call, bool change, struct error *err)
{
    struct tags_call *state = call->state;
    if (!resource_open(call, &state->request, err)) {
        return false;
    }
    return !change || state->request.table->status != TABLE_DELETING ||
           error_set(err, ERROR_IN_USE,
                     "Attempt to change a resource which is still in use: Table is being deleted: "
                     "%.*s",
                     SLICE_ARGS(state->request.name));
}

static bool tags_name(struct call *call, struct error *err)
{
    struct tags_call *state = call->state;
    return resource_name(call, json_get(call->body, "ResourceArn"), &state->request, &state->stream,
                         err);
}

/* The ARN may be missing in words of its own, the list beside it only once the ARN is there. */
static bool
tags_name_and_list(struct call *call, const char *list, const char *path, struct error *err)
{
    if (json_get(call->body, "ResourceArn") != NULL && json_get(call->body, list) == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "1 validation error detected: Value null at '%s' failed to satisfy "
                         "constraint: Member must not be null",
                         path);
    }
    return tags_name(call, err);
}

static bool tags_add_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_tag_resource, call->body, call->operation->name, err) &&
           tags_name_and_list(call, "Tags", "tags", err) &&
           tags_check(json_get(call->body, "Tags"), err) && tags_open(call, true, err);
}

static bool tags_remove_decode(struct call *call, struct error *err)
{
    if (!shape_check(&shape_untag_resource, call->body, call->operation->name, err) ||
        !tags_name_and_list(call, "TagKeys", "tagKeys", err)) {
        return false;
    }
    const struct json *keys = json_get(call->body, "TagKeys");
    if (keys->count == 0) {
        return error_set(err, ERROR_VALIDATION,
                         "Atleast one Tag Key needs to be provided as Input.");
    }
    for (const struct json *key = keys->first; key != NULL; key = key->next) {
        if (!tags_check_key(key, err)) {
            return false;
        }
    }
    return tags_open(call, true, err);
}

/* Both changes: read, change, write, under the lock of the descriptions. Answers nothing. */
static bool tags_change_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct tags_call *state = call->state;
    struct catalog *catalog = call->node->store->catalog;
    const struct table *table = state->request.table;
    const struct json *added = json_get(call->body, "Tags");
    const struct json *removed = json_get(call->body, "TagKeys");
    struct slice document;
    (void)tier;
    catalog_change_begin(catalog);
    struct slice stored = catalog_setting(catalog, table, SETTING_TAGS, call->arena);
    bool ok = (removed == NULL ? tags_merge(call->arena, stored, added, &document, err)
                               : tags_without(call->arena, stored, removed, &document, err)) &&
              catalog_set_setting(catalog, table, SETTING_TAGS, document, err);
    catalog_change_end(catalog);
    return ok;
}

static bool tags_list_decode(struct call *call, struct error *err)
{
    return shape_check(&shape_list_tags_of_resource, call->body, call->operation->name, err) &&
           tags_name(call, err) && tags_open(call, false, err);
}

static bool tags_list_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct tags_call *state = call->state;
    (void)tier;
    (void)err;
    struct slice stored = catalog_setting(call->node->store->catalog, state->request.table,
                                          SETTING_TAGS, call->arena);
    answer_begin(call);
    answer_member(call, "Tags");
    buffer_append_slice(&call->answer, stored.size == 0 ? SLICE_LITERAL("[]") : stored);
    answer_end(call);
    return true;
}

const struct operation operation_tag_resource = {.name = "TagResource",
                                                 .state_bytes = sizeof(struct tags_call),
                                                 .worker = true,
                                                 .decode = tags_add_decode,
                                                 .run = tags_change_run,
                                                 .release = resource_release};
const struct operation operation_untag_resource = {.name = "UntagResource",
                                                   .state_bytes = sizeof(struct tags_call),
                                                   .worker = true,
                                                   .decode = tags_remove_decode,
                                                   .run = tags_change_run,
                                                   .release = resource_release};
const struct operation operation_list_tags_of_resource = {.name = "ListTagsOfResource",
                                                          .state_bytes = sizeof(struct tags_call),
                                                          .decode = tags_list_decode,
                                                          .run = tags_list_run,
                                                          .release = resource_release};
