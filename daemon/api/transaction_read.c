#include "daemon/api/transaction.h"
#include "storage/table/key.h"

void transaction_reads_begin(struct call *call, uint32_t count, struct transaction_reads *reads)
{
    reads->reads = arena_zalloc(call->arena, count, sizeof(*reads->reads));
    reads->requests = arena_zalloc(call->arena, count, sizeof(*reads->requests));
    reads->count = count;
}

bool transaction_reads_check(struct transaction_reads *reads, uint32_t place, struct error *err)
{
    struct item_read *read = &reads->reads[place];
    const struct request *request = reads->requests[place];
    read->table = request->table;
    bool fits = transaction_fits(request->table, WRITE_CHECK, read->key);
    if (item_check_key(request->table, read->key, err) && request_paths(request, err)) {
        return true;
    }
    if (fits) {
        return false;
    }
    if (reads->fault.code == ERROR_NONE) {
        reads->fault = *err;
        reads->faulty = place;
    }
    error_clear(err);
    return true;
}

bool transaction_reads_distinct(struct call *call,
                                struct transaction_reads *reads,
                                struct error *err)
{
    struct slice *keys = arena_zalloc(call->arena, reads->count, sizeof(*keys));
    for (uint32_t i = 0; i < reads->count; i++) {
        const struct item_read *read = &reads->reads[i];
        struct table_key key;
        if (transaction_fits(read->table, WRITE_CHECK, read->key)) {
            key_encode(read->table, read->key, call->arena, &key);
            keys[i] = key.bytes;
        }
    }
    return transaction_keys_differ(keys, reads->count, err);
}

static bool transaction_reads_refuse(size_t bytes, struct error *err)
{
    return error_set(err, ERROR_VALIDATION,
                     "Transaction payload size cannot exceed 4MB. Payload Size: %zu", bytes);
}

bool transaction_reads_run(struct call *call,
                           struct transaction_reads *reads,
                           enum read_tier tier,
                           struct error *err)
{
    if (reads->fault.code != ERROR_NONE) {
        return transaction_cancel_one(call, reads->count, reads->faulty, &reads->fault, err);
    }
    if (!transaction_reads_admit(call, reads, err) ||
        !store_get_together(call->node->store, reads->reads, reads->count, tier, call->arena,
                            &call->wait_seq, err)) {
        return false;
    }
    size_t bytes = 0;
    for (uint32_t i = 0; i < reads->count; i++) {
        bytes += reads->reads[i].found ? item_size(reads->reads[i].image) : 0;
    }
    if (bytes > TRANSACTION_BYTES_MAX) {
        return transaction_reads_refuse(bytes, err);
    }
    if (tier == READ_CACHED && bytes > PAGE_BYTES_MAX) {
        return error_set(err, ERROR_WOULD_BLOCK, "a transaction too large for the loop");
    }
    transaction_reads_charge(call, reads);
    return true;
}

void transaction_reads_answer_item(struct call *call, bool found, struct slice image)
{
    buffer_append_text(&call->answer, found ? "{\"Item\":" : "{}");
    if (found) {
        item_write_json(&call->answer, image);
        buffer_append_byte(&call->answer, '}');
    }
}

bool transaction_reads_fit(const struct call *call, struct error *err)
{
    return call->answer.size <= BATCH_GET_ANSWER_BYTES_MAX ||
           transaction_reads_refuse(call->answer.size, err);
}

void transaction_reads_answer_capacity(struct call *call, const struct transaction_reads *reads)
{
    enum capacity_detail detail = request_capacity_detail(call->body);
    struct capacity_tables tables = {
        arena_zalloc(call->arena, reads->count, sizeof(struct capacity_table)), 0};
    if (detail == CAPACITY_NONE) {
        return;
    }
    for (uint32_t i = 0; i < reads->count; i++) {
        const struct item_read *read = &reads->reads[i];
        size_t bytes = read->found ? item_size(read->image) : 0;
        struct capacity *used =
            capacity_of(&tables, reads->requests[i]->asked_name, reads->requests[i]->table);
        used->halves += capacity_read_halves(bytes, true) * CAPACITY_TRANSACTION_FACTOR;
    }
    answer_member(call, "ConsumedCapacity");
    capacity_tables_write_json(&call->answer, &tables, detail, CAPACITY_READS);
}
