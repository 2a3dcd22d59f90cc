/* Goal: the setting changes as UpdateTimeToLive and other members ask for it, and an attribute
 * gives a second exactly when it is a Number that can be one. Method: the pure functions alone. */
#include "storage/ttl/ttl.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

TestSuite(ttl_setting, .init = setup, .fini = teardown, .timeout = 10);

#define A SLICE_LITERAL("a")
#define B SLICE_LITERAL("b")

Test(ttl_setting, turning_it_on_begins_and_turning_it_off_ends)
{
    struct table_ttl ttl = {0};
    ttl_turn(&ttl, true, A, 1000);
    cr_assert(ttl.status == TTL_ENABLING && slice_is(ttl.attribute, "a") && ttl.changed_ms == 1000);
    cr_assert(ttl_is_on(&ttl));
    ttl.status = TTL_ENABLED;
    ttl_turn(&ttl, false, B, 2000);
    cr_assert(ttl.status == TTL_DISABLING && slice_is(ttl.attribute, "a"),
              "the attribute stays until its rows are gone");
    cr_assert(!ttl_is_on(&ttl) && ttl.changed_ms == 2000);
}

Test(ttl_setting, what_is_so_already_stays_but_is_told_from_the_change_before)
{
    struct table_ttl ttl = {TTL_ENABLED, A, 1000};
    ttl_turn(&ttl, true, A, 1000);
    cr_assert(ttl.status == TTL_ENABLED && ttl.changed_ms == 1001);
    ttl = (struct table_ttl){0};
    ttl_turn(&ttl, false, A, 900);
    cr_assert(ttl.status == TTL_DISABLED && ttl.attribute.size == 0 && ttl.changed_ms == 900);
}

Test(ttl_setting, another_attribute_and_a_change_of_mind_begin_anew)
{
    struct table_ttl ttl = {TTL_ENABLED, A, 1000};
    ttl_turn(&ttl, true, B, 1001);
    cr_assert(ttl.status == TTL_ENABLING && slice_is(ttl.attribute, "b"));
    ttl = (struct table_ttl){TTL_DISABLING, A, 1000};
    ttl_turn(&ttl, true, A, 999);
    cr_assert(ttl.status == TTL_ENABLING && ttl.changed_ms == 1001);
}

static void check_second(struct value value, bool has, uint64_t second, const char *what)
{
    uint64_t found = 0;
    struct slice item = sample_item(&arena, "a", value, "pk", sample_s("p"), NULL);
    cr_assert_eq(ttl_second(A, item, &found), has, "%s", what);
    cr_assert(!has || found == second, "%s: %llu", what, (unsigned long long)found);
    cr_assert_not(ttl_second(B, item, &found), "%s: the attribute is not there", what);
}

Test(ttl_setting, a_number_gives_a_second_and_nothing_else_does)
{
    static const struct {
        const char *text;
        bool has;
        uint64_t second;
    } numbers[] = {
        {"0", true, 0},
        {"1", true, 1},
        {"10", true, 10},
        {"1700000000", true, 1700000000},
        {"1700000000.999", true, 1700000000},
        {"0.5", true, 0},
        {"1e-130", true, 0},
        {"120000", true, 120000},
        {"999999999999999999", true, 999999999999999999},
        {"1000000000000000000", false, 0},
        {"9.9e125", false, 0},
        {"-1", false, 0},
        {"-0.5", false, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        check_second(sample_n(&arena, numbers[i].text), numbers[i].has, numbers[i].second,
                     numbers[i].text);
    }
    struct value number = sample_n(&arena, "1700000000");
    struct member member = {A, number};
    check_second(sample_s("1700000000"), false, 0, "a string");
    check_second(sample_b("1700000000", 10), false, 0, "a binary");
    check_second(value_make_list(&arena, &number, 1), false, 0, "a list");
    check_second(value_make_map(&arena, &member, 1), false, 0, "a map that has it");
    check_second(value_make_bool(true), false, 0, "a boolean");
    uint64_t second;
    cr_assert_not(ttl_second(A, (struct slice){NULL, 0}, &second), "no item");
}
