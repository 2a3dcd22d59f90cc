#include "tests/sim/sim_world.h"

static struct sim_region *sim_end(const struct sim_connection *connection, int end)
{
    return &connection->world->regions[end == SIM_FORTH ? connection->from : connection->to];
}

/* --- Queues ----------------------------------------------------------------------------------- */

static void sim_queue_clear(struct sim_queue *queue)
{
    while (queue->first != NULL) {
        struct sim_message *next = queue->first->next;
        free(queue->first);
        queue->first = next;
    }
    queue->last = NULL;
}

void sim_world_deliver_later(struct sim_connection *connection, int direction, uint64_t after_us)
{
    if (!connection->queues[direction].scheduled) {
        connection->queues[direction].scheduled = true;
        sim_world_plan(connection->world, after_us, SIM_DELIVER, connection->index,
                       (uint32_t)direction);
    }
}

/* Until the first message arrives; 0 when it is overdue, as behind a cut. */
static uint64_t sim_queue_wait_us(const struct sim_connection *connection, int direction)
{
    uint64_t due_us = connection->queues[direction].first->due_us;
    uint64_t now_us = connection->world->now_us;
    return due_us > now_us ? due_us - now_us : 0;
}

static void sim_queue_push(struct sim_connection *connection,
                           int direction,
                           struct slice payload,
                           uint64_t due_us,
                           bool copy)
{
    struct sim_queue *queue = &connection->queues[direction];
    struct sim_message *message = malloc(sizeof(*message) + payload.size);
    ensure(message != NULL);
    *message = (struct sim_message){.size = payload.size, .copy = copy};
    memcpy(message->bytes, payload.data, payload.size);
    message->due_us = due_us > queue->last_due_us ? due_us : queue->last_due_us;
    queue->last_due_us = message->due_us;
    if (queue->last == NULL) {
        queue->first = message;
    } else {
        queue->last->next = message;
    }
    queue->last = message;
    sim_world_deliver_later(connection, direction, sim_queue_wait_us(connection, direction));
}

static void
sim_connection_send(struct sim_connection *connection, int direction, struct slice payload)
{
    struct sim_world *world = connection->world;
    uint64_t delay_us = sim_random_between(&world->random, 50, world->plan.delay_us_max);
    sim_queue_push(connection, direction, payload, world->now_us + delay_us, false);
    world->messages++;
}

static void sim_connection_emit_forth(void *context, struct slice payload)
{
    sim_connection_send(context, SIM_FORTH, payload);
}

static void sim_connection_emit_back(void *context, struct slice payload)
{
    sim_connection_send(context, SIM_BACK, payload);
}

/* --- Ends ------------------------------------------------------------------------------------- */

void sim_connection_close_end(struct sim_connection *connection, int end)
{
    struct sim_world *world = connection->world;
    if ((end == SIM_FORTH && connection->shipper == NULL) ||
        (end == SIM_BACK && connection->applier == NULL)) {
        return;
    }
    world->resets++;
    /* What it has sent may still arrive; what was sent to it is lost. */
    sim_queue_clear(&connection->queues[end == SIM_FORTH ? SIM_BACK : SIM_FORTH]);
    if (end == SIM_FORTH) {
        shipper_close(connection->shipper);
        connection->shipper = NULL;
    } else {
        applier_close(connection->applier);
        connection->applier = NULL;
    }
    if (connection->shipper != NULL || connection->applier != NULL) {
        sim_world_plan(world, sim_random_below(&world->random, 400000), SIM_NOTICE,
                       connection->index, (uint32_t)(end == SIM_FORTH ? SIM_BACK : SIM_FORTH));
    }
}

void sim_connection_free(struct sim_connection *connection)
{
    shipper_close(connection->shipper);
    applier_close(connection->applier);
    sim_queue_clear(&connection->queues[SIM_FORTH]);
    sim_queue_clear(&connection->queues[SIM_BACK]);
    free(connection);
}

void sim_connection_open(struct sim_world *world, uint32_t from, uint32_t to)
{
    struct sim_region *a = &world->regions[from];
    struct sim_region *b = &world->regions[to];
    ensure(world->connections_count < SIM_CONNECTIONS_MAX);
    if (b->inbound[from] != 0) {
        /* The peer is back on a new connection: the old one is dead, whatever is still in it. */
        sim_connection_close_end(world->connections[b->inbound[from] - 1], SIM_BACK);
    }
    struct sim_connection *connection = calloc(1, sizeof(*connection));
    ensure(connection != NULL);
    connection->world = world;
    connection->index = world->connections_count;
    connection->from = from;
    connection->to = to;
    world->connections[world->connections_count++] = connection;
    a->outbound[to] = connection->index + 1;
    b->inbound[from] = connection->index + 1;
    connection->shipper = shipper_open(&(struct shipper_options){
        .store = sim_store_door(&a->store),
        .watermark = a->watermark,
        .hlc = &a->hlc,
        .peer = slice_text(b->name),
        .heartbeat_ms = world->plan.heartbeat_ms,
        .part_bytes = world->plan.part_bytes,
        .emit = sim_connection_emit_forth,
        .context = connection,
    });
    connection->applier = applier_open(&(struct applier_options){
        .store = sim_store_door(&b->store),
        .watermark = b->watermark,
        .hlc = &b->hlc,
        .origin = a->id,
        .origin_name = slice_text(a->name),
        .credit_bytes = world->plan.credit_bytes,
        .emit = sim_connection_emit_back,
        .context = connection,
    });
    sim_trace(world->model, "connection %u: region %u to %u", connection->index, a->id, b->id);
    applier_start(connection->applier);
    sim_world_plan(world, sim_random_below(&world->random, 100000), SIM_TICK, connection->index, 0);
}

/* --- Running ---------------------------------------------------------------------------------- */

static void
sim_connection_error(struct sim_connection *connection, int end, const struct error *err)
{
    const struct sim_region *region = sim_end(connection, end);
    if (err->code != ERROR_PROTOCOL || !connection->tampered) {
        sim_fail(connection->world->model, "region %u, connection %u to %u: %s: %s", region->id,
                 sim_end(connection, SIM_FORTH)->id, sim_end(connection, SIM_BACK)->id,
                 error_code_name(err->code), err->text);
    }
    sim_trace(connection->world->model, "connection %u ends: %s", connection->index, err->text);
    sim_connection_close_end(connection, end);
}

static void sim_connection_pump_shipper(struct sim_connection *connection)
{
    struct sim_region *region = sim_end(connection, SIM_FORTH);
    struct moment now = sim_world_moment(connection->world, region);
    bool more = true;
    while (connection->shipper != NULL && more) {
        struct error err = {0};
        if (!shipper_pump(connection->shipper, now, &more, &err)) {
            sim_connection_error(connection, SIM_FORTH, &err);
            return;
        }
    }
    if (connection->shipper != NULL) {
        struct shipper_figures figures;
        shipper_figures(connection->shipper, &figures);
        uint64_t *acknowledged = &region->acknowledged[connection->to];
        *acknowledged =
            figures.acknowledged_seq > *acknowledged ? figures.acknowledged_seq : *acknowledged;
    }
}

static void sim_connection_pump_applier(struct sim_connection *connection)
{
    if (connection->applier != NULL) {
        applier_pump(connection->applier,
                     sim_world_moment(connection->world, sim_end(connection, SIM_BACK)));
    }
}

void sim_connection_pump_region(struct sim_world *world, uint32_t index)
{
    const struct sim_region *region = &world->regions[index];
    for (uint32_t peer = 0; peer < world->plan.regions_count; peer++) {
        if (region->outbound[peer] != 0) {
            sim_connection_pump_shipper(world->connections[region->outbound[peer] - 1]);
        }
        if (region->inbound[peer] != 0) {
            sim_connection_pump_applier(world->connections[region->inbound[peer] - 1]);
        }
    }
}

void sim_connection_tick(struct sim_connection *connection)
{
    if (connection->shipper == NULL && connection->applier == NULL) {
        return;
    }
    sim_connection_pump_shipper(connection);
    sim_connection_pump_applier(connection);
    sim_world_plan(connection->world, (uint64_t)connection->world->plan.heartbeat_ms * 1000,
                   SIM_TICK, connection->index, 0);
}

/* One message at its end. False: the store throttled it, and it is to be offered again. */
static bool sim_connection_receive(struct sim_connection *connection,
                                   int direction,
                                   const struct message *message)
{
    struct sim_world *world = connection->world;
    int end = direction == SIM_FORTH ? SIM_BACK : SIM_FORTH;
    struct moment now = sim_world_moment(world, sim_end(connection, end));
    struct error err = {0};
    bool ok;
    if (end == SIM_BACK) {
        ok = applier_on_message(connection->applier, message, now, &err);
        if (!ok && err.code == ERROR_THROTTLED) {
            return false;
        }
    } else {
        ok = shipper_on_message(connection->shipper, message, now, &err);
    }
    if (!ok) {
        sim_connection_error(connection, end, &err);
        return true;
    }
    if (end == SIM_BACK) {
        sim_connection_pump_applier(connection);
        sim_world_sync(world, connection->to);
    } else {
        sim_connection_pump_shipper(connection);
    }
    return true;
}

/* Faults inside a connection: a message is lost, or it comes again, a batch perhaps much later. (A
 * Start is said once by its nature: a repeated one is refused, unit tests show.) */
static void sim_connection_tamper(struct sim_connection *connection,
                                  int direction,
                                  const struct sim_message *bytes,
                                  const struct message *message,
                                  uint32_t *times)
{
    struct sim_world *world = connection->world;
    *times = 1;
    if (world->healed || bytes->copy || message->kind == MESSAGE_START) {
        return;
    }
    if (direction == SIM_FORTH && sim_random_one_in(&world->random, world->plan.lose_one_in)) {
        connection->tampered = true;
        *times = 0;
    } else if (sim_random_one_in(&world->random, world->plan.copy_one_in)) {
        if (message->kind == MESSAGE_BATCH && sim_random_one_in(&world->random, 2)) {
            uint64_t after_us = sim_random_below(&world->random, 4 * world->plan.delay_us_max);
            sim_queue_push(connection, direction, slice_of(bytes->bytes, bytes->size),
                           world->now_us + after_us, true);
        } else {
            *times = 2;
        }
    }
}

/* Hand over the first message of the queue. False when the connection must wait. */
static bool sim_connection_hand_over(struct sim_connection *connection, int direction)
{
    struct sim_world *world = connection->world;
    struct sim_queue *queue = &connection->queues[direction];
    struct sim_message *bytes = queue->first;
    queue->first = bytes->next;
    queue->last = queue->first == NULL ? NULL : queue->last;
    struct message message;
    struct error err = {0};
    arena_clear(&world->arena);
    bool ok = message_decode(slice_of(bytes->bytes, bytes->size), &world->arena, &message, &err);
    if (!ok) {
        sim_fail(world->model, "a message does not decode: %s", err.text);
        free(bytes);
        return true;
    }
    uint32_t times;
    sim_connection_tamper(connection, direction, bytes, &message, &times);
    for (uint32_t i = 0; i < times; i++) {
        bool closed =
            direction == SIM_FORTH ? connection->applier == NULL : connection->shipper == NULL;
        if (!closed && !sim_connection_receive(connection, direction, &message)) {
            bytes->copy = true; /* It has had its share of faults. */
            bytes->next = queue->first;
            queue->first = bytes;
            queue->last = queue->last == NULL ? bytes : queue->last;
            return false;
        }
    }
    free(bytes);
    return true;
}

void sim_connection_deliver(struct sim_connection *connection, int direction)
{
    struct sim_world *world = connection->world;
    struct sim_queue *queue = &connection->queues[direction];
    queue->scheduled = false;
    bool forth = direction == SIM_FORTH;
    if (world->cut[forth ? connection->from : connection->to]
                  [forth ? connection->to : connection->from]) {
        return; /* The end of the cut delivers. */
    }
    uint64_t again_us = 0;
    while (queue->first != NULL && queue->first->due_us <= world->now_us && again_us == 0) {
        if ((forth && connection->applier == NULL) || (!forth && connection->shipper == NULL)) {
            sim_queue_clear(queue);
        } else if (!sim_connection_hand_over(connection, direction)) {
            again_us = sim_random_between(&world->random, 1000, 20000);
        }
    }
    if (queue->first != NULL) {
        sim_world_deliver_later(connection, direction,
                                again_us != 0 ? again_us
                                              : sim_queue_wait_us(connection, direction));
    }
}
