/* A list of owned byte strings, first in first out: messages on their way between the transport's
 * loop and a worker. One thread at a time. */
#pragma once

#include "proto/base/slice.h"

struct payload {
    struct payload *next;
    size_t size;
    uint8_t bytes[];
};
struct payloads {
    struct payload *head, *tail;
    size_t bytes; /* Of all payloads together. */
};

/* Append a copy. */
void payloads_push(struct payloads *payloads, struct slice bytes);
/* The first, to be freed with free; NULL when there is none. */
struct payload *payloads_pop(struct payloads *payloads);
void payloads_clear(struct payloads *payloads);
