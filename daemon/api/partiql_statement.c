#include "daemon/api/partiql.h"

#include "daemon/api/listing.h"
#include "daemon/api/metering.h"

static bool partiql_parameters(struct call *call,
                               const struct json *json,
                               struct value **values,
                               uint32_t *count,
                               struct error *err)
{
    *count = 0;
    *values = NULL;
    if (json == NULL) {
        return true;
    }
    *values = arena_zalloc(call->arena, json->count, sizeof(**values));
    for (const struct json *child = json->first; child != NULL; child = child->next) {
        if (!value_from_json(child, call->arena, &(*values)[(*count)++], err)) {
            return false;
        }
    }
    return true;
}

bool partiql_begin(struct call *call,
                   const struct json *asked,
                   struct partiql_call *one,
                   struct error *err)
{
    struct request *request = &one->request;
    struct value *values;
    uint32_t count;
    one->asked = asked;
    request->capacity = request_capacity_detail(call->body);
    one->consistent = shape_boolean(json_get(asked, "ConsistentRead"), false);
    one->item_on_failure =
        slice_is(request_choice(asked, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD");
    if (!partiql_parameters(call, json_get(asked, "Parameters"), &values, &count, err) ||
        !partiql_parse(shape_text(json_get(asked, "Statement")), values, count, call->arena,
                       &one->statement, err)) {
        return false;
    }
    request->asked_name = one->statement->table;
    return request_resolve_name(call->node, request->asked_name, &request->name, err);
}

/* --- The table ---------------------------------------------------------------------------------
 */

static bool partiql_open_index(struct partiql_call *one, struct error *err)
{
    const struct table *table = one->request.table;
    struct slice name = one->statement->index;
    if (name.size == 0) {
        return true;
    }
    one->index = table_find_index(table, name);
    if (one->index == NULL || one->index->status == INDEX_DELETING) {
        return error_set(err, ERROR_VALIDATION, "The table does not have the specified index: %.*s",
                         SLICE_ARGS(name));
    }
    if (one->index->status == INDEX_CREATING) {
        return error_set(err, ERROR_VALIDATION,
                         "Cannot read from backfilling global secondary index: %.*s",
                         SLICE_ARGS(name));
    }
    if (one->index->kind == INDEX_GLOBAL && one->consistent) {
        return error_set(err, ERROR_VALIDATION,
                         "Strongly consistent read is not supported on Global Secondary Indexes");
    }
    return true;
}

static bool
partiql_open_keys(const struct partiql_call *one, struct key_schema *keys, struct error *err)
{
    const struct table *table = one->request.table;
    for (uint32_t i = 0; i < table->indexes_count; i++) {
        const struct key_schema *parts = &table->indexes[i].keys;
        if (parts->partition_count > 1 || parts->sort_count > 1) {
            return error_set(err, ERROR_VALIDATION,
                             "PartiQL statements cannot be executed on tables with multi-attribute "
                             "HASH keys or multi-attribute RANGE keys.");
        }
    }
    *keys = one->index != NULL ? one->index->keys : table_key_schema(table);
    return true;
}

bool partiql_plan(struct call *call, struct partiql_call *one, struct error *err)
{
    struct request *request = &one->request;
    struct key_schema keys;
    if (!request_open(call, request, err) || !partiql_open_index(one, err) ||
        !partiql_open_keys(one, &keys, err)) {
        return false;
    }
    if (partiql_reads(one->statement)) {
        bool planned = partiql_plan_select(one->statement, &keys, call->arena, &one->select, err);
        request->expressions[TEXT_FILTER] = one->select.filter;
        return planned;
    }
    if (!partiql_plan_write(one->statement, &keys, call->arena, &one->write, err)) {
        return false;
    }
    request->expressions[TEXT_CONDITION] = one->write.condition;
    request->expressions[TEXT_UPDATE] = one->write.update;
    return true;
}

static bool partiql_check_write(const struct partiql_call *one, struct error *err)
{
    const struct request *request = &one->request;
    if (one->statement->verb != PARTIQL_INSERT) {
        return item_check_key(request->table, one->write.item, err) && request_paths(request, err);
    }
    if (!item_check_put_key(request->table, one->write.item, err)) {
        return false;
    }
    return item_size(one->write.item) <= ITEM_BYTES_MAX ||
           error_set(err, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
}

bool partiql_open(struct call *call, struct partiql_call *one, struct error *err)
{
    if (!partiql_plan(call, one, err)) {
        return false;
    }
    return partiql_reads(one->statement) ? request_paths(&one->request, err)
                                         : partiql_check_write(one, err);
}

void partiql_release(struct partiql_call *one)
{
    request_release(&one->request);
}

/* --- Permissions -------------------------------------------------------------------------------
 */

static const char *partiql_action(enum partiql_verb verb)
{
    static const char *const actions[] = {
        [PARTIQL_SELECT] = "dynamodb:PartiQLSelect", [PARTIQL_EXISTS] = "dynamodb:PartiQLSelect",
        [PARTIQL_INSERT] = "dynamodb:PartiQLInsert", [PARTIQL_UPDATE] = "dynamodb:PartiQLUpdate",
        [PARTIQL_DELETE] = "dynamodb:PartiQLDelete",
    };
    return actions[verb];
}

static void partiql_access_read(const struct partiql_call *one, struct access *access)
{
    const struct partiql_select *select = &one->select;
    for (uint32_t i = 0; i < select->conditions_count; i++) {
        access_leading(access, select->conditions[i].partition[0]);
    }
    listing_select(access, one->statement->columns_count > 0);
    access_text(access, POLICY_FULL_TABLE_SCAN,
                select->conditions_count == 0 ? SLICE_LITERAL("true") : SLICE_LITERAL("false"));
}

static void partiql_access_write(const struct partiql_call *one,
                                 const struct table *table,
                                 struct access *access)
{
    static const char *const returns[] = {
        [PARTIQL_RETURNING_NONE] = "",
        [PARTIQL_RETURNING_ALL_OLD] = "ALL_OLD",
        [PARTIQL_RETURNING_MODIFIED_OLD] = "UPDATED_OLD",
        [PARTIQL_RETURNING_ALL_NEW] = "ALL_NEW",
        [PARTIQL_RETURNING_MODIFIED_NEW] = "UPDATED_NEW",
    };
    access_leading_of(access, table, one->write.item);
    access_attributes_of_item(access, one->write.item);
    access_text(access, POLICY_RETURN_VALUES, slice_text(returns[one->statement->returning]));
    if (one->item_on_failure) {
        access_text(access, POLICY_RETURN_VALUES, SLICE_LITERAL("ALL_OLD"));
    }
}

struct access *partiql_access(struct call *call,
                              const struct partiql_call *one,
                              const struct request *request,
                              const char *enclosing,
                              struct access_list *list)
{
    const struct partiql_statement *statement = one->statement;
    if (statement == NULL) {
        return NULL;
    }
    struct access *access =
        listing_request(call, list, partiql_action(statement->verb), request, statement->index);
    if (access == NULL) {
        return NULL;
    }
    (void)partiql_visit_columns(statement, access_visit, access);
    if (partiql_reads(statement)) {
        partiql_access_read(one, access);
    } else {
        partiql_access_write(one, request->table, access);
    }
    access_text(access, POLICY_ENCLOSING_OPERATION, slice_text(enclosing == NULL ? "" : enclosing));
    return access;
}

/* --- Running -----------------------------------------------------------------------------------
 */

bool partiql_is_get(const struct partiql_call *one)
{
    return partiql_reads(one->statement) && one->index == NULL &&
           one->select.conditions_count == 1 && one->select.whole_key;
}

struct slice partiql_key(const struct partiql_call *one, uint32_t number, struct arena *arena)
{
    const struct table *table = one->request.table;
    const struct key_condition *condition = &one->select.conditions[number];
    struct member members[TABLE_KEYS_MAX] = {{table->partition.name, condition->partition[0]}};
    size_t count = 1;
    if (table_has_sort(table)) {
        members[count++] = (struct member){table->sort.name, condition->low};
    }
    return value_make_map(arena, members, count).payload;
}

static void partiql_wait(struct call *call, uint64_t seq)
{
    call->wait_seq = seq > call->wait_seq ? seq : call->wait_seq;
}

bool partiql_get(struct call *call,
                 struct partiql_call *one,
                 uint32_t number,
                 enum read_tier tier,
                 struct slice *item,
                 bool *found,
                 struct error *err)
{
    struct slice key = partiql_key(one, number, call->arena);
    const struct expression *filter = one->select.filter;
    struct slice image = {0};
    uint64_t wait_seq = 0;
    *found = false;
    if (!item_check_key(one->request.table, key, err) ||
        !metering_admit_read(call, one->request.table, NULL, &one->admitted, err) ||
        !store_get(call->node->store, one->request.table, key, tier, call->arena, &image, found,
                   &wait_seq, err)) {
        return false;
    }
    partiql_wait(call, wait_seq);
    if (one->request.capacity != CAPACITY_NONE || metering_is_on(call)) {
        one->capacity.halves +=
            capacity_read_halves(*found ? item_size(image) : 0, one->consistent);
    }
    *found = *found && (filter == NULL || expression_test(filter, image));
    if (*found) {
        *item = partiql_project(one->statement, image, call->arena);
    }
    return true;
}

struct write partiql_write_of(const struct partiql_call *one)
{
    static const enum write_kind kinds[] = {
        [PARTIQL_EXISTS] = WRITE_CHECK,
        [PARTIQL_INSERT] = WRITE_PUT,
        [PARTIQL_UPDATE] = WRITE_UPDATE,
        [PARTIQL_DELETE] = WRITE_DELETE,
    };
    ensure(!partiql_reads(one->statement));
    return (struct write){
        .table = one->request.table,
        .kind = kinds[one->statement->verb],
        .item = one->write.item,
        .condition = one->write.condition,
        .update = one->write.update,
    };
}

static void partiql_returned(const struct call *call,
                             const struct partiql_call *one,
                             const struct write *write,
                             struct slice *item)
{
    enum partiql_returning returning = one->statement->returning;
    bool old =
        returning == PARTIQL_RETURNING_ALL_OLD || returning == PARTIQL_RETURNING_MODIFIED_OLD;
    bool modified =
        returning == PARTIQL_RETURNING_MODIFIED_OLD || returning == PARTIQL_RETURNING_MODIFIED_NEW;
    *item = (struct slice){0};
    if (returning == PARTIQL_RETURNING_NONE || (old ? !write->existed : !write->exists)) {
        return;
    }
    *item = old ? write->old_image : write->new_image;
    if (modified) {
        expression_update_leaves(write->update, *item, call->arena, item);
        if (value_count((struct value){VALUE_M, *item}) == 0) {
            *item = (struct slice){0};
        }
    }
}

bool partiql_put(struct call *call,
                 struct partiql_call *one,
                 enum read_tier tier,
                 struct slice *item,
                 struct slice *old,
                 struct error *err)
{
    struct write write = partiql_write_of(one);
    *old = (struct slice){0};
    if (!metering_admit_write(call, write.table, &one->admitted, err)) {
        return false;
    }
    bool written = store_write(call->node->store, &write, tier, call->arena, err);
    bool refused = !written && err->code == ERROR_CONDITION;
    partiql_wait(call, write.wait_seq);
    if (written || refused) {
        metering_charge_write(call, &write, 1);
    }
    if (!written) {
        if (refused && one->request.capacity != CAPACITY_NONE) {
            one->capacity.halves +=
                capacity_write_halves(write.existed ? item_size(write.old_image) : 0, 0);
        }
        if (refused && one->item_on_failure && write.existed) {
            *old = write.old_image; /* Only the one error has room for an item. */
        } else if (refused && one->statement->verb == PARTIQL_INSERT) {
            return error_set(err, ERROR_DUPLICATE_ITEM, "Duplicate primary key exists in table");
        }
        return false;
    }
    if (one->request.capacity != CAPACITY_NONE) {
        capacity_add_write(&one->capacity, &write, 1, call->arena);
    }
    partiql_returned(call, one, &write, item);
    return true;
}
