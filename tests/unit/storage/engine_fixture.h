/* Opening engines and writing single keys in tests. Failures assert. */
#pragma once

#include "storage/engine/engine.h"
#include "tests/support/directory.h"

struct engine_options engine_fixture_options(const char *directory);
struct engine *engine_fixture_open(const char *directory);
/* Appends, returns the seq. */
uint64_t engine_fixture_put(struct engine *engine,
                            enum engine_family family,
                            struct slice key,
                            struct slice value);
