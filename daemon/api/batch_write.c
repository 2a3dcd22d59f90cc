/* BatchWriteItem (dynamodb-api.md 11.2): up to 25 puts and deletes, each atomic by itself, all
 * checked before any is done.
 *
 * A run may end with WOULD_BLOCK and be repeated: entries that are done stay done, or the
 * repetition could undo what another client has written between. What the engine throttles, or
 * enforced throughput, comes back as UnprocessedItems; if that is all of it, the call is throttled.
 */
#include "daemon/api/batch.h"
#include "daemon/api/collection.h"
#include "daemon/api/listing.h"
#include "daemon/api/metering.h"
#include "daemon/api/operations.h"
#include "storage/table/key.h"

enum batch_write_fate { BATCH_WRITE_WAITING, BATCH_WRITE_DONE, BATCH_WRITE_THROTTLED };

struct batch_write_entry {
    const struct json *asked;
    struct slice image;
    struct slice key; /* Encoded, with the table's id in front. */
    uint32_t table;
    enum write_kind kind;
    enum batch_write_fate fate;
};

struct batch_write {
    struct batch_table *tables;
    uint32_t tables_count;
    struct batch_write_entry *entries;
    uint32_t entries_count;
    uint64_t wait_seq; /* Of all runs. */
};

static bool
batch_write_collect_entry(struct call *call, struct batch_write_entry *entry, struct error *err)
{
    const struct json *put = json_get(entry->asked, "PutRequest");
    const struct json *delete = json_get(entry->asked, "DeleteRequest");
    if (put != NULL && delete != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "Supplied AttributeValue has more than one datatypes set, must contain "
                         "exactly one of the supported datatypes");
    }
    if (put == NULL && delete == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "Supplied AttributeValue is empty, must contain exactly one of the "
                         "supported datatypes");
    }
    entry->kind = put != NULL ? WRITE_PUT : WRITE_DELETE;
    const struct json *item = put != NULL ? json_get(put, "Item") : json_get(delete, "Key");
    return item_from_json(item, call->arena, &entry->image, err);
}

static bool batch_write_collect(struct call *call, struct error *err)
{
    struct batch_write *state = call->state;
    uint64_t count = 0;
    for (uint32_t i = 0; i < state->tables_count; i++) {
        count += state->tables[i].asked->count;
    }
    if (count > BATCH_WRITE_REQUESTS_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Too many items requested for the BatchWriteItem call");
    }
    state->entries = arena_zalloc(call->arena, count, sizeof(*state->entries));
    for (uint32_t i = 0; i < state->tables_count; i++) {
        const struct json *requests = state->tables[i].asked;
        for (const struct json *request = requests->first; request != NULL;
             request = request->next) {
            struct batch_write_entry *entry = &state->entries[state->entries_count++];
            entry->asked = request;
            entry->table = i;
            if (!batch_write_collect_entry(call, entry, err)) {
                return false;
            }
        }
    }
    return true;
}

/* A put of a batch is refused for its key in the words of a delete. */
static bool batch_write_has(struct slice image, const struct key_attribute *attribute)
{
    struct value value;
    return item_find(image, attribute->name, &value) && value.type == attribute->type;
}

static bool
batch_write_check_key(const struct table *table, struct batch_write_entry *entry, struct error *err)
{
    if (entry->kind == WRITE_DELETE) {
        return item_check_key(table, entry->image, err);
    }
    if (!batch_write_has(entry->image, &table->partition) ||
        (table_has_sort(table) && !batch_write_has(entry->image, &table->sort))) {
        return error_set(err, ERROR_VALIDATION,
                         "The provided key element does not match the schema");
    }
    return item_check_put_key(table, entry->image, err);
}

static bool batch_write_check(struct call *call, struct batch_write_entry *entry, struct error *err)
{
    const struct batch_write *state = call->state;
    const struct table *table = state->tables[entry->table].request.table;
    if (!batch_write_check_key(table, entry, err)) {
        return false;
    }
    if (entry->kind == WRITE_PUT && item_size(entry->image) > ITEM_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
    }
    struct table_key key;
    key_encode(table, entry->image, call->arena, &key);
    entry->key = key.bytes;
    for (const struct batch_write_entry *other = state->entries; other < entry; other++) {
        if (slice_equal(other->key, entry->key)) {
            return error_set(err, ERROR_VALIDATION,
                             "Provided list of item keys contains duplicates");
        }
    }
    return true;
}

static bool batch_write_decode(struct call *call, struct error *err)
{
    struct batch_write *state = call->state;
    if (!batch_begin(call, &shape_batch_write_item, &state->tables, &state->tables_count, err) ||
        !batch_write_collect(call, err)) {
        return false;
    }
    for (uint32_t i = 0; i < state->tables_count; i++) {
        if (!request_open(call, &state->tables[i].request, err)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < state->entries_count; i++) {
        if (!batch_write_check(call, &state->entries[i], err)) {
            return false;
        }
    }
    return true;
}

static bool batch_write_one(struct call *call,
                            struct batch_write_entry *entry,
                            enum read_tier tier,
                            struct error *err)
{
    struct batch_write *state = call->state;
    struct batch_table *table = &state->tables[entry->table];
    struct write write = {.table = table->request.table, .kind = entry->kind, .item = entry->image};
    bool admitted = false;
    if (!metering_admit_write(call, write.table, &admitted, err)) {
        entry->fate = BATCH_WRITE_THROTTLED;
        return true;
    }
    bool written = store_write(call->node->store, &write, tier, call->arena, err);
    state->wait_seq = write.wait_seq > state->wait_seq ? write.wait_seq : state->wait_seq;
    if (!written) {
        call->error_members.size = 0; /* Not those of an entry that had nothing left. */
        if (err->code != ERROR_THROTTLED && err->code != ERROR_TRANSACTION_CONFLICT) {
            return false;
        }
        entry->fate = BATCH_WRITE_THROTTLED;
        return true;
    }
    entry->fate = BATCH_WRITE_DONE;
    metering_charge_write(call, &write, 1);
    if (table->request.capacity != CAPACITY_NONE) {
        capacity_add_write(&table->used, &write, 1, call->arena);
    }
    return true;
}

static void batch_write_unprocessed(struct call *call, const struct batch_write *state)
{
    struct buffer *to = &call->answer;
    uint32_t open_table = UINT32_MAX;
    answer_member(call, "UnprocessedItems");
    buffer_append_byte(to, '{');
    for (uint32_t i = 0; i < state->entries_count; i++) {
        const struct batch_write_entry *entry = &state->entries[i];
        if (entry->fate == BATCH_WRITE_DONE) {
            continue;
        }
        if (entry->table != open_table) { /* Entries of one table stand together. */
            buffer_append_text(to, open_table == UINT32_MAX ? "" : "],");
            json_write_string(to, state->tables[entry->table].request.asked_name);
            buffer_append_text(to, ":[");
            open_table = entry->table;
        } else {
            buffer_append_byte(to, ',');
        }
        json_write(to, entry->asked);
    }
    buffer_append_text(to, open_table == UINT32_MAX ? "}" : "]}");
}

static void batch_write_collections(struct call *call, const struct batch_write *state)
{
    struct collection_item *items = arena_zalloc(call->arena, state->entries_count, sizeof(*items));
    uint32_t count = 0;
    for (uint32_t i = 0; i < state->entries_count; i++) {
        const struct batch_write_entry *entry = &state->entries[i];
        const struct request *request = &state->tables[entry->table].request;
        if (entry->fate == BATCH_WRITE_DONE) {
            items[count++] =
                (struct collection_item){request->table, request->asked_name, entry->image};
        }
    }
    collection_answer(call, items, count);
}

static bool batch_write_run(struct call *call, enum read_tier tier, struct error *err)
{
    struct batch_write *state = call->state;
    uint32_t done = 0;
    size_t bytes = 0;
    for (uint32_t i = 0; i < state->entries_count; i++) {
        struct batch_write_entry *entry = &state->entries[i];
        bytes += entry->image.size;
        if (tier == READ_CACHED && i > 0 && bytes > PAGE_BYTES_MAX) {
            call->wait_seq = state->wait_seq;
            return error_set(err, ERROR_WOULD_BLOCK, "a batch too large for the loop");
        }
        if (entry->fate != BATCH_WRITE_DONE && !batch_write_one(call, entry, tier, err)) {
            call->wait_seq = state->wait_seq;
            return false;
        }
        done += entry->fate == BATCH_WRITE_DONE;
    }
    call->wait_seq = state->wait_seq;
    if (done == 0 && err->code != ERROR_THROTTLED) {
        return false; /* The last entry's refusal. */
    }
    if (done == 0) {
        return error_set(err, ERROR_THROTTLED, "Throughput exceeds what this node can store now");
    }
    error_clear(err);
    answer_begin(call);
    batch_write_unprocessed(call, state);
    batch_capacity(call, state->tables, state->tables_count);
    if (collection_asked(call->body)) {
        batch_write_collections(call, state);
    }
    answer_end(call);
    return true;
}

static void batch_write_access(struct call *call, struct access_list *list)
{
    struct batch_write *state = call->state;
    struct slice none = {NULL, 0};
    for (uint32_t i = 0; i < state->tables_count; i++) {
        const struct request *request = &state->tables[i].request;
        struct access *access =
            listing_request(call, list, "dynamodb:BatchWriteItem", request, none);
        for (uint32_t k = 0; k < state->entries_count && access != NULL; k++) {
            if (state->entries[k].table == i) {
                access_leading_of(access, request->table, state->entries[k].image);
                access_attributes_of_item(access, state->entries[k].image);
            }
        }
    }
}

static void batch_write_release(struct call *call)
{
    struct batch_write *state = call->state;
    batch_release(state->tables, state->tables_count);
}

const struct operation operation_batch_write_item = {.name = "BatchWriteItem",
                                                     .state_bytes = sizeof(struct batch_write),
                                                     .decode = batch_write_decode,
                                                     .run = batch_write_run,
                                                     .release = batch_write_release,
                                                     .access = batch_write_access};
