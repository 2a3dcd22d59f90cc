/* Goal: the committed tables of the service model are whole and consistent, and their patterns mean
 * what they print. Method: walk every shape from the operations' inputs. */
#include "daemon/api/shapes.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { MODEL_DEPTH_MAX = 16 };

static uint32_t model_walk(const struct shape *shape, const char *place, unsigned depth)
{
    cr_assert_lt(depth, MODEL_DEPTH_MAX, "%s does not end", place);
    cr_assert_eq(shape->pattern == NULL, shape->matches == NULL, "%s: a pattern without a matcher",
                 place);
    cr_assert(shape->max == 0 || shape->min <= shape->max, "%s", place);
    uint32_t count = 1;
    if (shape->kind == SHAPE_STRUCTURE) {
        cr_assert_not_null(shape->name, "%s", place);
        cr_assert_leq(shape->members_count, SHAPE_MEMBERS_MAX, "%s", place);
        cr_assert_eq(shape->slots_count & (shape->slots_count - 1), 0, "%s", place);
        for (uint32_t i = 0; i < shape->members_count; i++) {
            const struct shape_member *member = &shape->members[i];
            char at[256];
            snprintf(at, sizeof(at), "%s.%s", place, member->name);
            cr_assert_eq(shape_find(shape, slice_text(member->name)), i, "%s", at);
            cr_assert_eq(member->name_size, strlen(member->name), "%s", at);
            cr_assert_not_null(member->shape, "%s", at);
            count += model_walk(member->shape, at, depth + 1);
        }
        return count;
    }
    if (shape->kind == SHAPE_LIST || shape->kind == SHAPE_MAP) {
        cr_assert_not_null(shape->element, "%s", place);
        count += model_walk(shape->element, place, depth + 1);
        count += shape->key != NULL ? model_walk(shape->key, place, depth + 1) : 0;
    }
    return count;
}

Test(model, every_operation_has_a_shape_whose_members_are_found)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < shape_operations_count; i++) {
        const struct shape_operation *operation = &shape_operations[i];
        cr_assert(i == 0 || strcmp(shape_operations[i - 1].name, operation->name) < 0);
        cr_assert_eq(operation->shape->kind, SHAPE_STRUCTURE);
        count += model_walk(operation->shape, operation->name, 0);
    }
    cr_assert_eq(shape_operations_count, 62);
    cr_assert_gt(count, 900, "%u", count); /* A table that lost its inside would be small. */
}

Test(model, a_name_that_is_no_member_is_not_found)
{
    static const char *const names[] = {"",         "T",         "tableName",
                                        "TableNam", "TableNamE", "TableNames"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        for (uint32_t at = 0; at < shape_operations_count; at++) {
            cr_assert_eq(shape_find(shape_operations[at].shape, slice_text(names[i])),
                         SHAPE_NO_MEMBER, "%s in %s", names[i], shape_operations[at].name);
        }
    }
}

Test(model, patterns_match_what_they_print)
{
    static const struct {
        bool (*matches)(struct slice text);
        const char *text;
        bool fits;
    } rows[] = {
        {pattern_name, "aZ0_.-", true},
        {pattern_name, "", false},
        {pattern_name, "a b", false},
        {pattern_name, "a/b", false},
        {pattern_name_or_arn, "arn:aws:x", true},
        {pattern_name_or_arn, "a:b", false},
        {pattern_no_dollar, "a b", true},
        {pattern_no_dollar, "a$b", false},
        {pattern_no_dollar, "", false},
        {pattern_bucket, "ab", true},
        {pattern_bucket, "a", false},
        {pattern_bucket, "a.-_b", true},
        {pattern_bucket, ".ab", false},
        {pattern_bucket, "ab-", false},
        {pattern_bucket, "a b", false},
        {pattern_account, "012345678901", true},
        {pattern_account, "01234567890", false},
        {pattern_account, "01234567890a", false},
        {pattern_delimiter, ";", true},
        {pattern_delimiter, "\t", true},
        {pattern_delimiter, "", false},
        {pattern_delimiter, "a", false},
        {pattern_delimiter, ";;", false},
        {pattern_csv_header, "", true},
        {pattern_csv_header, "a !#+-~", true},
        {pattern_csv_header, "a,b", false},
        {pattern_csv_header, "a\"b", false},
        {pattern_import_token, "0123456789abcdef", true},
        {pattern_import_token, "0123456789abcde", false},
        {pattern_import_token, "0123456789abcdeF", false},
        {pattern_import_token, "", false},
        {pattern_text, "a\t\r\n\xc3\xa9", true},
        {pattern_text, "\x01", false},
        {pattern_text, "\xef\xbf\xbf", false},
        {pattern_text, "\xef\xbf\xbd", true},
        {pattern_print, "a ~", true},
        {pattern_print, "", false},
        {pattern_print, "a\n", false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        cr_assert_eq(rows[i].matches(slice_text(rows[i].text)), rows[i].fits, "row %zu: %s", i,
                     rows[i].text);
    }
}

/* Runs where the model files are: MERIDIAN_MODELS names their folder. */
Test(model, the_committed_tables_are_what_the_script_writes)
{
    const char *folder = getenv("MERIDIAN_MODELS");
    if (folder == NULL) {
        cr_skip("MERIDIAN_MODELS is not set");
    }
    char command[1024];
    snprintf(command, sizeof(command),
             "%s/daemon/api/model/generate --check %s/dynamodb-2012-08-10.json "
             "%s/dynamodbstreams-2012-08-10.json",
             MODEL_SOURCE_DIR, folder, folder);
    cr_assert_eq(system(command), 0);
}
