/* Goal: the list of operations is whole and sorted, as the search needs it. */
#include "daemon/api/operation.h"

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
