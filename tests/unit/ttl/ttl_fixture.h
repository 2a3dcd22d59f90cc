/* A store with one table whose TTL attribute is "t" or "u", and a clock that the test steps. One
 * thread. */
#pragma once

#include "storage/ttl/ttl.h"
#include "tests/unit/storage/sample.h"

enum { FIXTURE_NOW_S = 1700000000 };

struct ttl_fixture {
    struct arena arena;
    char *directory;
    struct sample_clock clock;
    struct store *store;
    uint32_t id; /* Of the table "items", keys pk S and sk S. */
};

void ttl_fixture_open(struct ttl_fixture *fixture, bool replicated);
void ttl_fixture_close(struct ttl_fixture *fixture);
void ttl_fixture_restart(struct ttl_fixture *fixture);

/* As UpdateTimeToLive does it. */
void ttl_fixture_turn(struct ttl_fixture *fixture, bool enabled, const char *attribute);
enum ttl_status ttl_fixture_status(struct ttl_fixture *fixture);
/* Until the builder has done what was asked for. */
void ttl_fixture_wait(struct ttl_fixture *fixture, enum ttl_status status);

/* {"pk": "p", "sk": number, name: value}; a value of type VALUE_MISSING is left out. */
struct slice ttl_fixture_item(struct ttl_fixture *fixture,
                              uint32_t number,
                              const char *name,
                              struct value value);
struct slice ttl_fixture_key(struct ttl_fixture *fixture, uint32_t number);
struct value ttl_fixture_second(struct ttl_fixture *fixture, uint64_t second);
void ttl_fixture_put(struct ttl_fixture *fixture, struct slice item);
/* An item "number" whose "t" is so many seconds from FIXTURE_NOW_S. */
void ttl_fixture_put_t(struct ttl_fixture *fixture, uint32_t number, int64_t seconds);
bool ttl_fixture_has(struct ttl_fixture *fixture, uint32_t number);

/* So many seconds later the sweeper is awake. */
void ttl_fixture_step(struct ttl_fixture *fixture, uint64_t seconds);
/* Until the sweeper has deleted so many items since the store was opened. */
void ttl_fixture_wait_deleted(struct ttl_fixture *fixture, uint64_t count);

/* NULL when the expiry rows are what the items say; else what is wrong, in the arena. */
const char *ttl_fixture_problem(struct ttl_fixture *fixture);
uint32_t ttl_fixture_rows(struct ttl_fixture *fixture, uint32_t table);

void ttl_fixture_pause(void);
