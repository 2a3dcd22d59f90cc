/* Goal: the emulated link delays, orders, loses and cuts as it says. Method: ask for due times. */
#include "replication/egress.h"
#include "replication/link.h"

#include <criterion/criterion.h>

Test(link, a_plain_link_delivers_at_once)
{
    struct link link;
    link_init(&link, 7);
    cr_assert(link_is_plain(&link));
    cr_assert_eq(link_due_us(&link, 1000), 1000);
}

Test(link, delay_is_added_and_jitter_never_reorders)
{
    struct link link;
    link_init(&link, 42);
    link.settings = (struct link_settings){.delay_ms = 20, .jitter_ms = 5};
    uint64_t last = 0;
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (uint64_t now = 0; now < 10000000; now += 10000) {
        uint64_t due = link_due_us(&link, now);
        cr_assert_geq(due, last, "at %lu", (unsigned long)now);
        cr_assert(due >= now + 15000 && due <= now + 25000, "due %lu at %lu", (unsigned long)due,
                  (unsigned long)now);
        least = due - now < least ? due - now : least;
        most = due - now > most ? due - now : most;
        last = due;
    }
    cr_assert(least < 16500 && most > 23500, "jitter is used: %lu to %lu us", (unsigned long)least,
              (unsigned long)most);
}

Test(link, a_lost_chunk_comes_a_retransmission_later)
{
    struct link link;
    link_init(&link, 3);
    link.settings = (struct link_settings){.delay_ms = 10, .loss_percent = 10};
    uint32_t late = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        uint64_t now = i * 100000000;
        uint64_t due = link_due_us(&link, now);
        late += due >= now + 10000 + (LINK_RETRANSMIT_MS + 20) * 1000;
    }
    cr_assert(late > 850 && late < 1150, "%u of 10000 were late, not about 1000", late);
}

Test(link, a_cut_link_has_no_due_time)
{
    struct link link;
    link_init(&link, 1);
    link.settings = (struct link_settings){.cut = true};
    cr_assert_eq(link_due_us(&link, 5), LINK_NEVER);
    link.settings = (struct link_settings){0};
    cr_assert_eq(link_due_us(&link, 6), 6);
}

Test(link, settings_without_sense_are_refused)
{
    struct error err = {0};
    struct link_settings settings = {.delay_ms = LINK_DELAY_MS_MAX};
    cr_assert(link_settings_check(&settings, &err));
    settings.delay_ms++;
    cr_assert_not(link_settings_check(&settings, &err));
    cr_assert_str_eq(err.text, "delay and jitter may be at most 60000 ms, got 60001 and 0");
    settings = (struct link_settings){.loss_percent = 100.5};
    cr_assert_not(link_settings_check(&settings, &err));
    cr_assert_eq(err.code, ERROR_VALIDATION);
}

Test(egress, a_cleared_link_frees_what_waited_in_order)
{
    struct egress egress;
    uint64_t next_us;
    egress_init(&egress, 5);
    egress_set(&egress, &(struct link_settings){.delay_ms = 1000}, 0);
    egress_push(&egress, SLICE_LITERAL("a"), 0);
    egress_set(&egress, &(struct link_settings){.cut = true}, 1);
    egress_push(&egress, SLICE_LITERAL("b"), 1);
    cr_assert_null(egress_take(&egress, 999999, &next_us));
    cr_assert_eq(next_us, 1000000);
    egress_set(&egress, &(struct link_settings){0}, 2);
    egress_push(&egress, SLICE_LITERAL("c"), 2);
    for (const char *want = "abc"; *want != 0; want++) {
        struct egress_chunk *chunk = egress_take(&egress, 2, &next_us);
        cr_assert_not_null(chunk, "%c did not leave", *want);
        cr_assert_eq(chunk->bytes[0], *want);
        free(chunk);
    }
    cr_assert(egress_is_open(&egress));
    egress_clear(&egress);
}

Test(egress, a_slower_link_does_not_call_back_what_is_on_its_way)
{
    struct egress egress;
    uint64_t next_us;
    egress_init(&egress, 5);
    egress_set(&egress, &(struct link_settings){.delay_ms = 10}, 0);
    egress_push(&egress, SLICE_LITERAL("a"), 0);
    egress_set(&egress, &(struct link_settings){.delay_ms = 500}, 0);
    struct egress_chunk *chunk = egress_take(&egress, 10000, &next_us);
    cr_assert_not_null(chunk);
    free(chunk);
    egress_clear(&egress);
}
