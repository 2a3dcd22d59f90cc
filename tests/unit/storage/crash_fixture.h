/* Processes that are killed at any moment, and what they were allowed to acknowledge before. Only
 * children open the folder: RocksDB's threads do not survive a fork. One thread, but report_send.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { REPORTS_MAX = 1 << 16 };

struct report {
    uint64_t round, writer, number, seq;
};

struct reports {
    struct report list[REPORTS_MAX];
    size_t count;
};

/* Below PIPE_BUF, so reports of several threads never mix. Any thread. */
void report_send(int to, struct report report);

/* Rounds on one folder: `work` runs in a child until up to `reports_max` reports have come and it
 * is killed, then `inspect` in another one, with the reports of all rounds so far. Those are the
 * caller's to free. */
struct reports *run_rounds(uint64_t rounds,
                           uint64_t reports_max,
                           void (*work)(const char *directory, uint64_t round, int to),
                           void (*inspect)(const char *directory, const void *reports));
