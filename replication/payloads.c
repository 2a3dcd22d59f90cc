#include "replication/payloads.h"

#include "proto/base/ensure.h"

#include <stdlib.h>

void payloads_push(struct payloads *payloads, struct slice bytes)
{
    struct payload *made = malloc(sizeof(*made) + bytes.size);
    ensure(made != NULL);
    made->next = NULL;
    made->size = bytes.size;
    if (bytes.size > 0) {
        memcpy(made->bytes, bytes.data, bytes.size);
    }
    if (payloads->tail == NULL) {
        payloads->head = made;
    } else {
        payloads->tail->next = made;
    }
    payloads->tail = made;
    payloads->bytes += bytes.size;
}

struct payload *payloads_pop(struct payloads *payloads)
{
    struct payload *head = payloads->head;
    if (head != NULL) {
        payloads->head = head->next;
        payloads->tail = payloads->head == NULL ? NULL : payloads->tail;
        payloads->bytes -= head->size;
    }
    return head;
}

void payloads_clear(struct payloads *payloads)
{
    struct payload *payload;
    while ((payload = payloads_pop(payloads)) != NULL) {
        free(payload);
    }
}
