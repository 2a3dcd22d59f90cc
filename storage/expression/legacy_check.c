/* What legacy conditions and updates must look like by themselves. */
#include "proto/base/ensure.h"
#include "storage/expression/legacy.h"
#include "storage/expression/program.h"

#define INVALID "One or more parameter values were invalid: "

enum { LEGACY_IN_VALUES_MAX = 100 };

enum {
    LEGACY_TEXTS = 1 << VALUE_S | 1 << VALUE_B,
    LEGACY_ORDERED = LEGACY_TEXTS | 1 << VALUE_N,
    LEGACY_SCALARS = LEGACY_ORDERED | 1 << VALUE_BOOL | 1 << VALUE_NULL,
    LEGACY_ANY = (1 << VALUE_TYPES) - 1,
};

static const struct legacy_rule {
    const char *name;
    uint32_t least, most; /* Values. */
    unsigned types;       /* A bit per enum value_type. */
} legacy_rules[LEGACY_COMPARISONS] = {
    [LEGACY_EQ] = {"EQ", 1, 1, LEGACY_ANY},
    [LEGACY_NE] = {"NE", 1, 1, LEGACY_ANY},
    [LEGACY_LE] = {"LE", 1, 1, LEGACY_ORDERED},
    [LEGACY_LT] = {"LT", 1, 1, LEGACY_ORDERED},
    [LEGACY_GE] = {"GE", 1, 1, LEGACY_ORDERED},
    [LEGACY_GT] = {"GT", 1, 1, LEGACY_ORDERED},
    [LEGACY_BETWEEN] = {"BETWEEN", 2, 2, LEGACY_ORDERED},
    [LEGACY_IN] = {"IN", 1, LEGACY_IN_VALUES_MAX, LEGACY_ORDERED},
    [LEGACY_BEGINS_WITH] = {"BEGINS_WITH", 1, 1, LEGACY_TEXTS},
    [LEGACY_CONTAINS] = {"CONTAINS", 1, 1, LEGACY_SCALARS},
    [LEGACY_NOT_CONTAINS] = {"NOT_CONTAINS", 1, 1, LEGACY_SCALARS},
    [LEGACY_NULL] = {"NULL", 0, 0, 0},
    [LEGACY_NOT_NULL] = {"NOT_NULL", 0, 0, 0},
};

enum legacy_comparison legacy_comparison_find(struct slice name)
{
    int found = 0;
    while (found < LEGACY_COMPARISONS && !slice_is(name, legacy_rules[found].name)) {
        found++;
    }
    return (enum legacy_comparison)found;
}

bool legacy_condition_check(const struct legacy_condition *condition, struct error *err)
{
    ensure((int)condition->comparison < LEGACY_COMPARISONS);
    const struct legacy_rule *rule = &legacy_rules[condition->comparison];
    const struct value *values = condition->values;
    if (condition->count < rule->least || condition->count > rule->most) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "Invalid number of argument(s) for the %s ComparisonOperator",
                         rule->name);
    }
    if (condition->count > 0 && (rule->types & 1U << values[0].type) == 0) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "ComparisonOperator %s is not valid for %s AttributeValue type",
                         rule->name, value_type_name(values[0].type));
    }
    for (uint32_t i = 1; i < condition->count; i++) {
        if (values[i].type != values[0].type) {
            return error_set(err, ERROR_VALIDATION,
                             INVALID
                             "AttributeValues inside AttributeValueList must be of same type");
        }
    }
    if (condition->comparison == LEGACY_BETWEEN &&
        slice_compare(values[0].payload, values[1].payload) > 0) {
        return error_set(err, ERROR_VALIDATION,
                         "The BETWEEN condition was provided a range where the lower bound is "
                         "greater than the upper bound");
    }
    return true;
}

bool legacy_update_check(const struct legacy_update *update, struct error *err)
{
    enum value_type type = update->value.type;
    bool set = type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
    if (type == VALUE_MISSING) {
        return update->action == LEGACY_DELETE ||
               error_set(err, ERROR_VALIDATION,
                         INVALID
                         "Only DELETE action is allowed when no attribute value is specified");
    }
    if (update->action == LEGACY_DELETE && !set) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "DELETE action with value is not supported for the type %s",
                         bind_long_type_name(type));
    }
    if (update->action == LEGACY_ADD && !set && type != VALUE_N && type != VALUE_L) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "ADD action is not supported for the type %s",
                         bind_long_type_name(type));
    }
    return true;
}
