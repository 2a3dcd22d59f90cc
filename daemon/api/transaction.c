#include "daemon/api/transaction.h"

#include "daemon/api/collection.h"
#include "storage/table/key.h"

void transaction_begin(struct call *call,
                       const struct shape *shape,
                       uint32_t count,
                       struct transaction_call *state)
{
    state->actions = arena_zalloc(call->arena, count, sizeof(*state->actions));
    state->count = count;
    state->capacity = request_capacity_detail(call->body);
    state->metrics = collection_asked(call->body);
    state->token = shape_text(json_get(call->body, "ClientRequestToken"));
    if (state->token.size > 0) {
        transaction_digest(call, shape, state->digest);
    }
}

void transaction_release(struct transaction_call *state)
{
    for (uint32_t i = 0; i < state->count; i++) {
        request_release(&state->actions[i].request);
    }
}

/* --- What does not fit -------------------------------------------------------------------------
 */

static bool transaction_fits_key(const struct key_attribute *attribute, struct slice image)
{
    struct value value = {VALUE_MISSING, {NULL, 0}};
    return item_find(image, attribute->name, &value) && value.type == attribute->type;
}

static bool transaction_fits_index(const struct key_schema *keys, struct slice image)
{
    struct value value = {VALUE_MISSING, {NULL, 0}};
    for (uint32_t i = 0; i < keys->partition_count; i++) {
        if (item_find(image, keys->partition[i].name, &value) &&
            value.type != keys->partition[i].type) {
            return false;
        }
    }
    for (uint32_t i = 0; i < keys->sort_count; i++) {
        if (item_find(image, keys->sort[i].name, &value) && value.type != keys->sort[i].type) {
            return false;
        }
    }
    return true;
}

bool transaction_fits(const struct table *table, enum write_kind kind, struct slice image)
{
    size_t keys = table_has_sort(table) ? 2 : 1;
    if (!transaction_fits_key(&table->partition, image) ||
        (table_has_sort(table) && !transaction_fits_key(&table->sort, image))) {
        return false;
    }
    if (kind != WRITE_PUT) {
        return value_count((struct value){VALUE_M, image}) == keys;
    }
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        if (!transaction_fits_index(&table->indexes[i].keys, image)) {
            return false;
        }
    }
    return true;
}

/* Keep what cancels; of several the first. */
static void
transaction_fault(struct transaction_call *state, uint32_t place, const struct error *why)
{
    if (state->fault.code == ERROR_NONE) {
        state->fault = *why;
        state->faulty = place;
    }
}

bool transaction_check(struct transaction_call *state, uint32_t place, struct error *err)
{
    struct transaction_action *action = &state->actions[place];
    const struct table *table = action->request.table;
    bool put = action->kind == WRITE_PUT;
    if (!(put ? item_check_put_key(table, action->item, err)
              : item_check_key(table, action->item, err))) {
        if (transaction_fits(table, action->kind, action->item)) {
            return false; /* Empty or too long: that refuses the request. */
        }
        transaction_fault(state, place, err);
        error_clear(err);
        return true;
    }
    if (put && item_size(action->item) > ITEM_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
    }
    if (!request_paths(&action->request, err)) {
        transaction_fault(state, place, err);
        error_clear(err);
    }
    return true;
}

bool transaction_keys_differ(const struct slice *keys, uint32_t count, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (keys[i].size > 0 && slice_equal(keys[i], keys[k])) {
                return error_set(err, ERROR_VALIDATION,
                                 "Transaction request cannot include multiple operations on one "
                                 "item");
            }
        }
    }
    return true;
}

bool transaction_distinct(struct call *call, struct transaction_call *state, struct error *err)
{
    struct slice *keys = arena_zalloc(call->arena, state->count, sizeof(*keys));
    for (uint32_t i = 0; i < state->count; i++) {
        const struct transaction_action *action = &state->actions[i];
        struct table_key key;
        if (transaction_fits(action->request.table, action->kind, action->item)) {
            key_encode(action->request.table, action->item, call->arena, &key);
            keys[i] = key.bytes;
        }
    }
    return transaction_keys_differ(keys, state->count, err);
}

/* --- Reasons -----------------------------------------------------------------------------------
 */

static const char *transaction_reason_name(enum error_code code)
{
    switch ((unsigned)code) {
    case ERROR_NONE:
        return "None";
    case ERROR_CONDITION:
        return "ConditionalCheckFailed";
    case ERROR_DUPLICATE_ITEM:
        return "DuplicateItem";
    case ERROR_TRANSACTION_CONFLICT:
        return "TransactionConflict";
    case ERROR_THROUGHPUT:
        return "ProvisionedThroughputExceeded";
    case ERROR_ON_DEMAND_MAX:
        return "ThrottlingError";
    default:
        ensure(code == ERROR_VALIDATION); /* The contract of store_transact has no other. */
        return "ValidationError";
    }
}

/* The refusal: its text can be longer than an error's, and its reasons are members of the body. */
bool transaction_cancel(struct call *call,
                        const struct transaction_reason *reasons,
                        uint32_t count,
                        struct error *err)
{
    struct buffer text;
    struct buffer *members = &call->error_members;
    buffer_init(&text, call->arena, 256);
    buffer_append_text(&text, "Transaction cancelled, please refer cancellation reasons for "
                              "specific reasons [");
    buffer_append_text(members, ",\"CancellationReasons\":[");
    for (uint32_t i = 0; i < count; i++) {
        const struct transaction_reason *reason = &reasons[i];
        const char *name = transaction_reason_name(reason->code);
        buffer_append_text(&text, i > 0 ? ", " : "");
        buffer_append_text(&text, name);
        buffer_printf(members, "%s{\"Code\":\"%s\"", i > 0 ? "," : "", name);
        if (reason->code != ERROR_NONE) {
            buffer_append_text(members, ",\"Message\":");
            json_write_string(members, slice_text(reason->text));
        }
        if (reason->item.size > 0) {
            buffer_append_text(members, ",\"Item\":");
            item_write_json(members, reason->item);
        }
        buffer_append_byte(members, '}');
    }
    buffer_append_byte(&text, ']');
    buffer_append_byte(members, ']');
    call->message = buffer_slice(&text);
    return error_set(err, ERROR_CANCELLED, "%.*s", SLICE_ARGS(call->message));
}

bool transaction_cancel_one(struct call *call,
                            uint32_t count,
                            uint32_t faulty,
                            const struct error *fault,
                            struct error *err)
{
    struct transaction_reason *reasons = arena_zalloc(call->arena, count, sizeof(*reasons));
    reasons[faulty] = (struct transaction_reason){.code = fault->code, .text = fault->text};
    return transaction_cancel(call, reasons, count, err);
}

static bool transaction_cancel_all(struct call *call,
                                   const struct transaction_call *state,
                                   const struct transaction *transaction,
                                   struct error *err)
{
    struct transaction_reason *reasons = arena_zalloc(call->arena, state->count, sizeof(*reasons));
    for (uint32_t i = 0; i < state->count; i++) {
        const struct transaction_action *action = &state->actions[i];
        const struct write *write = &transaction->writes[i];
        struct transaction_reason *reason = &reasons[i];
        reason->code = transaction->errors[i].code;
        reason->text = transaction->errors[i].text;
        if (reason->code != ERROR_CONDITION) {
            continue;
        }
        if (action->insert) {
            reason->code = ERROR_DUPLICATE_ITEM;
            reason->text = "Duplicate primary key exists in table";
        }
        if (action->item_on_failure && write->existed) {
            reason->item = write->old_image;
        }
    }
    return transaction_cancel(call, reasons, state->count, err);
}

/* --- Running -----------------------------------------------------------------------------------
 */

static bool transaction_is_large(const struct transaction_call *state)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        bytes += state->actions[i].item.size;
    }
    return bytes > PAGE_BYTES_MAX;
}

bool transaction_run(struct call *call,
                     struct transaction_call *state,
                     enum read_tier tier,
                     struct error *err)
{
    if (state->fault.code != ERROR_NONE) {
        return transaction_cancel_one(call, state->count, state->faulty, &state->fault, err);
    }
    if (tier == READ_CACHED && transaction_is_large(state)) {
        return error_set(err, ERROR_WOULD_BLOCK, "a transaction too large for the loop");
    }
    if (!transaction_admit(call, state, err)) {
        return false;
    }
    state->writes = arena_zalloc(call->arena, state->count, sizeof(*state->writes));
    for (uint32_t i = 0; i < state->count; i++) {
        const struct transaction_action *action = &state->actions[i];
        state->writes[i] = (struct write){
            .table = action->request.table,
            .kind = action->kind,
            .item = action->item,
            .condition = action->request.expressions[TEXT_CONDITION],
            .update = action->request.expressions[TEXT_UPDATE],
        };
    }
    struct transaction transaction = {
        .writes = state->writes,
        .count = state->count,
        .token = state->token,
        .errors = arena_zalloc(call->arena, state->count, sizeof(struct error)),
    };
    memcpy(transaction.digest, state->digest, sizeof(transaction.digest));
    bool done = store_transact(call->node->store, &transaction, tier, call->arena, err);
    call->wait_seq = transaction.wait_seq;
    state->replayed = transaction.replayed;
    if (done || err->code == ERROR_CANCELLED) {
        transaction_charge(call, state, done);
    }
    return done ||
           (err->code == ERROR_CANCELLED ? transaction_cancel_all(call, state, &transaction, err)
                                         : false);
}

/* --- The answer --------------------------------------------------------------------------------
 */

/* A replay has read the items that the first answer wrote. */
static void transaction_answer_capacity(struct call *call, const struct transaction_call *state)
{
    struct capacity_tables tables = {
        arena_zalloc(call->arena, state->count, sizeof(struct capacity_table)), 0};
    for (uint32_t i = 0; i < state->count; i++) {
        const struct request *request = &state->actions[i].request;
        const struct write *write = &state->writes[i];
        struct capacity *used = capacity_of(&tables, request->asked_name, request->table);
        if (state->replayed) {
            size_t bytes = write->existed ? item_size(write->old_image) : 0;
            used->halves += capacity_read_halves(bytes, true) * CAPACITY_TRANSACTION_FACTOR;
        } else {
            capacity_add_write(used, write, CAPACITY_TRANSACTION_FACTOR, call->arena);
        }
    }
    answer_member(call, "ConsumedCapacity");
    capacity_tables_write_json(&call->answer, &tables, state->capacity,
                               state->replayed ? CAPACITY_READS : CAPACITY_WRITES);
}

static void transaction_answer_collections(struct call *call, const struct transaction_call *state)
{
    struct collection_item *items = arena_zalloc(call->arena, state->count, sizeof(*items));
    uint32_t count = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        const struct transaction_action *action = &state->actions[i];
        if (action->kind != WRITE_CHECK) {
            items[count++] = (struct collection_item){action->request.table,
                                                      action->request.asked_name, action->item};
        }
    }
    collection_answer(call, items, count);
}

void transaction_answer(struct call *call, const struct transaction_call *state)
{
    if (state->capacity != CAPACITY_NONE) {
        transaction_answer_capacity(call, state);
    }
    if (state->metrics) {
        transaction_answer_collections(call, state);
    }
}
