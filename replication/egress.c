#include "replication/egress.h"

#include <stdlib.h>

void egress_init(struct egress *egress, uint64_t seed)
{
    *egress = (struct egress){0};
    link_init(&egress->link, seed);
}

void egress_clear(struct egress *egress)
{
    while (egress->head != NULL) {
        struct egress_chunk *next = egress->head->next;
        free(egress->head);
        egress->head = next;
    }
    egress->tail = NULL;
    egress->bytes = 0;
}

void egress_set(struct egress *egress, const struct link_settings *settings, uint64_t now_us)
{
    egress->link.settings = *settings;
    if (settings->cut) {
        return; /* What is on its way already still arrives. */
    }
    /* A faster link overtakes nothing but frees what the slower one would have held back. */
    egress->link.last_due_us = 0;
    for (struct egress_chunk *chunk = egress->head; chunk != NULL; chunk = chunk->next) {
        uint64_t before_us = egress->link.last_due_us;
        uint64_t fresh_us = link_due_us(&egress->link, now_us);
        if (fresh_us < chunk->due_us) {
            chunk->due_us = fresh_us;
        } else if (chunk->due_us < before_us) {
            chunk->due_us = before_us;
        }
        egress->link.last_due_us = chunk->due_us;
    }
}

bool egress_is_open(const struct egress *egress)
{
    return egress->head == NULL && link_is_plain(&egress->link);
}

void egress_push(struct egress *egress, struct slice bytes, uint64_t now_us)
{
    struct egress_chunk *chunk = malloc(sizeof(*chunk) + bytes.size);
    ensure(chunk != NULL);
    *chunk =
        (struct egress_chunk){.due_us = link_due_us(&egress->link, now_us), .size = bytes.size};
    memcpy(chunk->bytes, bytes.data, bytes.size);
    if (egress->tail == NULL) {
        egress->head = chunk;
    } else {
        egress->tail->next = chunk;
    }
    egress->tail = chunk;
    egress->bytes += bytes.size;
}

struct egress_chunk *egress_take(struct egress *egress, uint64_t now_us, uint64_t *next_due_us)
{
    struct egress_chunk *chunk = egress->head;
    if (chunk == NULL || chunk->due_us > now_us) {
        *next_due_us = chunk == NULL ? LINK_NEVER : chunk->due_us;
        return NULL;
    }
    egress->head = chunk->next;
    if (egress->head == NULL) {
        egress->tail = NULL;
    }
    egress->bytes -= chunk->size;
    return chunk;
}
