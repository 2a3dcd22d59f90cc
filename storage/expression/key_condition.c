/* Key conditions: what shape a condition must have to address a key, and what it then says.
 *
 * The shape is checked when the expression is compiled (bind_key_condition): comparisons and
 * begins_with joined by AND, each of one top-level attribute and values. What the attributes mean
 * is known only with the schema (expression_key_condition). */
#include "storage/expression/program.h"

/* One condition: attribute OP values. */
struct key_part {
    struct slice name;
    enum sort_operator sort;
    const struct node *low;
    const struct node *high; /* BETWEEN only. */
};

static bool key_invalid_operator(const struct node *node, struct error *err)
{
    return error_set(err, ERROR_VALIDATION, "Invalid operator used in KeyConditionExpression: %s",
                     node_kind_name(node->kind));
}

static bool key_attribute_first(const struct node *node, struct error *err)
{
    if (node->first->kind == NODE_PATH) {
        return true;
    }
    return error_set(err, ERROR_VALIDATION,
                     "Invalid condition in KeyConditionExpression: %s operator must have the key "
                     "attribute as its first operand",
                     node_kind_name(node->kind));
}

/* Exactly one operand is the attribute, and it is not nested. */
static bool key_check_operands(const struct node *node, struct error *err)
{
    uint32_t paths = 0;
    for (const struct node *operand = node->first; operand != NULL; operand = operand->next) {
        if (operand->kind == NODE_SIZE) {
            return error_set(err, ERROR_VALIDATION,
                             "Invalid KeyConditionExpression: KeyConditionExpressions cannot "
                             "contain nested operations");
        }
        if (operand->kind != NODE_PATH) {
            continue;
        }
        if (++paths > 1) {
            return error_set(err, ERROR_VALIDATION,
                             "Invalid condition in KeyConditionExpression: Multiple attribute "
                             "names used in one condition");
        }
        if (operand->path->count > 1) {
            return error_set(err, ERROR_VALIDATION,
                             "Invalid KeyConditionExpression: KeyConditionExpressions cannot have "
                             "conditions on nested attributes");
        }
    }
    if (paths == 0) {
        return error_set(err, ERROR_VALIDATION,
                         "Invalid condition in KeyConditionExpression: No key attribute "
                         "specified");
    }
    return true;
}

/* The recursion is as deep as the text nests: EXPRESSION_NESTING_MAX. */
static bool key_check_shape(const struct node *node, struct error *err)
{
    switch ((int)node->kind) {
    case NODE_AND:
        for (const struct node *part = node->first; part != NULL; part = part->next) {
            if (!key_check_shape(part, err)) {
                return false;
            }
        }
        return true;
    case NODE_BETWEEN:
    case NODE_BEGINS_WITH:
        return key_attribute_first(node, err) && key_check_operands(node, err);
    case NODE_EQ:
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return key_check_operands(node, err);
    default:
        return key_invalid_operator(node, err);
    }
}

static const struct node *key_attribute_of(const struct node *leaf)
{
    return leaf->first->kind == NODE_PATH ? leaf->first : leaf->last;
}

bool bind_key_condition(const struct binding *binding, struct error *err)
{
    const struct program *program = binding->expression->program;
    if (!key_check_shape(program->root, err)) {
        return false;
    }
    for (uint32_t two = 1; two < program->leaves_count; two++) {
        for (uint32_t one = 0; one < two; one++) {
            if (path_equal(key_attribute_of(program->leaves[one])->path,
                           key_attribute_of(program->leaves[two])->path)) {
                return error_set(err, ERROR_VALIDATION,
                                 "Invalid KeyConditionExpression: KeyConditionExpressions must "
                                 "only contain one condition per key");
            }
        }
    }
    return true;
}

/* `:v < s` says `s > :v`. */
static enum sort_operator key_sort_operator(enum node_kind kind, bool swapped)
{
    switch ((int)kind) {
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
        ensure(kind == NODE_EQ);
        return SORT_EQ;
    }
}

static bool key_find_part(const struct program *program, struct slice name, struct key_part *part)
{
    for (uint32_t i = 0; i < program->leaves_count; i++) {
        const struct node *leaf = program->leaves[i];
        const struct node *attribute = key_attribute_of(leaf);
        if (!slice_equal(attribute->path->steps[0].name, name)) {
            continue;
        }
        bool swapped = attribute != leaf->first;
        *part = (struct key_part){
            .name = name,
            .sort = key_sort_operator(leaf->kind, swapped),
            .low = swapped ? leaf->first : leaf->first->next,
            .high = leaf->kind == NODE_BETWEEN ? leaf->last : NULL,
        };
        return true;
    }
    return false;
}

/* What could be no key is refused rather than not found. */
static bool key_check_size(const struct key_attribute *attribute,
                           struct value value,
                           bool partition,
                           struct error *err)
{
    if (value.type == VALUE_N) { /* Neither empty nor long. */
        return true;
    }
    if (value.payload.size == 0) {
        return error_set(err, ERROR_VALIDATION,
                         "One or more parameter values are not valid. The AttributeValue for a "
                         "key attribute cannot contain an empty %s value. Key: %.*s",
                         value.type == VALUE_S ? "string" : "binary", SLICE_ARGS(attribute->name));
    }
    if (partition && value.payload.size > PARTITION_KEY_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "One or more parameter values were invalid: Size of hashkey has exceeded "
                         "the maximum size limit of%d bytes",
                         PARTITION_KEY_BYTES_MAX);
    }
    return partition || value.payload.size <= SORT_KEY_BYTES_MAX ||
           error_set(err, ERROR_VALIDATION,
                     "One or more parameter values were invalid: Aggregated size of all range keys "
                     "has exceeded the size limit of %d bytes",
                     SORT_KEY_BYTES_MAX);
}

static bool key_take_value(const struct expression *expression,
                           const struct node *node,
                           const struct key_attribute *attribute,
                           bool partition,
                           struct value *value,
                           struct error *err)
{
    ensure(node->kind == NODE_VALUE);
    *value = expression->values[node->value];
    if (value->type != attribute->type) {
        return error_set(err, ERROR_VALIDATION,
                         "One or more parameter values were invalid: Condition parameter type "
                         "does not match schema type");
    }
    return key_check_size(attribute, *value, partition, err);
}

static bool key_missed(const struct key_attribute *attribute, struct error *err)
{
    return error_set(err, ERROR_VALIDATION, "Query condition missed key schema element: %.*s",
                     SLICE_ARGS(attribute->name));
}

static bool key_not_supported(struct error *err)
{
    return error_set(err, ERROR_VALIDATION, "Query key condition not supported");
}

static bool key_take_partition(const struct expression *expression,
                               const struct key_attribute *attribute,
                               struct value *value,
                               struct error *err)
{
    struct key_part part;
    if (!key_find_part(expression->program, attribute->name, &part)) {
        return key_missed(attribute, err);
    }
    return part.sort == SORT_EQ ? key_take_value(expression, part.low, attribute, true, value, err)
                                : key_not_supported(err);
}

/* The last of the sort attributes that are named. */
static bool key_take_sort(const struct expression *expression,
                          const struct key_attribute *attribute,
                          const struct key_part *part,
                          struct key_condition *condition,
                          struct error *err)
{
    if (part->sort == SORT_BEGINS_WITH && attribute->type == VALUE_N) {
        return key_not_supported(err);
    }
    condition->sort = part->sort;
    return key_take_value(expression, part->low, attribute, false, &condition->low, err) &&
           (part->high == NULL ||
            key_take_value(expression, part->high, attribute, false, &condition->high, err));
}

/* Of the sort attributes in front of the last named one, all must be held equal. */
static bool key_check_gaps(const struct key_schema *schema,
                           const struct key_part *parts,
                           uint32_t last,
                           struct error *err)
{
    char names[KEY_PARTS_MAX * (KEY_NAME_BYTES_MAX + 2) + 1]; /* Every query comes by. */
    size_t size = 0;
    for (uint32_t i = 0; i < last; i++) {
        if (parts[i].name.size == 0 || parts[i].sort != SORT_EQ) {
            int more = snprintf(names + size, sizeof(names) - size, "%s%.*s", size > 0 ? ", " : "",
                                SLICE_ARGS(schema->sort[i].name));
            ensure(more > 0 && (size_t)more < sizeof(names) - size);
            size += (size_t)more;
        }
    }
    return size == 0 || error_set(err, ERROR_VALIDATION,
                                  "RANGE key attributes %s must have equality conditions specified "
                                  "in the query because a condition is present on key attribute "
                                  "%.*s",
                                  names, SLICE_ARGS(schema->sort[last].name));
}

/* The `named` conditions that are left once the partition has its own. */
static bool key_take_sorts(const struct expression *expression,
                           const struct key_schema *schema,
                           uint32_t named,
                           struct key_condition *condition,
                           struct error *err)
{
    struct key_part parts[KEY_PARTS_MAX] = {{.name = {NULL, 0}}};
    const struct key_attribute *unnamed = NULL;
    uint32_t found = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < schema->sort_count; i++) {
        if (key_find_part(expression->program, schema->sort[i].name, &parts[i])) {
            found++;
            last = i;
        } else if (unnamed == NULL) {
            unnamed = &schema->sort[i];
        }
    }
    if (found < named) { /* The others are of no key attribute. */
        ensure(unnamed != NULL);
        return key_missed(unnamed, err);
    }
    if (found == 0) {
        return true;
    }
    if (!key_check_gaps(schema, parts, last, err)) {
        return false;
    }
    for (uint32_t i = 0; i < last; i++) {
        if (!key_take_value(expression, parts[i].low, &schema->sort[i], false, &condition->equal[i],
                            err)) {
            return false;
        }
    }
    condition->equal_count = last;
    return key_take_sort(expression, &schema->sort[last], &parts[last], condition, err);
}

bool expression_key_condition(const struct expression *expression,
                              const struct key_schema *schema,
                              struct key_condition *condition,
                              struct error *err)
{
    uint32_t named = expression->program->leaves_count;
    uint32_t attributes = schema->partition_count + schema->sort_count;
    struct key_condition made = {.sort = SORT_ANY};
    ensure(expression->program->kind == EXPRESSION_KEY_CONDITION);
    ensure(schema->partition_count >= 1 && schema->partition_count <= KEY_PARTS_MAX);
    ensure(schema->sort_count <= KEY_PARTS_MAX);
    if (named > attributes) {
        return error_set(err, ERROR_VALIDATION,
                         "The number of query conditions (%u) exceeds the number of key "
                         "attributes defined in the schema (%u)",
                         named, attributes);
    }
    for (uint32_t i = 0; i < schema->partition_count; i++) {
        if (!key_take_partition(expression, &schema->partition[i], &made.partition[i], err)) {
            return false;
        }
    }
    if (!key_take_sorts(expression, schema, named - schema->partition_count, &made, err)) {
        return false;
    }
    *condition = made;
    return true;
}
