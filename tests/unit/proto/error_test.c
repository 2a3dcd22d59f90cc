/* Goal: errors carry their code and text through layers and are cut, not lost. */
#include "proto/base/error.h"

#include <criterion/criterion.h>

Test(error, set_and_wrap_fail_and_add_context)
{
    struct error err = {0};
    cr_assert_not(error_set(&err, ERROR_IO, "open %s: %d", "file", 5));
    cr_assert_not(error_wrap(&err, "table %u", 7u));
    cr_assert_eq(err.code, ERROR_IO);
    cr_assert_str_eq(err.text, "table 7: open file: 5");
    error_clear(&err);
    cr_assert_eq(err.code, ERROR_NONE);
    cr_assert_str_eq(err.text, "");
}

Test(error, long_texts_are_cut_and_stay_terminated)
{
    char many[3 * ERROR_TEXT_BYTES];
    memset(many, 'x', sizeof(many) - 1);
    many[sizeof(many) - 1] = 0;
    struct error err = {0};
    error_set(&err, ERROR_VALIDATION, "%s", many);
    cr_assert_eq(strlen(err.text), ERROR_TEXT_BYTES - 1);
    error_wrap(&err, "context");
    cr_assert_eq(strncmp(err.text, "context: xxx", 12), 0);
    cr_assert_lt(strlen(err.text), ERROR_TEXT_BYTES);
}

Test(error, every_code_has_a_name)
{
#define X(name, reaction) cr_assert_str_eq(error_code_name(ERROR_##name), #name);
    ERROR_CODES(X)
#undef X
}
