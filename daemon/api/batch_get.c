/* BatchGetItem (dynamodb-api.md 11.1). Keys past the answer's 16 MiB come back as UnprocessedKeys,
 * in the form in which they were asked for. What is more than a Query's page is read on a worker
 * even if all of it is in memory: the loop has other clients. Where throughput is enforced, each
 * key is asked for and charged by itself; keys for which nothing is left are unprocessed, and if
 * that is all of them, the call is throttled. */
#include "daemon/api/batch.h"
#include "daemon/api/listing.h"
#include "daemon/api/metering.h"
#include "daemon/api/operations.h"

struct batch_get_key {
    const struct json *asked;
    struct slice image;
    struct slice item; /* As projected; empty size: not found. */
    uint32_t table;
    bool found;
    bool unprocessed;
    bool admitted, charged; /* Of enforced throughput: once, also when the run is repeated. */
    uint64_t halves;        /* Read units taken, times two. */
};

struct batch_get {
    struct batch_table *tables;
    uint32_t tables_count;
    struct batch_get_key *keys;
    uint32_t keys_count;
};

/* Keys are compared as they are written: {"N":"1"} and {"N":"1.0"} pass beside each other. */
static bool batch_get_same_text(const struct json *a, const struct json *b)
{
    if (a->type != b->type || a->count != b->count || !slice_equal(a->text, b->text)) {
        return false;
    }
    if (a->type == JSON_OBJECT) {
        for (const struct json *child = a->first; child != NULL; child = child->next) {
            const struct json *other = b->first;
            while (other != NULL && !slice_equal(other->name, child->name)) {
                other = other->next;
            }
            if (other == NULL || !batch_get_same_text(child, other)) {
                return false;
            }
        }
    }
    return true;
}

static bool batch_get_collect(struct call *call, struct error *err)
{
    struct batch_get *state = call->state;
    uint64_t count = 0;
    for (uint32_t i = 0; i < state->tables_count; i++) {
        count += json_get(state->tables[i].asked, "Keys")->count;
    }
    if (count > BATCH_GET_KEYS_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Too many items requested for the BatchGetItem call");
    }
    state->keys = arena_zalloc(call->arena, count, sizeof(*state->keys));
    for (uint32_t i = 0; i < state->tables_count; i++) {
        const struct json *keys = json_get(state->tables[i].asked, "Keys");
        uint32_t first = state->keys_count;
        for (const struct json *key = keys->first; key != NULL; key = key->next) {
            struct batch_get_key *to = &state->keys[state->keys_count++];
            to->asked = key;
            to->table = i;
            if (!item_from_json(key, call->arena, &to->image, err)) {
                return false;
            }
        }
        for (uint32_t a = first; a < state->keys_count; a++) {
            for (uint32_t b = first; b < a; b++) {
                if (batch_get_same_text(state->keys[a].asked, state->keys[b].asked)) {
                    return error_set(err, ERROR_VALIDATION,
                                     "Provided list of item keys contains duplicates");
                }
            }
        }
    }
    return true;
}

static bool batch_get_legacy(struct call *call, struct error *err)
{
    struct batch_get *state = call->state;
    for (uint32_t i = 0; i < state->tables_count; i++) {
        struct batch_table *table = &state->tables[i];
        if (!request_legacy(call, table->asked, TEXT_BIT(TEXT_PROJECTION), &table->request, err)) {
            return false;
        }
    }
    return true;
}

static bool batch_get_decode(struct call *call, struct error *err)
{
    struct batch_get *state = call->state;
    if (!batch_begin(call, &shape_batch_get_item, &state->tables, &state->tables_count, err) ||
        !batch_get_legacy(call, err) || !batch_get_collect(call, err)) {
        return false;
    }
    for (uint32_t i = 0; i < state->tables_count; i++) {
        struct batch_table *table = &state->tables[i];
        if (!request_compile(call, table->asked, TEXT_BIT(TEXT_PROJECTION), &table->request, err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < state->tables_count; i++) {
        if (!request_open(call, &state->tables[i].request, err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < state->keys_count; i++) {
        const struct request *request = &state->tables[state->keys[i].table].request;
        if (!item_check_key(request->table, state->keys[i].image, err) ||
            !request_paths(request, err)) {
            return false;
        }
    }
    return true;
}

/* One key, unless nothing is left for it. *bytes grows by the item's size; what goes past the
 * answer's bound is unprocessed. */
static bool batch_get_one(struct call *call,
                          struct batch_get_key *key,
                          enum read_tier tier,
                          uint64_t *bytes,
                          struct error *err)
{
    struct batch_get *state = call->state;
    struct batch_table *table = &state->tables[key->table];
    const struct expression *projection = table->request.expressions[TEXT_PROJECTION];
    uint64_t wait_seq = 0;
    if (!metering_admit_read(call, table->request.table, NULL, &key->admitted, err)) {
        key->unprocessed = true;
        return true;
    }
    if (!store_get(call->node->store, table->request.table, key->image, tier, call->arena,
                   &key->item, &key->found, &wait_seq, err)) {
        return false;
    }
    call->wait_seq = wait_seq > call->wait_seq ? wait_seq : call->wait_seq;
    size_t size = key->found ? item_size(key->item) : 0;
    key->unprocessed = *bytes > 0 && *bytes + size > BATCH_GET_BYTES_MAX;
    if (key->unprocessed) { /* Nor anything behind it: order helps nobody to fit in more. */
        *bytes = BATCH_GET_BYTES_MAX;
        return true;
    }
    *bytes += size;
    if (tier == READ_CACHED && *bytes > PAGE_BYTES_MAX) {
        return error_set(err, ERROR_WOULD_BLOCK, "a batch too large for the loop");
    }
    bool consistent = shape_boolean(json_get(table->asked, "ConsistentRead"), false);
    key->halves = capacity_read_halves(size, consistent);
    table->used.halves += key->halves;
    if (!key->charged) {
        metering_charge_read(call, table->request.table, size, consistent, 1);
        key->charged = true;
    }
    if (key->found && projection != NULL) {
        expression_project(projection, key->item, call->arena, &key->item);
    }
    return true;
}

static bool batch_get_read(struct call *call, enum read_tier tier, struct error *err)
{
    struct batch_get *state = call->state;
    uint64_t bytes = 0;
    bool any = false;
    for (uint32_t i = 0; i < state->keys_count; i++) {
        struct batch_get_key *key = &state->keys[i];
        key->unprocessed = bytes >= BATCH_GET_BYTES_MAX;
        key->found = false;
        if (!key->unprocessed && !batch_get_one(call, key, tier, &bytes, err)) {
            call->error_members.size = 0; /* Not those of a key that was throttled before. */
            return false;
        }
        any = any || !key->unprocessed;
    }
    if (!any) { /* The first key fits always: it was throttled, as all of them were. */
        return false;
    }
    error_clear(err);
    return true;
}

/* Numbers such as 1e125 are a few bytes stored and many printed: the answer has a limit of its own.
 */
static void batch_get_write_items(struct call *call, struct batch_get *state, uint32_t table)
{
    bool first = true;
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < state->keys_count; i++) {
        struct batch_get_key *key = &state->keys[i];
        if (key->table != table || key->unprocessed || !key->found) {
            continue;
        }
        if (call->answer.size > BATCH_GET_ANSWER_BYTES_MAX) {
            key->unprocessed = true;
            state->tables[table].used.halves -= key->halves;
            continue;
        }
        if (!first) {
            buffer_append_byte(&call->answer, ',');
        }
        first = false;
        item_write_json(&call->answer, key->item);
    }
    buffer_append_byte(&call->answer, ']');
}

/* {"Keys":[…], and whatever else was asked of this table}; nothing when all keys were done. */
static void batch_get_write_unprocessed(struct call *call,
                                        const struct batch_get *state,
                                        uint32_t table,
                                        bool *first_table)
{
    bool first = true;
    struct buffer *to = &call->answer;
    for (uint32_t i = 0; i < state->keys_count; i++) {
        const struct batch_get_key *key = &state->keys[i];
        if (key->table != table || !key->unprocessed) {
            continue;
        }
        if (first) {
            buffer_append_text(to, *first_table ? "" : ",");
            json_write_string(to, state->tables[table].request.asked_name);
            buffer_append_text(to, ":{\"Keys\":[");
        } else {
            buffer_append_byte(to, ',');
        }
        first = false;
        json_write(to, key->asked);
    }
    if (first) {
        return;
    }
    *first_table = false;
    buffer_append_byte(to, ']');
    static const char *const echoed[] = {"ConsistentRead", "AttributesToGet",
                                         "ProjectionExpression", "ExpressionAttributeNames"};
    for (size_t i = 0; i < ARRAY_COUNT(echoed); i++) {
        const struct json *member = json_get(state->tables[table].asked, echoed[i]);
        if (member != NULL) {
            buffer_printf(to, ",\"%s\":", echoed[i]);
            json_write(to, member);
        }
    }
    buffer_append_byte(to, '}');
}

static bool batch_get_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct batch_get *state = call->state;
    for (uint32_t i = 0; i < state->tables_count; i++) {
        state->tables[i].used.halves = 0; /* A repeated run reads all of it again. */
    }
    if (!batch_get_read(call, tier, err)) {
        return false;
    }
    answer_begin(call);
    answer_member(call, "Responses");
    buffer_append_byte(&call->answer, '{');
    for (uint32_t i = 0; i < state->tables_count; i++) {
        if (i > 0) {
            buffer_append_byte(&call->answer, ',');
        }
        json_write_string(&call->answer, state->tables[i].request.asked_name);
        buffer_append_byte(&call->answer, ':');
        batch_get_write_items(call, state, i);
    }
    buffer_append_byte(&call->answer, '}');
    answer_member(call, "UnprocessedKeys");
    buffer_append_byte(&call->answer, '{');
    bool first_table = true;
    for (uint32_t i = 0; i < state->tables_count; i++) {
        batch_get_write_unprocessed(call, state, i, &first_table);
    }
    buffer_append_byte(&call->answer, '}');
    batch_capacity(call, state->tables, state->tables_count);
    answer_end(call);
    return true;
}

static void batch_get_access(struct call *call, struct access_list *list)
{
    struct batch_get *state = call->state;
    struct slice none = {NULL, 0};
    for (uint32_t i = 0; i < state->tables_count; i++) {
        const struct request *request = &state->tables[i].request;
        struct access *access = listing_request(call, list, "dynamodb:BatchGetItem", request, none);
        for (uint32_t k = 0; k < state->keys_count && access != NULL; k++) {
            if (state->keys[k].table == i) {
                access_leading_of(access, request->table, state->keys[k].image);
                access_attributes_of_item(access, state->keys[k].image);
            }
        }
        if (access != NULL) {
            listing_select(access, request->expressions[TEXT_PROJECTION] != NULL);
        }
    }
}

static void batch_get_release(struct call *call)
{
    struct batch_get *state = call->state;
    batch_release(state->tables, state->tables_count);
}

const struct operation operation_batch_get_item = {.name = "BatchGetItem",
                                                   .state_bytes = sizeof(struct batch_get),
                                                   .decode = batch_get_decode,
                                                   .run = batch_get_run,
                                                   .release = batch_get_release,
                                                   .access = batch_get_access};
