/* Which parts of WHERE find the items, and which filter them.
 *
 * WHERE is taken apart at its outermost ANDs. What compares a key attribute with values becomes a
 * key condition; everything else, in one AND again, becomes the filter or the condition. All of it
 * is checked together first, as one condition. */
#include "proto/base/ensure.h"
#include "storage/expression/parser.h"
#include "storage/expression/partiql.h"
#include "storage/expression/program.h"

enum { PARTIQL_PARTITIONS_MAX = 50 }; /* Values of an IN on the partition key. */

struct partiql_planner {
    const struct partiql_statement *statement;
    struct arena *arena;
    struct error *err;
    const struct node **parts; /* Of the outermost AND. */
    bool *taken;               /* By a key condition. */
    uint32_t parts_count;
};

/* One part that is about a key attribute. */
struct partiql_key {
    enum sort_operator sort;
    const struct value *values; /* Of an IN all; BETWEEN low and high; else one. */
    uint32_t values_count;
    bool in;
};

/* --- Expressions ------------------------------------------------------------------------------ */

static void partiql_count_leaves(const struct node *node, uint32_t *leaves, uint32_t *nodes)
{
    (*nodes)++;
    *leaves += node->kind >= NODE_EQ && node->kind < NODE_AND;
    for (const struct node *inner = node->first; inner != NULL; inner = inner->next) {
        partiql_count_leaves(inner, leaves, nodes);
    }
}

static void partiql_collect(struct program *program, struct node *node)
{
    if (node->kind >= NODE_EQ && node->kind < NODE_AND) {
        program->leaves[program->leaves_count++] = node;
    }
    if (node->kind == NODE_PATH) {
        program->paths[program->paths_count++] = node->path;
    }
    for (struct node *inner = node->first; inner != NULL; inner = inner->next) {
        partiql_collect(program, inner);
    }
}

/* The arena of the call holds the program; releasing it gives nothing back. */
static struct expression *partiql_expression(const struct partiql_planner *planner,
                                             enum expression_kind kind)
{
    const struct partiql_statement *statement = planner->statement;
    struct arena *arena = planner->arena;
    struct program *program = arena_zalloc(arena, 1, sizeof(*program));
    atomic_init(&program->references, 1);
    program->kind = kind;
    program->values_count = statement->values_count;
    size_t bytes = statement->values_count * sizeof(struct value);
    struct expression *expression = arena_alloc(arena, sizeof(*expression) + bytes);
    expression->program = program;
    if (bytes > 0) {
        memcpy(expression->values, statement->values, bytes);
    }
    return expression;
}

static struct expression *partiql_condition_of(const struct partiql_planner *planner,
                                               enum expression_kind kind,
                                               struct node *root)
{
    struct expression *expression = partiql_expression(planner, kind);
    struct program *program = expression->program;
    uint32_t leaves = 0;
    uint32_t nodes = 0;
    partiql_count_leaves(root, &leaves, &nodes);
    program->root = root;
    program->leaves = arena_zalloc(planner->arena, leaves, sizeof(struct node *));
    program->paths = arena_zalloc(planner->arena, nodes, sizeof(struct path *));
    partiql_collect(program, root);
    return expression;
}

/* A copy, so that it can stand in another list. Its operands are shared. */
static struct node *partiql_copy(const struct node *node, struct arena *arena)
{
    struct node *copy = arena_zalloc(arena, 1, sizeof(*copy));
    *copy = *node;
    copy->next = NULL;
    return copy;
}

/* What no key condition has taken; `first`, unless NULL, stands in front. */
static struct expression *
partiql_rest(const struct partiql_planner *planner, enum expression_kind kind, struct node *first)
{
    struct node *all = arena_zalloc(planner->arena, 1, sizeof(*all));
    all->kind = NODE_AND;
    if (first != NULL) {
        parser_adopt(all, first);
    }
    for (uint32_t i = 0; i < planner->parts_count; i++) {
        if (!planner->taken[i]) {
            parser_adopt(all, partiql_copy(planner->parts[i], planner->arena));
        }
    }
    if (all->count == 0) {
        return NULL;
    }
    return partiql_condition_of(planner, kind, all->count == 1 ? all->first : all);
}

/* --- Taking WHERE apart ----------------------------------------------------------------------- */

static void partiql_flatten(struct partiql_planner *planner, const struct node *node, bool count)
{
    if (node->kind != NODE_AND) {
        if (!count) {
            planner->parts[planner->parts_count] = node;
        }
        planner->parts_count++;
        return;
    }
    for (const struct node *inner = node->first; inner != NULL; inner = inner->next) {
        partiql_flatten(planner, inner, count);
    }
}

static bool partiql_begin(struct partiql_planner *planner)
{
    const struct node *where = planner->statement->where;
    if (where == NULL) {
        return true;
    }
    partiql_flatten(planner, where, true);
    planner->parts = arena_zalloc(planner->arena, planner->parts_count, sizeof(struct node *));
    planner->taken = arena_zalloc(planner->arena, planner->parts_count, sizeof(bool));
    planner->parts_count = 0;
    partiql_flatten(planner, where, false);
    const struct binding binding = {
        partiql_condition_of(planner, EXPRESSION_FILTER, partiql_copy(where, planner->arena)), true,
        planner->arena};
    return bind_conditions(&binding, planner->err);
}

static bool partiql_about(const struct node *node, struct slice name)
{
    return node->kind == NODE_PATH && node->path->count == 1 &&
           slice_equal(node->path->steps[0].name, name);
}

static enum sort_operator partiql_sort_operator(enum node_kind kind, bool swapped)
{
    switch ((int)kind) {
    case NODE_EQ:
        return SORT_EQ;
    case NODE_LT:
        return swapped ? SORT_GT : SORT_LT;
    case NODE_LE:
        return swapped ? SORT_GE : SORT_LE;
    case NODE_GT:
        return swapped ? SORT_LT : SORT_GT;
    case NODE_GE:
        return swapped ? SORT_LE : SORT_GE;
    case NODE_BETWEEN:
        return SORT_BETWEEN;
    case NODE_BEGINS_WITH:
        return SORT_BEGINS_WITH;
    default:
        return SORT_ANY;
    }
}

/* Does the part compare the attribute with values, in a way that a key condition can? */
static bool partiql_match(const struct partiql_planner *planner,
                          const struct node *part,
                          struct slice name,
                          struct partiql_key *key)
{
    bool in = part->kind == NODE_IN;
    bool either = part->kind >= NODE_EQ && part->kind <= NODE_GE;
    bool swapped = either && partiql_about(part->last, name);
    enum sort_operator sort = in ? SORT_EQ : partiql_sort_operator(part->kind, swapped);
    if (sort == SORT_ANY || (!swapped && !partiql_about(part->first, name))) {
        return false;
    }
    struct value *values = arena_zalloc(planner->arena, part->count, sizeof(*values));
    uint32_t count = 0;
    for (const struct node *operand = part->first; operand != NULL; operand = operand->next) {
        if (operand == (swapped ? part->last : part->first)) {
            continue;
        }
        if (operand->kind != NODE_VALUE) {
            return false;
        }
        values[count++] = planner->statement->values[operand->value];
    }
    *key = (struct partiql_key){sort, values, count, in};
    return true;
}

static bool partiql_key_type(const struct partiql_planner *planner,
                             const struct key_attribute *attribute,
                             const struct partiql_key *key)
{
    for (uint32_t i = 0; i < key->values_count; i++) {
        struct value value = key->values[i];
        if (value.type != attribute->type) {
            return error_set(planner->err, ERROR_VALIDATION,
                             "Key attribute's data type should match its data type in table's "
                             "schema: Key %.*s",
                             SLICE_ARGS(attribute->name));
        }
        if (value.payload.size == 0 && value.type != VALUE_N) {
            return error_set(planner->err, ERROR_VALIDATION,
                             "One or more parameter values are not valid. The AttributeValue for a "
                             "key attribute cannot contain an empty %s value. Key: %.*s",
                             value.type == VALUE_S ? "string" : "binary",
                             SLICE_ARGS(attribute->name));
        }
    }
    return true;
}

/* --- SELECT ----------------------------------------------------------------------------------- */

static bool partiql_find_partition(struct partiql_planner *planner,
                                   const struct key_attribute *attribute,
                                   struct partiql_key *key,
                                   bool *found)
{
    *found = false;
    for (uint32_t i = 0; i < planner->parts_count && !*found; i++) {
        if (!partiql_match(planner, planner->parts[i], attribute->name, key) ||
            key->sort != SORT_EQ) {
            continue;
        }
        if (!partiql_key_type(planner, attribute, key)) {
            return false;
        }
        if (key->values_count > PARTIQL_PARTITIONS_MAX) {
            return error_set(planner->err, ERROR_VALIDATION,
                             "The IN operator is provided with too many operands; number of "
                             "operands: %u",
                             key->values_count);
        }
        planner->taken[i] = true;
        *found = true;
    }
    return true;
}

static bool partiql_find_sort(struct partiql_planner *planner,
                              const struct key_attribute *attribute,
                              struct partiql_key *key)
{
    bool found = false;
    *key = (struct partiql_key){.sort = SORT_ANY};
    for (uint32_t i = 0; i < planner->parts_count; i++) {
        struct partiql_key match;
        if (!partiql_match(planner, planner->parts[i], attribute->name, &match)) {
            continue;
        }
        if (found) {
            return error_set(planner->err, ERROR_VALIDATION,
                             "Overlapping conditions with range keys are not supported in where "
                             "clause");
        }
        if (!partiql_key_type(planner, attribute, &match)) {
            return false;
        }
        *key = match;
        planner->taken[i] = true;
        found = true;
    }
    return true;
}

/* The values of an IN, each once; sorted when an order is asked for. */
static uint32_t partiql_distinct(struct value *to, const struct partiql_key *key, int direction)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < key->values_count; i++) {
        uint32_t at = 0;
        while (at < count && !value_equal(to[at], key->values[i])) {
            at++;
        }
        if (at < count) {
            continue;
        }
        for (at = count;
             at > 0 && direction * slice_compare(to[at - 1].payload, key->values[i].payload) > 0;
             at--) {
            to[at] = to[at - 1];
        }
        to[at] = key->values[i];
        count++;
    }
    return count;
}

/* 1 ascending, -1 descending, 0: ORDER BY does not name it. */
static int partiql_direction(const struct partiql_statement *statement, struct slice name)
{
    for (uint32_t i = 0; i < statement->order_count; i++) {
        if (slice_equal(statement->order[i].name, name)) {
            return statement->order[i].descending ? -1 : 1;
        }
    }
    return 0;
}

static void partiql_conditions(const struct partiql_planner *planner,
                               const struct key_schema *keys,
                               const struct partiql_key *partition,
                               const struct partiql_key *sort,
                               struct partiql_select *select)
{
    const struct partiql_statement *statement = planner->statement;
    struct value partitions[PARTIQL_PARTITIONS_MAX];
    struct value sorts[EXPRESSION_IN_OPERANDS_MAX];
    uint32_t sorts_count = 1;
    int direction = keys->sort_count == 0 ? 0 : partiql_direction(statement, keys->sort[0].name);
    uint32_t partitions_count = partiql_distinct(
        partitions, partition, partiql_direction(statement, keys->partition[0].name));
    if (sort->in) {
        sorts_count = partiql_distinct(sorts, sort, direction);
    }
    select->conditions_count = partitions_count * sorts_count;
    select->conditions =
        arena_zalloc(planner->arena, select->conditions_count, sizeof(*select->conditions));
    for (uint32_t i = 0; i < select->conditions_count; i++) {
        struct key_condition *condition = &select->conditions[i];
        condition->partition[0] = partitions[i / sorts_count];
        condition->sort = sort->sort;
        if (sort->in) {
            condition->low = sorts[i % sorts_count];
        } else if (sort->values_count > 0) {
            condition->low = sort->values[0];
            condition->high = sort->values[sort->values_count - 1];
        }
    }
    select->whole_key = keys->sort_count == 0 || sort->sort == SORT_EQ;
    select->backward = direction < 0;
}

static bool partiql_check_order(const struct partiql_planner *planner,
                                const struct key_schema *keys,
                                bool partition)
{
    const struct partiql_statement *statement = planner->statement;
    for (uint32_t i = 0; i < statement->order_count; i++) {
        struct slice name = statement->order[i].name;
        if (!slice_equal(name, keys->partition[0].name) &&
            (keys->sort_count == 0 || !slice_equal(name, keys->sort[0].name))) {
            return error_set(planner->err, ERROR_VALIDATION,
                             "Variable reference %.*s in ORDER BY clause must be part of the "
                             "primary key",
                             SLICE_ARGS(name));
        }
    }
    return statement->order_count == 0 || partition ||
           error_set(planner->err, ERROR_VALIDATION,
                     "Must have at least one non-optional hash key condition in WHERE clause when "
                     "using ORDER BY clause.");
}

bool partiql_plan_select(const struct partiql_statement *statement,
                         const struct key_schema *keys,
                         struct arena *arena,
                         struct partiql_select *select,
                         struct error *err)
{
    struct partiql_planner planner = {.statement = statement, .arena = arena, .err = err};
    struct partiql_select made = {0};
    struct partiql_key partition;
    struct partiql_key sort = {.sort = SORT_ANY};
    bool found = false;
    ensure(statement->verb == PARTIQL_SELECT || statement->verb == PARTIQL_EXISTS);
    if (!partiql_begin(&planner) ||
        !partiql_find_partition(&planner, &keys->partition[0], &partition, &found) ||
        !partiql_check_order(&planner, keys, found)) {
        return false;
    }
    if (found && keys->sort_count > 0 && !partiql_find_sort(&planner, &keys->sort[0], &sort)) {
        return false;
    }
    if (found) {
        partiql_conditions(&planner, keys, &partition, &sort, &made);
    }
    made.filter = partiql_rest(&planner, EXPRESSION_FILTER, NULL);
    *select = made;
    return true;
}

/* --- Writes ----------------------------------------------------------------------------------- */

static bool partiql_take_key(struct partiql_planner *planner,
                             const struct key_attribute *attribute,
                             struct member *member)
{
    member->value = (struct value){0};
    member->name = attribute->name;
    for (uint32_t i = 0; i < planner->parts_count; i++) {
        struct partiql_key key;
        if (!partiql_match(planner, planner->parts[i], attribute->name, &key) || key.in ||
            key.sort != SORT_EQ) {
            continue;
        }
        if (!partiql_key_type(planner, attribute, &key)) {
            return false;
        }
        if (member->value.type != VALUE_MISSING && !value_equal(member->value, key.values[0])) {
            return error_set(planner->err, ERROR_VALIDATION,
                             "Multiple conditions on same key %.*s. Only single item "
                             "Update/Insert/Delete are supported",
                             SLICE_ARGS(attribute->name));
        }
        member->value = key.values[0];
        planner->taken[i] = true;
    }
    return member->value.type != VALUE_MISSING ||
           error_set(planner->err, ERROR_VALIDATION,
                     "Where clause does not contain a mandatory equality on all key attributes");
}

static bool
partiql_take_keys(struct partiql_planner *planner, const struct key_schema *keys, struct slice *key)
{
    struct member members[2];
    size_t count = 1;
    if (!partiql_take_key(planner, &keys->partition[0], &members[0])) {
        return false;
    }
    if (keys->sort_count > 0 && !partiql_take_key(planner, &keys->sort[0], &members[count++])) {
        return false;
    }
    *key = value_make_map(planner->arena, members, count).payload;
    return true;
}

/* attribute_exists(partition key), or attribute_not_exists. */
static struct node *partiql_existence(const struct partiql_planner *planner,
                                      const struct key_schema *keys,
                                      enum node_kind kind)
{
    struct arena *arena = planner->arena;
    struct node *node = arena_zalloc(arena, 1, sizeof(*node));
    struct node *operand = arena_zalloc(arena, 1, sizeof(*operand));
    struct path *path = arena_zalloc(arena, 1, sizeof(*path));
    path->steps = arena_zalloc(arena, 1, sizeof(*path->steps));
    path->steps[0].name = keys->partition[0].name;
    path->count = 1;
    operand->kind = NODE_PATH;
    operand->path = path;
    node->kind = kind;
    parser_adopt(node, operand);
    return node;
}

static bool partiql_plan_insert(const struct partiql_planner *planner,
                                const struct key_schema *keys,
                                struct partiql_write *write)
{
    const struct key_attribute *parts[2] = {&keys->partition[0], &keys->sort[0]};
    for (uint32_t i = 0; i < 1 + (keys->sort_count > 0); i++) {
        struct value value;
        if (!item_find(planner->statement->item, parts[i]->name, &value)) {
            return error_set(planner->err, ERROR_VALIDATION,
                             "Key attribute should be present in the item: Key %.*s",
                             SLICE_ARGS(parts[i]->name));
        }
        struct partiql_key key = {SORT_EQ, &value, 1, false};
        if (!partiql_key_type(planner, parts[i], &key)) {
            return false;
        }
    }
    *write = (struct partiql_write){
        .item = planner->statement->item,
        .condition = partiql_condition_of(planner, EXPRESSION_CONDITION,
                                          partiql_existence(planner, keys, NODE_NOT_EXISTS)),
    };
    return true;
}

static bool partiql_plan_actions(const struct partiql_planner *planner, struct expression **update)
{
    const struct partiql_statement *statement = planner->statement;
    struct expression *made = partiql_expression(planner, EXPRESSION_UPDATE);
    struct program *program = made->program;
    program->actions = statement->actions;
    program->actions_count = statement->actions_count;
    program->paths = arena_zalloc(planner->arena, statement->actions_count, sizeof(struct path *));
    for (uint32_t i = 0; i < statement->actions_count; i++) {
        const struct action *action = &statement->actions[i];
        program->paths[program->paths_count++] = action->target;
        program->creates =
            program->creates || action->kind == ACTION_SET || action->kind == ACTION_ADD;
    }
    *update = made;
    if (!path_build_tree(program, planner->arena, planner->arena, planner->err)) {
        return false;
    }
    for (uint32_t i = 0; i < program->actions_count; i++) {
        const struct action *action = &program->actions[i];
        if (action->kind == ACTION_SET && !bind_arity(action->operand, planner->err)) {
            return false;
        }
    }
    const struct binding binding = {made, false, planner->arena};
    return bind_update(&binding, planner->err);
}

/* Are there conditions beside those on the key? */
static bool partiql_is_more(const struct partiql_planner *planner)
{
    for (uint32_t i = 0; i < planner->parts_count; i++) {
        if (!planner->taken[i]) {
            return true;
        }
    }
    return false;
}

bool partiql_plan_write(const struct partiql_statement *statement,
                        const struct key_schema *keys,
                        struct arena *arena,
                        struct partiql_write *write,
                        struct error *err)
{
    struct partiql_planner planner = {.statement = statement, .arena = arena, .err = err};
    struct partiql_write made = {0};
    struct node *first = NULL;
    ensure(!partiql_reads(statement));
    if (statement->verb == PARTIQL_INSERT) {
        return partiql_plan_insert(&planner, keys, write);
    }
    if (!partiql_begin(&planner) || !partiql_take_keys(&planner, keys, &made.item)) {
        return false;
    }
    if (statement->verb == PARTIQL_UPDATE) {
        if (!partiql_plan_actions(&planner, &made.update)) {
            return false;
        }
    }
    if (statement->verb == PARTIQL_EXISTS &&
        (!partiql_is_more(&planner) || statement->index.size > 0)) {
        return error_set(err, ERROR_VALIDATION,
                         "EXISTS() must contain a single item read with additional condition");
    }
    if (statement->verb != PARTIQL_DELETE) { /* Both are about an item that is there. */
        first = partiql_existence(&planner, keys, NODE_EXISTS);
    }
    made.condition = partiql_rest(&planner, EXPRESSION_CONDITION, first);
    *write = made;
    return true;
}

/* --- Columns ---------------------------------------------------------------------------------- */

struct slice
partiql_project(const struct partiql_statement *statement, struct slice image, struct arena *arena)
{
    if (statement->columns_count == 0) {
        return image;
    }
    struct member *members = arena_alloc(arena, statement->columns_count * sizeof(*members));
    size_t count = 0;
    for (uint32_t i = 0; i < statement->columns_count; i++) {
        const struct partiql_column *column = &statement->columns[i];
        if (path_find(column->path, image, &members[count].value)) {
            members[count++].name = column->name;
        }
    }
    return value_make_map(arena, members, count).payload;
}

static bool partiql_visit_nodes(const struct node *node, expression_visitor visitor, void *context)
{
    if (node->kind == NODE_PATH) {
        struct expression_path visited = {node->path->steps[0].name, node->path->count > 1};
        return visitor(context, &visited);
    }
    for (const struct node *inner = node->first; inner != NULL; inner = inner->next) {
        if (!partiql_visit_nodes(inner, visitor, context)) {
            return false;
        }
    }
    return true;
}

bool partiql_visit_columns(const struct partiql_statement *statement,
                           expression_visitor visitor,
                           void *context)
{
    for (uint32_t i = 0; i < statement->columns_count; i++) {
        const struct path *path = statement->columns[i].path;
        struct expression_path visited = {path->steps[0].name, path->count > 1};
        if (!visitor(context, &visited)) {
            return false;
        }
    }
    return statement->where == NULL || partiql_visit_nodes(statement->where, visitor, context);
}
