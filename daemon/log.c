#include "daemon/log.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    LOG_LINE_BYTES_MAX = 4096, /* Longer lines are cut; what is cut is marked. */
    LOG_REPEATS_MAX = 20,      /* Lines of one event within LOG_WINDOW_MS. */
    LOG_WINDOW_MS = 1000,
    LOG_EVENTS = 128, /* Distinct events bounded at a time; a power of two. */
    LOG_EVENT_BYTES_MAX = 48,
};

/* How often one event was seen in its current window. */
struct log_repeat {
    char event[LOG_EVENT_BYTES_MAX];
    enum log_level level;
    uint64_t window_start_ms;
    uint32_t written;
    uint64_t suppressed;
};

struct log {
    struct log_options options;
    pthread_mutex_t mutex; /* Guards repeats; never held while writing. */
    struct log_repeat repeats[LOG_EVENTS];
};

struct log_line {
    bool json;
    size_t size;
    char bytes[LOG_LINE_BYTES_MAX];
};

static uint64_t log_system_ms(void *context)
{
    (void)context;
    struct timespec now;
    ensure(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct log *log_open(const struct log_options *options)
{
    struct log *log = calloc(1, sizeof(*log));
    ensure(log != NULL);
    log->options = *options;
    if (log->options.wall_ms == NULL) {
        log->options.wall_ms = log_system_ms;
    }
    ensure(pthread_mutex_init(&log->mutex, NULL) == 0);
    return log;
}

bool log_wants(const struct log *log, enum log_level level)
{
    return log != NULL && level >= log->options.level;
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[LOG_LEVELS] = {"debug", "info", "warning", "error"};
    ensure(level < LOG_LEVELS);
    return names[level];
}

/* --- Putting a line together ---------------------------------------------------------------- */

/* Room is left for the tail that every line must end with, however much of it is cut. */
enum { LOG_TAIL_BYTES = 16 };

static void log_put(struct log_line *line, const char *bytes, size_t size)
{
    size_t left = sizeof(line->bytes) - LOG_TAIL_BYTES - line->size;
    if (size > left) {
        size = left;
    }
    memcpy(line->bytes + line->size, bytes, size);
    line->size += size;
}

static void log_put_text(struct log_line *line, const char *text)
{
    log_put(line, text, strlen(text));
}

/* Quoted, with JSON's escapes, in both forms. An escape is put whole or not at all. */
static void log_put_quoted(struct log_line *line, struct slice text)
{
    log_put(line, "\"", 1);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = text.data[i];
        char escaped[8];
        if (c == '"' || c == '\\') {
            snprintf(escaped, sizeof(escaped), "\\%c", c);
        } else if (c == '\n') {
            snprintf(escaped, sizeof(escaped), "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(escaped, sizeof(escaped), "\\u%04x", c);
        } else {
            snprintf(escaped, sizeof(escaped), "%c", c);
        }
        size_t size = strlen(escaped);
        if (sizeof(line->bytes) - LOG_TAIL_BYTES - line->size < size + 8) {
            log_put_text(line, "...");
            break;
        }
        log_put(line, escaped, size);
    }
    log_put(line, "\"", 1);
}

/* Plain words need no quotes in the text form. */
static bool log_is_word(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = text.data[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) {
            return false;
        }
    }
    return text.size > 0;
}

static void log_put_field(struct log_line *line, const struct log_field *field)
{
    char number[64];
    log_put_text(line, line->json ? ",\"" : " ");
    log_put_text(line, field->name);
    log_put_text(line, line->json ? "\":" : "=");
    switch (field->kind) {
    case LOG_KIND_TEXT:
        if (line->json || !log_is_word(field->text)) {
            log_put_quoted(line, field->text);
        } else {
            log_put(line, (const char *)field->text.data, field->text.size);
        }
        return;
    case LOG_KIND_INTEGER:
        snprintf(number, sizeof(number), "%lld", (long long)field->integer);
        break;
    case LOG_KIND_UNSIGNED:
        snprintf(number, sizeof(number), "%llu", (unsigned long long)field->natural);
        break;
    case LOG_KIND_REAL: /* JSON knows no infinity. */
        if (isfinite(field->real)) {
            snprintf(number, sizeof(number), "%.6g", field->real);
        } else {
            snprintf(number, sizeof(number), "null");
        }
        break;
    case LOG_KIND_END:
        ensure(field->kind != LOG_KIND_END);
    }
    log_put_text(line, number);
}

static void
log_put_head(struct log_line *line, uint64_t wall_ms, enum log_level level, const char *event)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    char head[64];
    ensure(gmtime_r(&seconds, &utc) != NULL);
    size_t size = strftime(head, sizeof(head), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(head + size, sizeof(head) - size, ".%03uZ", (unsigned)(wall_ms % 1000));
    log_put_text(line, line->json ? "{\"time\":\"" : "");
    log_put_text(line, head);
    log_put_text(line, line->json ? "\",\"level\":\"" : " ");
    log_put_text(line, log_level_name(level));
    log_put_text(line, line->json ? "\",\"event\":\"" : " ");
    log_put_text(line, event);
    log_put_text(line, line->json ? "\"" : "");
}

static void log_send(const struct log *log, struct log_line *line)
{
    if (line->json) {
        line->bytes[line->size++] = '}';
    }
    line->bytes[line->size++] = '\n';
    ssize_t sent;
    do {
        sent = write(log->options.fd, line->bytes, line->size);
    } while (sent < 0 && errno == EINTR);
}

/* --- Bounding repeats ----------------------------------------------------------------------- */

static void log_send_suppressed(const struct log *log,
                                uint64_t wall_ms,
                                enum log_level level,
                                const char *event,
                                uint64_t suppressed)
{
    struct log_line line = {.json = log->options.json};
    struct log_field field = log_unsigned("suppressed", suppressed);
    log_put_head(&line, wall_ms, level, event);
    log_put_field(&line, &field);
    log_send(log, &line);
}

/* Whether this line may be written; *suppressed lines of the same event were not, before it. When
 * the slot is taken over from another event, *evicted is what that one still had to say. */
static bool log_admit(struct log *log,
                      uint64_t wall_ms,
                      enum log_level level,
                      const char *event,
                      uint64_t *suppressed,
                      struct log_repeat *evicted)
{
    uint32_t hash = 2166136261u;
    for (const char *c = event; *c != 0; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    ensure(pthread_mutex_lock(&log->mutex) == 0);
    struct log_repeat *repeat = &log->repeats[hash & (LOG_EVENTS - 1)];
    if (strncmp(repeat->event, event, sizeof(repeat->event) - 1) != 0) {
        *evicted = *repeat;
        *repeat = (struct log_repeat){.window_start_ms = wall_ms, .level = level};
        snprintf(repeat->event, sizeof(repeat->event), "%s", event);
    }
    /* A clock that was set back starts a new window too. */
    if (wall_ms - repeat->window_start_ms >= LOG_WINDOW_MS) {
        repeat->window_start_ms = wall_ms;
        repeat->written = 0;
    }
    bool admitted = repeat->written < LOG_REPEATS_MAX;
    if (admitted) {
        repeat->written++;
        *suppressed = repeat->suppressed;
        repeat->suppressed = 0;
    } else {
        repeat->suppressed++;
    }
    ensure(pthread_mutex_unlock(&log->mutex) == 0);
    return admitted;
}

void log_write(struct log *log,
               enum log_level level,
               const char *event,
               const struct log_field *fields)
{
    if (!log_wants(log, level)) {
        return;
    }
    uint64_t wall_ms = log->options.wall_ms(log->options.context);
    uint64_t suppressed = 0;
    struct log_repeat evicted = {.suppressed = 0};
    bool admitted = log_admit(log, wall_ms, level, event, &suppressed, &evicted);
    if (evicted.suppressed > 0) {
        log_send_suppressed(log, wall_ms, evicted.level, evicted.event, evicted.suppressed);
    }
    if (!admitted) {
        return;
    }
    struct log_line line = {.json = log->options.json};
    log_put_head(&line, wall_ms, level, event);
    for (const struct log_field *field = fields; field->kind != LOG_KIND_END; field++) {
        log_put_field(&line, field);
    }
    if (suppressed > 0) {
        struct log_field field = log_unsigned("suppressed", suppressed);
        log_put_field(&line, &field);
    }
    log_send(log, &line);
}

void log_close(struct log *log)
{
    if (log == NULL) {
        return;
    }
    uint64_t wall_ms = log->options.wall_ms(log->options.context);
    for (uint32_t i = 0; i < LOG_EVENTS; i++) {
        const struct log_repeat *repeat = &log->repeats[i];
        if (repeat->suppressed > 0) {
            log_send_suppressed(log, wall_ms, repeat->level, repeat->event, repeat->suppressed);
        }
    }
    ensure(pthread_mutex_destroy(&log->mutex) == 0);
    free(log);
}
