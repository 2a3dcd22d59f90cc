#include "daemon/api/metering.h"
#include "daemon/api/transaction.h"

/* The reason that an earlier action on the same table was given: each table is asked once. */
static const struct transaction_reason *transaction_reason_of(
    const struct transaction_reason *reasons, const struct table *const *tables, uint32_t place)
{
    for (uint32_t i = 0; i < place; i++) {
        if (tables[i]->id == tables[place]->id) {
            return &reasons[i];
        }
    }
    return NULL;
}

static bool transaction_admit_all(struct call *call,
                                  const struct table *const *tables,
                                  uint32_t count,
                                  enum throttle_side side,
                                  struct error *err)
{
    struct transaction_reason *reasons = arena_zalloc(call->arena, count, sizeof(*reasons));
    bool refused = false;
    ensure(count > 0 && reasons != NULL);
    for (uint32_t i = 0; i < count; i++) {
        const struct transaction_reason *earlier = transaction_reason_of(reasons, tables, i);
        bool admitted = false;
        if (earlier != NULL) {
            reasons[i] = *earlier;
            continue;
        }
        if (side == THROTTLE_READ ? metering_admit_read(call, tables[i], NULL, &admitted, err)
                                  : metering_admit_write(call, tables[i], &admitted, err)) {
            continue;
        }
        refused = true;
        reasons[i].code = err->code;
        reasons[i].text = arena_printf(call->arena, "%s", err->text);
        call->error_members.size =
            0; /* The reasons of a throttled request; here they have others. */
        error_clear(err);
    }
    return !refused || transaction_cancel(call, reasons, count, err);
}

bool transaction_admit(struct call *call, struct transaction_call *state, struct error *err)
{
    if (!metering_is_on(call) || state->admitted) {
        return true;
    }
    const struct table **tables = arena_zalloc(call->arena, state->count, sizeof(*tables));
    for (uint32_t i = 0; i < state->count; i++) {
        tables[i] = state->actions[i].request.table;
    }
    state->admitted = transaction_admit_all(call, tables, state->count, THROTTLE_WRITE, err);
    return state->admitted;
}

bool transaction_reads_admit(struct call *call, struct transaction_reads *reads, struct error *err)
{
    if (!metering_is_on(call) || reads->admitted) {
        return true;
    }
    const struct table **tables = arena_zalloc(call->arena, reads->count, sizeof(*tables));
    for (uint32_t i = 0; i < reads->count; i++) {
        tables[i] = reads->reads[i].table;
    }
    reads->admitted = transaction_admit_all(call, tables, reads->count, THROTTLE_READ, err);
    return reads->admitted;
}

void transaction_charge(struct call *call, const struct transaction_call *state, bool done)
{
    for (uint32_t i = 0; metering_is_on(call) && i < state->count; i++) {
        const struct write *write = &state->writes[i];
        size_t old_bytes = write->existed ? item_size(write->old_image) : 0;
        if (done && state->replayed) {
            metering_charge_read(call, write->table, old_bytes, true, CAPACITY_TRANSACTION_FACTOR);
        } else if (done) {
            metering_charge_write(call, write, CAPACITY_TRANSACTION_FACTOR);
        } else { /* What was there has been looked at; nothing came of it. */
            struct capacity used = {.halves = capacity_write_halves(old_bytes, 0) *
                                              CAPACITY_TRANSACTION_FACTOR};
            metering_charge(call, write->table, THROTTLE_WRITE, &used);
        }
    }
}

void transaction_reads_charge(struct call *call, const struct transaction_reads *reads)
{
    for (uint32_t i = 0; metering_is_on(call) && i < reads->count; i++) {
        const struct item_read *read = &reads->reads[i];
        metering_charge_read(call, read->table, read->found ? item_size(read->image) : 0, true,
                             CAPACITY_TRANSACTION_FACTOR);
    }
}
