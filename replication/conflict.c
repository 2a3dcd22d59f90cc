#include "replication/conflict.h"

const char *conflict_reason_name(uint8_t reason)
{
    switch (reason) {
#define X(name, number, text, explanation)                                                         \
    case CONFLICT_##name:                                                                          \
        return text;
        CONFLICT_REASONS(X)
#undef X
    default:
        return "unknown";
    }
}

const char *conflict_reason_text(uint8_t reason)
{
    switch (reason) {
#define X(name, number, text, explanation)                                                         \
    case CONFLICT_##name:                                                                          \
        return explanation;
        CONFLICT_REASONS(X)
#undef X
    default:
        return "no reason is on record";
    }
}
