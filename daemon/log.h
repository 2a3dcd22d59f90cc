/* Events to standard error: one line each, written with one call, from any thread.
 *
 *     2026-11-22T08:57:37.123Z info node.ready http=127.0.0.1:8000 peer=none
 *     {"time":"2026-11-22T08:57:37.123Z","level":"info","event":"node.ready","http":"127.0.0.1:8000"}
 *
 * An event's name is a constant, `room.what_happened`; what varies goes into fields. An event that
 * repeats is bounded to LOG_REPEATS_MAX lines a second: the rest is counted and the count is a
 * field, `suppressed`, of the next line that is written of it (or of a last one at log_close).
 *
 * A line that cannot be written (standard error is gone) is lost: there is nobody left to tell. */
#pragma once

#include "proto/base/ensure.h"
#include "proto/base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_LEVELS };

struct log;

struct log_options {
    int fd; /* Borrowed; 2 in the daemon. */
    bool json;
    enum log_level level; /* Events below it are dropped. */
    /* Wall clock; the rate bound uses it too. NULL: the system's. */
    uint64_t (*wall_ms)(void *context);
    void *context;
};

enum log_kind { LOG_KIND_END, LOG_KIND_TEXT, LOG_KIND_INTEGER, LOG_KIND_UNSIGNED, LOG_KIND_REAL };

/* One key=value of a line; made by the functions below. Borrows its text for the call. */
struct log_field {
    const char *name;
    enum log_kind kind;
    struct slice text;
    int64_t integer;
    uint64_t natural;
    double real;
};

/* Never fails. */
struct log *log_open(const struct log_options *options);
/* Writes what is still suppressed. NULL is fine. */
void log_close(struct log *log);

bool log_wants(const struct log *log, enum log_level level);

/* log_event(log, LOG_INFO, "node.ready", log_text("http", address)); a NULL log drops it. */
#define log_event(log, level, ...) log_event_choose(log, level, __VA_ARGS__, (struct log_field){0})
/* The event's name comes first, its fields follow, the last one is the terminator. */
#define log_event_choose(log, level, event, ...)                                                   \
    log_write(log, level, event, (const struct log_field[]){__VA_ARGS__})
/* `fields` end with one of LOG_KIND_END. */
void log_write(struct log *log,
               enum log_level level,
               const char *event,
               const struct log_field *fields);

static inline struct log_field log_slice(const char *name, struct slice text)
{
    return (struct log_field){.name = name, .kind = LOG_KIND_TEXT, .text = text};
}
static inline struct log_field log_text(const char *name, const char *text)
{
    return log_slice(name, slice_text(text));
}
static inline struct log_field log_integer(const char *name, int64_t value)
{
    return (struct log_field){.name = name, .kind = LOG_KIND_INTEGER, .integer = value};
}
static inline struct log_field log_unsigned(const char *name, uint64_t value)
{
    return (struct log_field){.name = name, .kind = LOG_KIND_UNSIGNED, .natural = value};
}
static inline struct log_field log_real(const char *name, double value)
{
    return (struct log_field){.name = name, .kind = LOG_KIND_REAL, .real = value};
}

/* "debug", "info", "warning", "error". */
const char *log_level_name(enum log_level level);
