/* Assertions that stay on in release builds.
 *
 * A broken invariant must not be replicated, so the process stops. For our own mistakes only: bytes
 * from a client, a peer or the disk return an error instead. Any thread. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define ensure(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            ensure_failed(#condition, __FILE__, __LINE__);                                         \
        }                                                                                          \
    } while (0)

#define MUST_CHECK __attribute__((warn_unused_result))

#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Noreturn static inline void ensure_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "broken invariant: %s at %s:%d\n", condition, file, line);
    fflush(stderr);
    abort();
}
