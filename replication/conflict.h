/* Why a conflict was recorded: the names behind struct conflict's `reason`. Pure; any thread. */
#pragma once

#include <stdint.h>

/* The numbers are stored: never change them. */
#define CONFLICT_REASONS(X)                                                                        \
    X(CONCURRENT, 1, "concurrent", "neither write had seen the other")                             \
    X(DELETE, 2, "concurrent-delete", "one of the two concurrent writes is a delete")              \
    X(CLOCK, 3, "clock-skew", "the winner's stamp is ahead of this region's clock")                \
    X(ORDER, 4, "order", "the stamps contradict what the writers had seen: a clock was broken")    \
    X(TORN, 5, "torn-transaction", "other writes of the losing transaction stand")

enum conflict_reason {
    CONFLICT_NONE = 0,
#define X(name, number, text, explanation) CONFLICT_##name = number,
    CONFLICT_REASONS(X)
#undef X
};

/* "concurrent" and so on; "unknown" for a number that is no reason. */
const char *conflict_reason_name(uint8_t reason);
/* A sentence's worth of explanation for people. */
const char *conflict_reason_text(uint8_t reason);
