#include "daemon/api/streams_meter.h"

#include <pthread.h>
#include <stdlib.h>

/* By the id of the stream. Ids rise by one, so that those in use seldom meet; who comes to a taken
 * place has it from then on. */
struct streams_meter {
    pthread_mutex_t mutex;
    struct streams_metered places[STREAMS_METERED_MAX];
};

struct streams_meter *streams_meter_open(void)
{
    struct streams_meter *meter = calloc(1, sizeof(*meter));
    ensure(meter != NULL && pthread_mutex_init(&meter->mutex, NULL) == 0);
    return meter;
}

void streams_meter_close(struct streams_meter *meter)
{
    if (meter != NULL) {
        pthread_mutex_destroy(&meter->mutex);
        free(meter);
    }
}

void streams_meter_count(const struct node *node,
                         const struct stream *stream,
                         const struct stream_page *page)
{
    struct streams_meter *meter = node->streams_meter;
    const struct store_clock *clock = &node->store->clock;
    uint64_t now_ms = clock->wall_ms(clock->context);
    if (meter == NULL) {
        return;
    }
    pthread_mutex_lock(&meter->mutex);
    struct streams_metered *place = &meter->places[stream->id % STREAMS_METERED_MAX];
    if (place->stream != stream->id) {
        *place = (struct streams_metered){.stream = stream->id, .label_ms = stream->label_ms};
        snprintf(place->table, sizeof(place->table), "%.*s", SLICE_ARGS(stream->table));
    }
    place->records += page->count;
    place->read_ms = now_ms;
    place->age_ms = 0;
    if (page->count > 0 && now_ms > page->records[page->count - 1].time_ms) {
        place->age_ms = now_ms - page->records[page->count - 1].time_ms;
    }
    pthread_mutex_unlock(&meter->mutex);
}

uint32_t
streams_meter_all(struct streams_meter *meter, struct arena *arena, struct streams_metered **all)
{
    uint32_t count = 0;
    *all = arena_alloc(arena, STREAMS_METERED_MAX * sizeof(**all));
    pthread_mutex_lock(&meter->mutex);
    for (uint32_t i = 0; i < STREAMS_METERED_MAX; i++) {
        if (meter->places[i].stream != 0) {
            (*all)[count++] = meter->places[i];
        }
    }
    pthread_mutex_unlock(&meter->mutex);
    return count;
}
