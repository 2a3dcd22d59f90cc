#include "replication/link.h"

void link_init(struct link *link, uint64_t seed)
{
    *link = (struct link){.chance = seed | 1};
}

/* xorshift64* (Vigna, 2016): statistical quality is all that emulation needs. */
static double link_chance(struct link *link)
{
    link->chance ^= link->chance >> 12;
    link->chance ^= link->chance << 25;
    link->chance ^= link->chance >> 27;
    return (double)((link->chance * 0x2545F4914F6CDD1DULL) >> 11) / 9007199254740992.0;
}

bool link_settings_check(const struct link_settings *settings, struct error *err)
{
    if (settings->delay_ms > LINK_DELAY_MS_MAX || settings->jitter_ms > LINK_DELAY_MS_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "delay and jitter may be at most %d ms, got %u and %u", LINK_DELAY_MS_MAX,
                         settings->delay_ms, settings->jitter_ms);
    }
    if (!(settings->loss_percent >= 0 && settings->loss_percent <= 100)) {
        return error_set(err, ERROR_VALIDATION, "loss must be 0 to 100 percent, got %g",
                         settings->loss_percent);
    }
    return true;
}

bool link_is_plain(const struct link *link)
{
    const struct link_settings *settings = &link->settings;
    return settings->delay_ms == 0 && settings->jitter_ms == 0 && settings->loss_percent <= 0 &&
           !settings->cut;
}

uint64_t link_due_us(struct link *link, uint64_t now_us)
{
    const struct link_settings *settings = &link->settings;
    if (settings->cut) {
        return LINK_NEVER;
    }
    double delay_us = settings->delay_ms * 1000.0;
    if (settings->jitter_ms > 0) {
        delay_us += (link_chance(link) * 2 - 1) * settings->jitter_ms * 1000.0;
    }
    if (settings->loss_percent > 0) {
        double retransmit_us = (LINK_RETRANSMIT_MS + 2.0 * settings->delay_ms) * 1000;
        /* The repeated chunk can be lost as well; each time-out doubles, six at the most. */
        for (int round = 0; round < 6 && link_chance(link) * 100 < settings->loss_percent;
             round++) {
            delay_us += retransmit_us;
            retransmit_us *= 2;
        }
    }
    uint64_t due = now_us + (uint64_t)(delay_us > 0 ? delay_us : 0);
    if (due < link->last_due_us) {
        due = link->last_due_us;
    }
    link->last_due_us = due;
    return due;
}
