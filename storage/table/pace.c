#include "storage/table/pace.h"

#include "storage/engine/engine.h"

#include <time.h>

enum { US_PER_MS = 1000 };

static uint64_t pace_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void pace_start(struct pace *pace)
{
    pace->worked_from_us = pace_now_us();
}

static uint64_t pace_seq(const struct pace *pace)
{
    return pace->engine != NULL ? engine_appended_seq(pace->engine) : 0;
}

bool pace_rest(void *context)
{
    struct pace *pace = context;
    bool busy = pace->engine != NULL && pace->quiet < PACE_QUIET_RESTS;
    uint64_t worked_us = pace_now_us() - pace->worked_from_us;
    if (worked_us < (busy ? PACE_BUSY_WORK_US : PACE_WORK_US)) {
        return ticker_get(pace->ticker, &pace->ticker->stopping);
    }
    uint64_t seq = pace_seq(pace);
    uint64_t rest_us = (busy ? pace->busy_rests : 1) * worked_us;
    bool stopping = ticker_pause(pace->ticker, (rest_us + US_PER_MS - 1) / US_PER_MS);
    pace->quiet = pace_seq(pace) == seq ? pace->quiet + 1 : 0;
    pace_start(pace);
    return stopping;
}
