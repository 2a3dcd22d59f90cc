#include "daemon/api/request.h"

static const char *const request_members[TEXTS] = {
    [TEXT_UPDATE] = "UpdateExpression",
    [TEXT_CONDITION] = "ConditionExpression",
    [TEXT_KEY_CONDITION] = "KeyConditionExpression",
    [TEXT_FILTER] = "FilterExpression",
    [TEXT_PROJECTION] = "ProjectionExpression",
};
static const enum expression_kind request_kinds[TEXTS] = {
    [TEXT_UPDATE] = EXPRESSION_UPDATE,
    [TEXT_CONDITION] = EXPRESSION_CONDITION,
    [TEXT_KEY_CONDITION] = EXPRESSION_KEY_CONDITION,
    [TEXT_FILTER] = EXPRESSION_FILTER,
    [TEXT_PROJECTION] = EXPRESSION_PROJECTION,
};

/* --- Table names --------------------------------------------------------------------------------
 */

/* Cut the part up to the next colon off *rest; false when there is none. */
static bool request_arn_part(struct slice *rest, struct slice *part)
{
    const uint8_t *colon = memchr(rest->data, ':', rest->size);
    if (colon == NULL) {
        return false;
    }
    size_t size = (size_t)(colon - rest->data);
    *part = slice_of(rest->data, size);
    *rest = slice_of(colon + 1, rest->size - size - 1);
    return true;
}

bool request_resolve_name(const struct node *node,
                          struct slice asked,
                          struct slice *name,
                          struct error *err)
{
    static const struct slice prefix = {(const uint8_t *)"table/", 6};
    struct slice rest = asked;
    struct slice part = {0};
    if (!slice_starts_with(asked, SLICE_LITERAL("arn:"))) {
        *name = asked;
        return true;
    }
    bool shaped = request_arn_part(&rest, &part);
    if (!shaped || !request_arn_part(&rest, &part) || !slice_is(part, "aws")) {
        return error_set(err, ERROR_VALIDATION,
                         "1 validation error detected: Invalid AWS partition in '%.*s'",
                         SLICE_ARGS(asked));
    }
    if (!request_arn_part(&rest, &part) || !slice_is(part, "dynamodb") ||
        !request_arn_part(&rest, &part) || !slice_is(part, node->region)) {
        return error_set(err, ERROR_VALIDATION,
                         "1 validation error detected: Invalid AWS region in '%.*s'",
                         SLICE_ARGS(asked));
    }
    struct slice account = {0};
    if (!request_arn_part(&rest, &account) || !slice_starts_with(rest, prefix) ||
        !pattern_name(slice_of(rest.data + prefix.size, rest.size - prefix.size))) {
        return error_set(err, ERROR_VALIDATION,
                         "1 validation error detected: Invalid resource type in '%.*s'",
                         SLICE_ARGS(asked));
    }
    if (!slice_is(account, node->account)) {
        return error_set(err, ERROR_NOT_FOUND, "Requested resource not found");
    }
    *name = slice_of(rest.data + prefix.size, rest.size - prefix.size);
    return true;
}

bool request_begin(struct call *call,
                   const struct shape *shape,
                   struct request *request,
                   struct error *err)
{
    if (!shape_check(shape, call->body, call->operation->name, err)) {
        return false;
    }
    request->capacity = request_capacity_detail(call->body);
    request->asked_name = shape_text(json_get(call->body, "TableName"));
    return request_resolve_name(call->node, request->asked_name, &request->name, err);
}

void request_release(struct request *request)
{
    for (unsigned i = 0; i < TEXTS; i++) {
        expression_release(request->expressions[i]);
        request->expressions[i] = NULL;
    }
    table_release(request->table);
    request->table = NULL;
}

static bool request_acquire(struct call *call, struct request *request)
{
    ensure(request->table == NULL);
    call->located = true;
    request->table = catalog_acquire(call->node->store->catalog, request->name);
    return request->table != NULL;
}

bool request_open(struct call *call, struct request *request, struct error *err)
{
    if (!request_acquire(call, request) || request->table->status == TABLE_CREATING) {
        return error_set(err, ERROR_NOT_FOUND, "Requested resource not found");
    }
    return true;
}

bool request_open_control(struct call *call, struct request *request, struct error *err)
{
    if (request->name.size < TABLE_NAME_BYTES_MIN || request->name.size > TABLE_NAME_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "TableName must be at least %d characters long and at most %d characters "
                         "long",
                         TABLE_NAME_BYTES_MIN, TABLE_NAME_BYTES_MAX);
    }
    if (!request_acquire(call, request)) {
        return error_set(err, ERROR_NOT_FOUND,
                         "Requested resource not found: Table: %.*s not found",
                         SLICE_ARGS(request->name));
    }
    return true;
}

/* --- Values and expressions
 * ----------------------------------------------------------------------- */

bool request_image(struct call *call, const char *member, struct slice *image, struct error *err)
{
    const struct json *json = json_get(call->body, member);
    ensure(json != NULL); /* The shape requires it. */
    return item_from_json(json, call->arena, image, err);
}

static bool request_names(struct call *call,
                          const struct json *json,
                          bool any_expression,
                          struct placeholders *placeholders,
                          struct error *err)
{
    if (json == NULL) {
        return true;
    }
    if (!any_expression) {
        return error_set(err, ERROR_VALIDATION,
                         "ExpressionAttributeNames can only be specified when using expressions");
    }
    if (json->count == 0) {
        return error_set(err, ERROR_VALIDATION, "ExpressionAttributeNames must not be empty");
    }
    placeholders->names = arena_zalloc(call->arena, json->count, sizeof(struct placeholder));
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        struct placeholder *to = &placeholders->names[placeholders->names_count++];
        to->key = child->name;
        to->name = child->text;
    }
    return true;
}

/* The values themselves come before the texts; whether they may be there at all comes after. */
static bool request_values(struct call *call,
                           const struct json *json,
                           struct placeholders *placeholders,
                           struct error *err)
{
    if (json == NULL || json->count == 0) {
        return true;
    }
    placeholders->values = arena_zalloc(call->arena, json->count, sizeof(struct placeholder));
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        struct placeholder *to = &placeholders->values[placeholders->values_count++];
        to->key = child->name;
        if (!value_from_json(child, call->arena, &to->value, err)) {
            struct error bare = *err;
            return error_set(err, bare.code,
                             "ExpressionAttributeValues contains invalid value: %s for key %.*s",
                             bare.text, SLICE_ARGS(child->name));
        }
    }
    return true;
}

bool request_compile(struct call *call,
                     const struct json *owner,
                     unsigned texts,
                     struct request *request,
                     struct error *err)
{
    const struct json *values = texts == TEXT_BIT(TEXT_PROJECTION)
                                    ? NULL /* Reads by key have no such member. */
                                    : json_get(owner, "ExpressionAttributeValues");
    const struct json *found[TEXTS] = {NULL};
    struct placeholders placeholders = {0};
    bool any = false;
    for (unsigned i = 0; i < TEXTS; i++) {
        found[i] = (texts & TEXT_BIT(i)) != 0 ? json_get(owner, request_members[i]) : NULL;
        any = any || found[i] != NULL;
    }
    if (!request_values(call, values, &placeholders, err) ||
        !request_names(call, json_get(owner, "ExpressionAttributeNames"), any, &placeholders,
                       err)) {
        return false;
    }
    if (values != NULL && !any) {
        return error_set(err, ERROR_VALIDATION,
                         "ExpressionAttributeValues can only be specified when using expressions");
    }
    if (values != NULL && values->count == 0) {
        return error_set(err, ERROR_VALIDATION, "ExpressionAttributeValues must not be empty");
    }
    if (!any) {
        return true;
    }
    if (!placeholders_check(&placeholders, err)) {
        return false;
    }
    for (unsigned i = 0; i < TEXTS; i++) {
        if (found[i] != NULL &&
            !expression_compile(call->expressions, request_kinds[i], found[i]->text, &placeholders,
                                call->arena, &request->expressions[i], err)) {
            return false;
        }
    }
    return placeholders_check_unused(&placeholders, err);
}

struct request_path_check {
    const struct table *table;
    bool update;
    struct error *err;
};

static bool request_is_index_key(const struct table *table, struct slice name)
{
    bool found = false;
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct key_schema *keys = &table->indexes[i].keys;
        for (uint32_t k = 0; k < keys->partition_count; k++) {
            found = found || slice_equal(keys->partition[k].name, name);
        }
        for (uint32_t k = 0; k < keys->sort_count; k++) {
            found = found || slice_equal(keys->sort[k].name, name);
        }
    }
    return found;
}

static bool request_path_visit(void *context, const struct expression_path *path)
{
    const struct request_path_check *check = context;
    bool partition = slice_equal(path->head, check->table->partition.name);
    bool sort = table_has_sort(check->table) && slice_equal(path->head, check->table->sort.name);
    bool key = partition || sort;
    if (path->nested && (key || request_is_index_key(check->table, path->head))) {
        return error_set(check->err, ERROR_VALIDATION,
                         "Key attributes must be scalars; list random access '[]' and map lookup "
                         "'.' are not allowed: %s: %.*s",
                         key ? "Key" : "IndexKey", SLICE_ARGS(path->head));
    }
    return !key || !check->update ||
           error_set(check->err, ERROR_VALIDATION,
                     "One or more parameter values were invalid: Cannot update attribute %.*s. "
                     "This attribute is part of the key",
                     SLICE_ARGS(path->head));
}

bool request_paths(const struct request *request, struct error *err)
{
    for (unsigned i = 0; i < TEXTS; i++) {
        struct request_path_check check = {request->table, i == TEXT_UPDATE, err};
        if (i != TEXT_KEY_CONDITION && request->expressions[i] != NULL &&
            !expression_visit_paths(request->expressions[i], request_path_visit, &check)) {
            return false;
        }
    }
    return true;
}

enum capacity_detail request_capacity_detail(const struct json *body)
{
    struct slice choice = request_choice(body, "ReturnConsumedCapacity");
    if (slice_is(choice, "TOTAL")) {
        return CAPACITY_TOTAL;
    }
    return slice_is(choice, "INDEXES") ? CAPACITY_INDEXES : CAPACITY_NONE;
}

struct slice request_choice(const struct json *body, const char *member)
{
    const struct json *json = json_get(body, member);
    return json == NULL ? SLICE_LITERAL("NONE") : json->text;
}

/* --- Answers ---------------------------------------------------------------------------------- */

void answer_begin(struct call *call)
{
    ensure(call->answer.size == 0);
    buffer_append_byte(&call->answer, '{');
}

void answer_member(struct call *call, const char *name)
{
    ensure(call->answer.size > 0);
    if (call->answer.size > 1) {
        buffer_append_byte(&call->answer, ',');
    }
    buffer_append_byte(&call->answer, '"');
    buffer_append_text(&call->answer, name);
    buffer_append(&call->answer, "\":", 2);
}

void answer_item(struct call *call, const char *name, struct slice image)
{
    answer_member(call, name);
    item_write_json(&call->answer, image);
}

void answer_integer(struct call *call, const char *name, uint64_t value)
{
    answer_member(call, name);
    buffer_printf(&call->answer, "%llu", (unsigned long long)value);
}

void answer_capacity(struct call *call,
                     const struct request *request,
                     const struct capacity *capacity)
{
    if (request->capacity != CAPACITY_NONE) {
        answer_member(call, "ConsumedCapacity");
        capacity_write_json(&call->answer, request->asked_name, request->table, request->capacity,
                            CAPACITY_PLAIN, capacity);
    }
}

void answer_end(struct call *call)
{
    buffer_append_byte(&call->answer, '}');
}
