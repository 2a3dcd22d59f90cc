/* Conditions on the stored form of an item. Nothing is allocated and no tree is built: equality is
 * byte equality, and S, B and N order by memcmp, because the stored form is canonical.
 *
 * A missing operand makes everything false but `<>`, which is the exact opposite of `=`. Damaged
 * bytes are found by nothing and so count as missing. The recursion is as deep as the text nests:
 * EXPRESSION_NESTING_MAX. */
#include "storage/expression/program.h"

/* Length as Java counts it, in UTF-16 code units: two for what takes four bytes of UTF-8. */
static uint64_t evaluate_text_length(struct slice text)
{
    uint64_t units = 0;
    for (size_t i = 0; i < text.size; i++) {
        units += (text.data[i] & 0xc0) != 0x80;
        units += text.data[i] >= 0xf0;
    }
    return units;
}

static bool evaluate_length(struct value value, uint64_t *length)
{
    switch (value.type) {
    case VALUE_S:
        *length = evaluate_text_length(value.payload);
        return true;
    case VALUE_B:
        *length = value.payload.size;
        return true;
    case VALUE_M:
    case VALUE_L:
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        *length = value_count(value);
        return true;
    case VALUE_MISSING:
    case VALUE_N:
    case VALUE_BOOL:
    case VALUE_NULL:
    case VALUE_TYPES:
        break;
    }
    return false;
}

static size_t evaluate_number(uint64_t number, uint8_t key[static DECIMAL_KEY_BYTES_MAX])
{
    struct decimal decimal = {0};
    uint8_t reversed[20]; /* 2^64 has 20 digits. */
    uint8_t count = 0;
    for (; number > 0; number /= 10) {
        reversed[count++] = (uint8_t)(number % 10);
    }
    if (count > 0) {
        decimal.exponent = (int16_t)(count - 1);
    }
    for (uint8_t i = 0; i < count; i++) {
        decimal.digits[i] = reversed[count - 1 - i];
        if (decimal.digits[i] != 0) {
            decimal.count = (uint8_t)(i + 1); /* Trailing zeros do not count. */
        }
    }
    return decimal_to_key(&decimal, key);
}

static void evaluate_size(const struct expression *expression,
                          const struct node *node,
                          struct slice image,
                          struct operand *operand)
{
    struct operand inner;
    uint64_t length;
    evaluate_operand(expression, node->first, image, &inner);
    if (!evaluate_length(inner.value, &length)) {
        operand->value = (struct value){0};
        return;
    }
    size_t size = evaluate_number(length, operand->number);
    operand->value = (struct value){VALUE_N, {operand->number, size}};
}

void evaluate_operand(const struct expression *expression,
                      const struct node *node,
                      struct slice image,
                      struct operand *operand)
{
    if (node->kind == NODE_VALUE) {
        operand->value = expression->values[node->value];
    } else if (node->kind == NODE_SIZE) {
        evaluate_size(expression, node, image, operand);
    } else {
        ensure(node->kind == NODE_PATH);
        if (!path_find(node->path, image, &operand->value)) {
            operand->value = (struct value){0};
        }
    }
}

static bool evaluate_equal(struct value a, struct value b)
{
    return a.type != VALUE_MISSING && value_equal(a, b);
}

static bool evaluate_has_order(enum value_type type)
{
    return type == VALUE_S || type == VALUE_N || type == VALUE_B;
}

static bool evaluate_ordering(enum node_kind kind, struct value a, struct value b)
{
    if (a.type != b.type || !evaluate_has_order(a.type)) {
        return false;
    }
    int order = slice_compare(a.payload, b.payload);
    return kind == NODE_LT   ? order < 0
           : kind == NODE_LE ? order <= 0
           : kind == NODE_GT ? order > 0
                             : order >= 0;
}

static bool evaluate_contains(struct value container, struct value element)
{
    if (element.type == VALUE_MISSING) {
        return false;
    }
    if (container.type == VALUE_S || container.type == VALUE_B) {
        return element.type == container.type &&
               (element.payload.size == 0 ||
                (container.payload.size > 0 &&
                 memmem(container.payload.data, container.payload.size, element.payload.data,
                        element.payload.size) != NULL));
    }
    if (container.type != VALUE_L) {
        return value_set_has(container, element);
    }
    struct value_walk walk;
    struct member member;
    value_walk_start(&walk, container);
    while (value_walk_next(&walk, &member)) {
        if (value_equal(member.value, element)) {
            return true;
        }
    }
    return false;
}

static bool evaluate_binary(enum node_kind kind, struct value a, struct value b)
{
    bool texts = a.type == b.type && (a.type == VALUE_S || a.type == VALUE_B);
    switch ((int)kind) {
    case NODE_EQ:
        return evaluate_equal(a, b);
    case NODE_NE:
        return !evaluate_equal(a, b);
    case NODE_CONTAINS:
        return evaluate_contains(a, b);
    case NODE_BEGINS_WITH:
        return texts && slice_starts_with(a.payload, b.payload);
    case NODE_TYPE:
        ensure(b.type == VALUE_S); /* Checked when the values were bound. */
        return a.type != VALUE_MISSING && slice_is(b.payload, value_type_name(a.type));
    default: /* The ordering ones; evaluate_leaf knows no others. */
        return evaluate_ordering(kind, a, b);
    }
}

static bool evaluate_in(const struct expression *expression,
                        const struct node *node,
                        struct slice image,
                        struct value left)
{
    for (const struct node *member = node->first->next; member != NULL; member = member->next) {
        struct operand right;
        evaluate_operand(expression, member, image, &right);
        if (evaluate_equal(left, right.value)) {
            return true;
        }
    }
    return false;
}

static bool
evaluate_leaf(const struct expression *expression, const struct node *node, struct slice image)
{
    struct operand left;
    evaluate_operand(expression, node->first, image, &left);
    if (node->kind == NODE_EXISTS || node->kind == NODE_NOT_EXISTS) {
        return (left.value.type != VALUE_MISSING) == (node->kind == NODE_EXISTS);
    }
    if (node->kind == NODE_IN) {
        return evaluate_in(expression, node, image, left.value);
    }
    struct operand right;
    evaluate_operand(expression, node->first->next, image, &right);
    if (node->kind != NODE_BETWEEN) {
        return evaluate_binary(node->kind, left.value, right.value);
    }
    struct operand high;
    evaluate_operand(expression, node->last, image, &high);
    return evaluate_ordering(NODE_GE, left.value, right.value) &&
           evaluate_ordering(NODE_LE, left.value, high.value);
}

static bool
evaluate_condition(const struct expression *expression, const struct node *node, struct slice image)
{
    if (node->kind < NODE_AND) {
        return evaluate_leaf(expression, node, image);
    }
    if (node->kind == NODE_NOT) {
        return evaluate_condition(expression, node->first, image) != node->negates;
    }
    ensure(node->kind == NODE_AND || node->kind == NODE_OR);
    bool decisive = node->kind == NODE_OR;
    for (const struct node *part = node->first; part != NULL; part = part->next) {
        if (evaluate_condition(expression, part, image) == decisive) {
            return decisive;
        }
    }
    return !decisive;
}

bool expression_test(const struct expression *expression, struct slice image)
{
    const struct program *program = expression->program;
    ensure(program->kind == EXPRESSION_CONDITION || program->kind == EXPRESSION_FILTER);
    return evaluate_condition(expression, program->root, image);
}

uint64_t expression_effort(const struct expression *expression, size_t image_bytes)
{
    const struct program *program = expression->program;
    uint64_t effort = (uint64_t)program->paths_count * image_bytes;
    for (uint32_t i = 0; i < program->values_count; i++) {
        effort += expression->values[i].payload.size;
    }
    return effort;
}
