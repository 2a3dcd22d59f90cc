/* BatchExecuteStatement (dynamodb-api.md section 14): up to 25 statements that all read one item or
 * all write one, each for itself: what is wrong with one of them is its part of the answer.
 *
 * A run may end with WOULD_BLOCK and be repeated: writes that are done stay done, as in a
 * BatchWriteItem; so do their refusals, which another client's write could have changed since. What
 * happened to the disk, though, fails the call. */
#include "daemon/api/listing.h"
#include "daemon/api/metering.h"
#include "daemon/api/operations.h"
#include "daemon/api/partiql.h"

struct partiql_entry {
    struct partiql_call one;
    bool done;
    bool charged;        /* A read: once, though a repeated run reads it again. */
    struct error *error; /* NULL: none. */
    struct error denied; /* By the policies: takes the place of whatever was found. */
    struct slice item;   /* Found or returned; of an error the item that stood in the way. */
    bool found;
};

struct partiql_batch {
    struct partiql_entry *entries;
    uint32_t count;
    uint64_t wait_seq; /* Of all runs. */
};

/* What a statement's error is called in the answer; NULL: it fails the call. */
static const char *partiql_batch_code(enum error_code code)
{
    static const struct {
        enum error_code code;
        const char *name;
    } names[] = {
        {ERROR_VALIDATION, "ValidationError"},
        {ERROR_NOT_FOUND, "ResourceNotFound"},
        {ERROR_CONDITION, "ConditionalCheckFailed"},
        {ERROR_DUPLICATE_ITEM, "DuplicateItem"},
        {ERROR_TRANSACTION_CONFLICT, "TransactionConflict"},
        {ERROR_COLLECTION_SIZE, "ItemCollectionSizeLimitExceeded"},
        {ERROR_THROUGHPUT, "ProvisionedThroughputExceeded"},
        {ERROR_THROTTLED, "ThrottlingError"},
        {ERROR_ON_DEMAND_MAX, "ThrottlingError"},
        {ERROR_ACCESS_DENIED, "AccessDenied"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (names[i].code == code) {
            return names[i].name;
        }
    }
    return NULL;
}

/* Take the error over into the answer; false, with *err kept, when it fails the call. */
static bool partiql_batch_take(struct call *call, struct partiql_entry *entry, struct error *err)
{
    if (partiql_batch_code(err->code) == NULL) {
        return false;
    }
    entry->error = arena_alloc(call->arena, sizeof(*entry->error));
    *entry->error = *err;
    entry->done = true;
    call->error_members.size = 0; /* Such as why it was throttled: the answer has no room for it. */
    error_clear(err);
    return true;
}

static bool partiql_batch_open(struct call *call, struct partiql_entry *entry, struct error *err)
{
    struct partiql_call *one = &entry->one;
    if (one->statement->verb == PARTIQL_EXISTS) {
        return error_set(err, ERROR_VALIDATION,
                         "EXISTS can only be used in ExecuteTransaction write requests.");
    }
    if (!partiql_open(call, one, err)) {
        return false;
    }
    return !partiql_reads(one->statement) || partiql_is_get(one) ||
           error_set(err, ERROR_VALIDATION,
                     "Select statements within BatchExecuteStatement must specify the primary key "
                     "in the where clause.");
}

static bool partiql_batch_decode(struct call *call, struct error *err)
{
    struct partiql_batch *state = call->state;
    uint32_t reading = 0;
    uint32_t writing = 0;
    if (!shape_check(&shape_batch_execute_statement, call->body, call->operation->name, err)) {
        return false;
    }
    const struct json *asked = json_get(call->body, "Statements");
    state->entries = arena_zalloc(call->arena, asked->count, sizeof(*state->entries));
    for (const struct json *one = asked->first; one != NULL; one = one->next) {
        struct partiql_entry *entry = &state->entries[state->count++];
        if (partiql_begin(call, one, &entry->one, err)) {
            reading += partiql_reads(entry->one.statement) ? 1 : 0;
            writing += partiql_reads(entry->one.statement) ? 0 : 1;
        } else if (!partiql_batch_take(call, entry, err)) {
            return false;
        }
    }
    if (reading > 0 && writing > 0) {
        return error_set(err, ERROR_VALIDATION,
                         "Read and write requests together in the same batch is not supported.");
    }
    for (uint32_t i = 0; i < state->count; i++) {
        struct partiql_entry *entry = &state->entries[i];
        if (entry->error == NULL && !partiql_batch_open(call, entry, err) &&
            !partiql_batch_take(call, entry, err)) {
            return false;
        }
    }
    return true;
}

/* --- Running -----------------------------------------------------------------------------------
 */

static bool partiql_batch_one(struct call *call,
                              struct partiql_entry *entry,
                              enum read_tier tier,
                              struct error *err)
{
    struct partiql_call *one = &entry->one;
    if (partiql_reads(one->statement)) {
        one->capacity = (struct capacity){0}; /* A repeated run reads it again. */
        if (!partiql_get(call, one, 0, tier, &entry->item, &entry->found, err)) {
            return partiql_batch_take(call, entry, err);
        }
        if (!entry->charged) {
            metering_charge(call, one->request.table, THROTTLE_READ, &one->capacity);
            entry->charged = true;
        }
        return true;
    }
    struct slice old = {NULL, 0};
    if (!partiql_put(call, one, tier, &entry->item, &old, err)) {
        if (!partiql_batch_take(call, entry, err)) {
            return false;
        }
        if (entry->error->code == ERROR_CONDITION && one->statement->verb == PARTIQL_INSERT) {
            (void)error_set(entry->error, ERROR_DUPLICATE_ITEM,
                            "Duplicate primary key exists in table");
        }
        entry->item = old;
    }
    entry->found = entry->item.size > 0;
    entry->done = true;
    return true;
}

/* Each statement is judged by itself. */
static void partiql_batch_access(struct call *call, struct access_list *list)
{
    struct partiql_batch *state = call->state;
    for (uint32_t i = 0; i < state->count; i++) {
        struct partiql_entry *entry = &state->entries[i];
        struct access *access = partiql_access(call, &entry->one, &entry->one.request, NULL, list);
        if (access != NULL) {
            access->refusal = &entry->denied;
        }
    }
}

static void partiql_batch_deny(const struct partiql_batch *state)
{
    for (uint32_t i = 0; i < state->count; i++) {
        struct partiql_entry *entry = &state->entries[i];
        if (entry->denied.code != ERROR_NONE) {
            entry->error = &entry->denied;
            entry->done = true;
        }
    }
}

static bool partiql_batch_all(struct call *call, enum read_tier tier, struct error *err)
{
    const struct partiql_batch *state = call->state;
    size_t bytes = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        struct partiql_entry *entry = &state->entries[i];
        if (!entry->done && !partiql_batch_one(call, entry, tier, err)) {
            return false;
        }
        bytes += entry->item.size + entry->one.write.item.size;
        if (tier == READ_CACHED && i + 1 < state->count && bytes > PAGE_BYTES_MAX) {
            return error_set(err, ERROR_WOULD_BLOCK, "a batch too large for the loop");
        }
    }
    return true;
}

/* --- The answer --------------------------------------------------------------------------------
 */

static void partiql_batch_answer_one(struct call *call, const struct partiql_entry *entry)
{
    struct buffer *to = &call->answer;
    const char *separator = "";
    buffer_append_byte(to, '{');
    if (entry->one.request.asked_name.size > 0) { /* It could be parsed. */
        buffer_append_text(to, "\"TableName\":");
        json_write_string(to, entry->one.request.asked_name);
        separator = ",";
    }
    if (entry->error != NULL) {
        buffer_printf(to, "%s\"Error\":{\"Code\":\"%s\",\"Message\":", separator,
                      partiql_batch_code(entry->error->code));
        json_write_string(to, slice_text(entry->error->text));
        separator = ",";
    }
    if (entry->found) {
        buffer_printf(to, "%s\"Item\":", separator);
        item_write_json(to, entry->item);
    }
    buffer_append_text(to, entry->error != NULL ? "}}" : "}");
}

static void partiql_batch_answer_capacity(struct call *call)
{
    const struct partiql_batch *state = call->state;
    enum capacity_detail detail = request_capacity_detail(call->body);
    struct capacity_tables tables = {
        arena_zalloc(call->arena, state->count, sizeof(struct capacity_table)), 0};
    if (detail == CAPACITY_NONE) {
        return;
    }
    for (uint32_t i = 0; i < state->count; i++) {
        const struct partiql_call *one = &state->entries[i].one;
        if (one->request.table != NULL) {
            capacity_add(capacity_of(&tables, one->request.asked_name, one->request.table),
                         &one->capacity, one->request.table, call->arena);
        }
    }
    answer_member(call, "ConsumedCapacity");
    capacity_tables_write_json(&call->answer, &tables, detail, CAPACITY_PLAIN);
}

static bool partiql_batch_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct partiql_batch *state = call->state;
    partiql_batch_deny(state);
    call->wait_seq = state->wait_seq;
    bool done = partiql_batch_all(call, tier, err);
    state->wait_seq = call->wait_seq;
    if (!done) {
        return false;
    }
    answer_begin(call);
    answer_member(call, "Responses");
    buffer_append_byte(&call->answer, '[');
    for (uint32_t i = 0; i < state->count; i++) {
        buffer_append_text(&call->answer, i > 0 ? "," : "");
        partiql_batch_answer_one(call, &state->entries[i]);
    }
    buffer_append_byte(&call->answer, ']');
    partiql_batch_answer_capacity(call);
    answer_end(call);
    return true;
}

static void partiql_batch_release(struct call *call)
{
    struct partiql_batch *state = call->state;
    for (uint32_t i = 0; i < state->count; i++) {
        partiql_release(&state->entries[i].one);
    }
}

const struct operation operation_batch_execute_statement = {.name = "BatchExecuteStatement",
                                                            .state_bytes =
                                                                sizeof(struct partiql_batch),
                                                            .decode = partiql_batch_decode,
                                                            .run = partiql_batch_run,
                                                            .release = partiql_batch_release,
                                                            .access = partiql_batch_access};
