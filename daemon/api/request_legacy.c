/* The parameters that came before expressions, from JSON to the programs of storage/expression
 * (dynamodb-api.md section 13). They fill the places that texts fill otherwise. */
#include "daemon/api/request.h"
#include "storage/expression/legacy.h"

#define INVALID "One or more parameter values were invalid: "

/* What ConditionalOperator joins. */
static const char *legacy_filter_member(unsigned texts)
{
    if ((texts & TEXT_BIT(TEXT_CONDITION)) != 0) {
        return "Expected";
    }
    return (texts & TEXT_BIT(TEXT_KEY_CONDITION)) != 0 ? "QueryFilter" : "ScanFilter";
}

static bool
legacy_joined(const struct json *owner, const struct json *filter, bool *any, struct error *err)
{
    const struct json *joined = json_get(owner, "ConditionalOperator");
    if (joined == NULL) {
        return true;
    }
    if (filter == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         "ConditionalOperator cannot be used without Filter or Expected");
    }
    if (filter->count < 2) {
        return error_set(err, ERROR_VALIDATION,
                         "ConditionalOperator can only be used when Filter or Expected has two or "
                         "more elements");
    }
    *any = slice_is(joined->text, "OR");
    return true;
}

/* The elements of an AttributeValueList, or the one Value. */
static bool legacy_values(struct call *call,
                          const struct json *list,
                          const struct json *single,
                          struct legacy_condition *condition,
                          struct error *err)
{
    uint32_t count = list != NULL ? list->count : single != NULL;
    struct value *values = arena_alloc(call->arena, count * sizeof(*values));
    const struct json *at = list != NULL ? list->first : single;
    for (uint32_t i = 0; i < count; i++, at = at->next) {
        if (!value_from_json(at, call->arena, &values[i], err)) {
            return false;
        }
    }
    condition->values = values;
    condition->count = count;
    return true;
}

/* {ComparisonOperator, AttributeValueList} of KeyConditions and filters. */
static bool legacy_condition(struct call *call,
                             const struct json *json,
                             struct legacy_condition *condition,
                             struct error *err)
{
    condition->name = json->name;
    condition->comparison =
        legacy_comparison_find(shape_text(json_get(json, "ComparisonOperator")));
    ensure(condition->comparison != LEGACY_COMPARISONS); /* The shape's enum. */
    return legacy_values(call, json_get(json, "AttributeValueList"), NULL, condition, err) &&
           legacy_condition_check(condition, err);
}

/* {Exists, Value}: without an operator. */
static bool legacy_expected_value(struct call *call,
                                  const struct json *json,
                                  struct legacy_condition *condition,
                                  struct error *err)
{
    const struct json *exists = json_get(json, "Exists");
    const struct json *value = json_get(json, "Value");
    bool there = shape_boolean(exists, true);
    if (there && value == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "Value must be provided when Exists is %s for Attribute: %.*s",
                         exists == NULL ? "null" : "true", SLICE_ARGS(json->name));
    }
    if (!there && value != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "Value cannot be used when Exists is false for Attribute: %.*s",
                         SLICE_ARGS(json->name));
    }
    condition->comparison = there ? LEGACY_EQ : LEGACY_NULL;
    return legacy_values(call, NULL, value, condition, err);
}

static bool legacy_expected(struct call *call,
                            const struct json *json,
                            struct legacy_condition *condition,
                            struct error *err)
{
    const struct json *comparison = json_get(json, "ComparisonOperator");
    const struct json *list = json_get(json, "AttributeValueList");
    const struct json *value = json_get(json, "Value");
    condition->name = json->name;
    if (list != NULL && value != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "Value and AttributeValueList cannot be used together for "
                                 "Attribute: %.*s",
                         SLICE_ARGS(json->name));
    }
    if (comparison == NULL) {
        return list == NULL ? legacy_expected_value(call, json, condition, err)
                            : error_set(err, ERROR_VALIDATION,
                                        INVALID "AttributeValueList can only be used with a "
                                                "ComparisonOperator for Attribute: %.*s",
                                        SLICE_ARGS(json->name));
    }
    if (json_get(json, "Exists") != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "Exists and ComparisonOperator cannot be used together for "
                                 "Attribute: %.*s",
                         SLICE_ARGS(json->name));
    }
    condition->comparison = legacy_comparison_find(comparison->text);
    ensure(condition->comparison != LEGACY_COMPARISONS);
    bool alone = condition->comparison == LEGACY_NULL || condition->comparison == LEGACY_NOT_NULL;
    if (!alone && list == NULL && value == NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID "Value or AttributeValueList must be used with "
                                 "ComparisonOperator: %.*s for Attribute: %.*s",
                         SLICE_ARGS(comparison->text), SLICE_ARGS(json->name));
    }
    return legacy_values(call, list, value, condition, err) &&
           legacy_condition_check(condition, err);
}

static bool legacy_take_conditions(struct call *call,
                                   const struct json *map,
                                   bool expected,
                                   struct legacy_condition **conditions,
                                   struct error *err)
{
    uint32_t at = 0;
    *conditions = arena_zalloc(call->arena, map->count, sizeof(**conditions));
    for (const struct json *json = map->first; json != NULL; json = json->next) {
        struct legacy_condition *condition = &(*conditions)[at++];
        if (json->name.size == 0) {
            return error_set(err, ERROR_VALIDATION, "Empty attribute name");
        }
        if (expected ? !legacy_expected(call, json, condition, err)
                     : !legacy_condition(call, json, condition, err)) {
            return false;
        }
    }
    return true;
}

static bool legacy_take_projection(struct call *call,
                                   const struct json *list,
                                   struct request *request,
                                   struct error *err)
{
    uint32_t count = 0;
    struct slice *names = arena_alloc(call->arena, list->count * sizeof(*names));
    for (const struct json *json = list->first; json != NULL; json = json->next) {
        names[count++] = json->text;
    }
    request->legacy |= TEXT_BIT(TEXT_PROJECTION);
    return legacy_projection(names, count, call->arena, &request->expressions[TEXT_PROJECTION],
                             err);
}

static enum legacy_action legacy_action_of(const struct json *json)
{
    struct slice action = shape_text(json_get(json, "Action"));
    if (slice_is(action, "DELETE")) {
        return LEGACY_DELETE;
    }
    return slice_is(action, "ADD") ? LEGACY_ADD : LEGACY_PUT;
}

static bool legacy_take_updates(struct call *call,
                                const struct json *map,
                                struct request *request,
                                struct error *err)
{
    uint32_t count = 0;
    struct legacy_update *updates = arena_zalloc(call->arena, map->count, sizeof(*updates));
    for (const struct json *json = map->first; json != NULL; json = json->next) {
        const struct json *value = json_get(json, "Value");
        struct legacy_update *update = &updates[count++];
        if (json->name.size == 0) {
            return error_set(err, ERROR_VALIDATION, "Empty attribute name");
        }
        update->name = json->name;
        update->action = legacy_action_of(json);
        if ((value != NULL && !value_from_json(value, call->arena, &update->value, err)) ||
            !legacy_update_check(update, err)) {
            return false;
        }
    }
    if (count > 0) {
        request->expressions[TEXT_UPDATE] = legacy_update(updates, count, call->arena);
    }
    return true;
}

/* Expected, QueryFilter or ScanFilter. */
static bool legacy_take_filter(struct call *call,
                               const struct json *owner,
                               unsigned texts,
                               struct request *request,
                               struct error *err)
{
    bool write = (texts & TEXT_BIT(TEXT_CONDITION)) != 0;
    const struct json *filter = json_get(owner, legacy_filter_member(texts));
    struct legacy_condition *conditions;
    bool any = false;
    if (filter != NULL && !legacy_take_conditions(call, filter, write, &conditions, err)) {
        return false;
    }
    if (!legacy_joined(owner, filter, &any, err)) {
        return false;
    }
    if (filter == NULL || filter->count == 0) {
        return true;
    }
    request->legacy |= TEXT_BIT(write ? TEXT_CONDITION : TEXT_FILTER);
    request->expressions[write ? TEXT_CONDITION : TEXT_FILTER] =
        legacy_conditions(write ? EXPRESSION_CONDITION : EXPRESSION_FILTER, conditions,
                          filter->count, any, call->arena);
    return true;
}

static bool legacy_take_keys(struct call *call,
                             const struct json *map,
                             struct request *request,
                             struct error *err)
{
    struct legacy_condition *conditions;
    return legacy_take_conditions(call, map, false, &conditions, err) &&
           legacy_key_conditions(conditions, map->count, call->arena,
                                 &request->expressions[TEXT_KEY_CONDITION], err);
}

bool request_legacy(struct call *call,
                    const struct json *owner,
                    unsigned texts,
                    struct request *request,
                    struct error *err)
{
    static const struct {
        enum request_text text;
        const char *member;
        bool (*take)(struct call *call,
                     const struct json *json,
                     struct request *to,
                     struct error *err);
    } simple[] = {
        {TEXT_PROJECTION, "AttributesToGet", legacy_take_projection},
        {TEXT_UPDATE, "AttributeUpdates", legacy_take_updates},
        {TEXT_KEY_CONDITION, "KeyConditions", legacy_take_keys},
    };
    bool filters = (texts & (TEXT_BIT(TEXT_CONDITION) | TEXT_BIT(TEXT_FILTER))) != 0;
    if (filters && !legacy_take_filter(call, owner, texts, request, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_COUNT(simple); i++) {
        const struct json *json =
            (texts & TEXT_BIT(simple[i].text)) == 0 ? NULL : json_get(owner, simple[i].member);
        if (json != NULL && !simple[i].take(call, json, request, err)) {
            return false;
        }
    }
    return true;
}
