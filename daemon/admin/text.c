#include "daemon/admin/text.h"

#include "daemon/config.h"

#include <math.h>
#include <time.h>

void text_write_time(struct buffer *to, uint64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    char text[64];
    if (gmtime_r(&seconds, &utc) == NULL) { /* A stamp from a broken clock can be any number. */
        buffer_append_text(to, "null");
        return;
    }
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    buffer_printf(to, "\"%s.%03uZ\"", text, (unsigned)(wall_ms % 1000));
}

void text_write_region(struct buffer *to, const struct node *node, uint16_t id)
{
    const struct config *config = node->config;
    if (id == config->id) {
        buffer_printf(to, "\"%s\"", config->region);
        return;
    }
    for (uint32_t i = 0; i < config->regions_count; i++) {
        if (config->regions[i].id == id) {
            buffer_printf(to, "\"%s\"", config->regions[i].name);
            return;
        }
    }
    buffer_printf(to, "\"region-%u\"", id);
}

bool text_number(struct slice text, uint64_t *number)
{
    if (text.size == 0 || text.size > 18) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *number = value;
    return true;
}

void text_write_real(struct buffer *to, double value)
{
    if (isfinite(value)) {
        buffer_printf(to, "%.9g", value);
    } else {
        buffer_append_text(to, "null");
    }
}
