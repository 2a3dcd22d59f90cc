/* Goal: the list of operations is whole and sorted, as the search needs it, and each says what it
 * is going to do. */
#include "daemon/auth/access.h"
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

Test(operations, every_operation_is_found_under_its_name_and_number)
{
    for (uint32_t i = 0; i < operations_count; i++) {
        uint32_t number = UINT32_MAX;
        struct slice name = slice_text(operations[i]->name);
        cr_assert_eq(operation_find(name, &number), operations[i], "%s", operations[i]->name);
        cr_assert_eq(number, i);
        cr_assert(operation_is_known(name), "%s", operations[i]->name);
    }
}

Test(operations, other_names_are_unknown)
{
    static const char *const unknown[] = {"", "getItem", "GetItems", "GetIte", "A", "Zebra"};
    uint32_t number;
    for (size_t i = 0; i < ARRAY_COUNT(unknown); i++) {
        cr_assert_not(operation_is_known(slice_text(unknown[i])), "%s", unknown[i]);
        cr_assert_null(operation_find(slice_text(unknown[i]), &number), "%s", unknown[i]);
    }
}

/* An operation that nobody listed would be denied to whoever has a policy, however much it allows.
 */
Test(operations, every_operation_says_what_it_is_going_to_do)
{
    struct fixture *fixture = fixture_open();
    struct json *body = NULL;
    struct error err = {0};
    cr_assert(json_parse(SLICE_LITERAL("{}"), &fixture->arena, &body, &err));
    for (uint32_t i = 0; i < operations_count; i++) {
        struct call call = {.node = &fixture->node, .arena = &fixture->arena, .body = body};
        struct access_list list = {
            .arena = &fixture->arena, .node = &fixture->node, .limited = true};
        call.operation = operations[i];
        if (operations[i]->access == NULL) {
            operation_list(&call, &list);
        }
        cr_expect_not(list.unlisted, "%s", operations[i]->name);
        access_list_clear(&list);
    }
    fixture_close(fixture);
}
