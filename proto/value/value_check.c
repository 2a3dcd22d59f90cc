/* The rules of the encoded form, checked where foreign or possibly damaged bytes enter.
 *
 * One pass, no allocation; recursion is bounded by VALUE_DEPTH_MAX. Errors are CORRUPT and say
 * which rule is broken. */
#include "proto/value/decimal.h"
#include "proto/value/utf8.h"
#include "proto/value/value.h"

static bool value_check_at(struct value value, unsigned level, struct error *err);

static bool value_check_scalar(struct value value, struct error *err)
{
    struct decimal decimal;
    if (value.type == VALUE_S && !utf8_valid(value.payload)) {
        return error_set(err, ERROR_CORRUPT, "a string of %zu bytes is not UTF-8",
                         value.payload.size);
    }
    if (value.type == VALUE_N && !decimal_from_key(value.payload, &decimal)) {
        return error_set(err, ERROR_CORRUPT, "a number of %zu bytes is not in key form",
                         value.payload.size);
    }
    if (value.type == VALUE_BOOL && (value.payload.size != 1 || value.payload.data[0] > 1)) {
        return error_set(err, ERROR_CORRUPT, "a boolean of %zu bytes is neither 0 nor 1",
                         value.payload.size);
    }
    if (value.type == VALUE_NULL && value.payload.size != 0) {
        return error_set(err, ERROR_CORRUPT, "a null carries %zu bytes", value.payload.size);
    }
    return true;
}

static bool
value_check_name(struct slice name, const struct slice *previous, unsigned level, struct error *err)
{
    if (name.size > ATTRIBUTE_NAME_BYTES_MAX || (level == 1 && name.size == 0)) {
        return error_set(err, ERROR_CORRUPT, "an attribute name of %zu bytes", name.size);
    }
    if (!utf8_valid(name)) {
        return error_set(err, ERROR_CORRUPT, "an attribute name of %zu bytes is not UTF-8",
                         name.size);
    }
    if (previous != NULL && slice_compare(*previous, name) >= 0) {
        return error_set(err, ERROR_CORRUPT, "attribute names do not ascend");
    }
    return true;
}

/* The contents of a container; `level` is theirs. */
static bool value_check_contents(struct value container, unsigned level, struct error *err)
{
    struct value_walk walk;
    struct member member;
    struct slice previous = {0};
    bool first = true;
    bool is_map = container.type == VALUE_M;
    bool is_set = !is_map && container.type != VALUE_L;
    value_walk_start(&walk, container);
    if (is_set && !walk.broken && walk.count == 0) {
        return error_set(err, ERROR_CORRUPT, "a set is empty");
    }
    while (value_walk_next(&walk, &member)) {
        if (is_map && !value_check_name(member.name, first ? NULL : &previous, level, err)) {
            return false;
        }
        if (is_set && !first && slice_compare(previous, member.value.payload) >= 0) {
            return error_set(err, ERROR_CORRUPT, "set elements do not ascend");
        }
        if (is_set ? !value_check_scalar(member.value, err)
                   : !value_check_at(member.value, level, err)) {
            return false;
        }
        previous = is_map ? member.name : member.value.payload;
        first = false;
    }
    if (walk.broken) {
        return error_set(err, ERROR_CORRUPT, "a %s of %zu bytes does not decode",
                         value_type_name(container.type), container.payload.size);
    }
    return true;
}

static bool value_check_at(struct value value, unsigned level, struct error *err)
{
    if (level > VALUE_DEPTH_MAX) {
        return error_set(err, ERROR_CORRUPT, "a value is nested deeper than %d levels",
                         VALUE_DEPTH_MAX);
    }
    switch (value.type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
    case VALUE_BOOL:
    case VALUE_NULL:
        return value_check_scalar(value, err);
    case VALUE_M:
    case VALUE_L:
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return value_check_contents(value, level + 1, err);
    case VALUE_MISSING:
    case VALUE_TYPES:
        break;
    }
    return error_set(err, ERROR_CORRUPT, "a value has the unknown type %u", (unsigned)value.type);
}

bool value_check(struct value value, struct error *err)
{
    return value_check_at(value, 1, err);
}

bool item_check(struct slice image, struct error *err)
{
    return value_check_contents((struct value){VALUE_M, image}, 1, err);
}
