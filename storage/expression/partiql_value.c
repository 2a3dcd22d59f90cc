/* Literals and parameters as values. */
#include "proto/base/ensure.h"
#include "proto/value/sort.h"
#include "storage/expression/partiql_translate.h"

static const struct partiql_form *partiql_signed_number(const struct partiql_form *form)
{
    bool sign = form->kind == PARTIQL_OPERATOR && form->count == 1;
    return sign && form->first->kind == PARTIQL_NUMBER ? form->first : NULL;
}

bool partiql_is_value(const struct partiql_form *form)
{
    switch ((int)form->kind) {
    case PARTIQL_TRUE:
    case PARTIQL_FALSE:
    case PARTIQL_NULL:
    case PARTIQL_NUMBER:
    case PARTIQL_TEXT:
    case PARTIQL_PLACEHOLDER:
    case PARTIQL_LIST:
    case PARTIQL_BAG:
    case PARTIQL_STRUCT:
        return true;
    default:
        return partiql_signed_number(form) != NULL;
    }
}

const char *partiql_at(const struct partiql_translation *translation,
                       const struct partiql_token *token)
{
    return arena_printf(translation->arena, " at %u:%u:%u", token->line, token->column,
                        token->length);
}

/* root.x.1, or root.x[1]. */
static void partiql_print_place(struct buffer *to, const struct partiql_place *place, bool brackets)
{
    if (place == NULL) {
        buffer_append_text(to, "root");
        return;
    }
    partiql_print_place(to, place->outer, brackets); /* At most VALUE_DEPTH_MAX deep. */
    if (place->list) {
        buffer_printf(to, brackets ? "[%u]" : ".%u", place->index);
    } else {
        buffer_append_byte(to, '.');
        buffer_append_slice(to, place->name);
    }
}

static const char *partiql_place_text(const struct partiql_translation *translation,
                                      const struct partiql_place *place,
                                      bool brackets)
{
    struct buffer text;
    buffer_init(&text, translation->arena, 64);
    partiql_print_place(&text, place, brackets);
    buffer_append_byte(&text, 0);
    return (const char *)text.data;
}

static bool partiql_number_value(struct partiql_translation *translation,
                                 const struct partiql_form *form,
                                 bool negative,
                                 const struct partiql_place *place,
                                 struct value *value)
{
    struct decimal decimal;
    if (!decimal_parse(form->token->text, &decimal, translation->err)) {
        struct error bare = *translation->err;
        return error_set(translation->err, ERROR_VALIDATION, "%s under %s", bare.text,
                         partiql_place_text(translation, place, true));
    }
    if (negative && decimal.count > 0) {
        decimal.negative = !decimal.negative;
    }
    uint8_t *key = arena_alloc(translation->arena, DECIMAL_KEY_BYTES_MAX);
    *value = (struct value){VALUE_N, {key, decimal_to_key(&decimal, key)}};
    return true;
}

static uint32_t partiql_depth(struct value value)
{
    uint32_t deepest = 0;
    if (value.type == VALUE_M || value.type == VALUE_L) {
        struct value_walk walk;
        struct member member;
        value_walk_start(&walk, value);
        while (value_walk_next(&walk, &member)) {
            uint32_t depth = partiql_depth(member.value);
            deepest = depth > deepest ? depth : deepest;
        }
    }
    return deepest + 1;
}

static bool partiql_too_deep(struct partiql_translation *translation)
{
    return error_set(translation->err, ERROR_VALIDATION,
                     "Nesting Levels have exceeded supported limits: Attributes in the item have "
                     "nested levels beyond supported limit");
}

static bool partiql_parameter(struct partiql_translation *translation,
                              const struct partiql_form *form,
                              uint32_t level,
                              struct value *value)
{
    if (form->ordinal >= translation->parameters_count) {
        translation->too_few = true; /* Other faults are reported first. */
        *value = (struct value){.type = VALUE_NULL};
        return true;
    }
    *value = translation->parameters[form->ordinal];
    if (level > 1 && level + partiql_depth(*value) - 1 > VALUE_DEPTH_MAX) {
        return partiql_too_deep(translation);
    }
    return true;
}

/* At the top the service prints the text, further in the name of the form. */
static bool partiql_unsupported(struct partiql_translation *translation,
                                const struct partiql_form *form,
                                const struct partiql_place *place)
{
    const char *where = partiql_place_text(translation, place, false);
    if (form->kind == PARTIQL_PATH) {
        return error_set(translation->err, ERROR_VALIDATION,
                         "Unsupported data type: PATH under key %s", where);
    }
    struct slice name = form->token->text;
    if (place != NULL && form->kind == PARTIQL_MISSING) {
        name = SLICE_LITERAL("LiteralMissing");
    } else if (place != NULL && form->kind == PARTIQL_NAME) {
        name = SLICE_LITERAL("VariableReference");
    }
    return error_set(translation->err, ERROR_VALIDATION,
                     "Unsupported data type: %.*s under key %s%s", SLICE_ARGS(name), where,
                     partiql_at(translation, form->token));
}

static bool partiql_value_in(struct partiql_translation *translation,
                             const struct partiql_form *form,
                             const struct partiql_place *place,
                             uint32_t level,
                             struct value *value);

static bool partiql_list_value(struct partiql_translation *translation,
                               const struct partiql_form *form,
                               const struct partiql_place *place,
                               uint32_t level,
                               struct value *value)
{
    struct value *elements = arena_zalloc(translation->arena, form->count, sizeof(*elements));
    struct partiql_place inner = {.outer = place, .list = true};
    for (const struct partiql_form *at = form->first; at != NULL; at = at->next) {
        if (!partiql_value_in(translation, at, &inner, level + 1, &elements[inner.index])) {
            return false;
        }
        inner.index++;
    }
    *value = value_make_list(translation->arena, elements, form->count);
    return true;
}

static const char partiql_bag_text[] =
    "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags";

static bool partiql_bag_value(struct partiql_translation *translation,
                              const struct partiql_form *form,
                              const struct partiql_place *place,
                              uint32_t level,
                              struct value *value)
{
    struct error *err = translation->err;
    struct slice *elements = arena_zalloc(translation->arena, form->count, sizeof(*elements));
    struct partiql_place inner = {.outer = place, .list = true};
    enum value_type type = VALUE_MISSING;
    if (form->count == 0) {
        return error_set(err, ERROR_VALIDATION, "Empty bags are not supported%s",
                         partiql_at(translation, form->token));
    }
    for (const struct partiql_form *at = form->first; at != NULL; at = at->next) {
        struct value element = {0};
        bool scalar = partiql_is_value(at) && at->kind != PARTIQL_LIST && at->kind != PARTIQL_BAG &&
                      at->kind != PARTIQL_STRUCT;
        if (scalar && !partiql_value_in(translation, at, &inner, level + 1, &element)) {
            return false;
        }
        if (element.type != VALUE_S && element.type != VALUE_N && element.type != VALUE_B &&
            !translation->too_few) {
            return error_set(err, ERROR_VALIDATION, "%s%s", partiql_bag_text,
                             partiql_at(translation, at->token));
        }
        if (type != VALUE_MISSING && element.type != type && !translation->too_few) {
            return error_set(err, ERROR_VALIDATION, "%s", partiql_bag_text);
        }
        type = element.type;
        elements[inner.index++] = element.payload;
    }
    if (translation->too_few) { /* Refused in the end, whatever stands here. */
        *value = (struct value){.type = VALUE_NULL};
        return true;
    }
    struct slice duplicate;
    enum value_type set = type == VALUE_S ? VALUE_SS : type == VALUE_N ? VALUE_NS : VALUE_BS;
    return value_make_set(translation->arena, set, elements, form->count, value, &duplicate) ||
           error_set(err, ERROR_VALIDATION, "Input collection contains duplicates");
}

static const char *partiql_key_type(const struct partiql_form *form)
{
    switch ((int)form->kind) {
    case PARTIQL_NUMBER:
        return "INT";
    case PARTIQL_TRUE:
    case PARTIQL_FALSE:
        return "BOOL";
    case PARTIQL_NULL:
        return "NULL";
    case PARTIQL_PLACEHOLDER:
        return "Parameter";
    case PARTIQL_PATH:
        return "Path";
    default:
        return "VariableReference";
    }
}

static int partiql_compare_keys(const void *left, const void *right)
{
    const struct partiql_form *a = *(const struct partiql_form *const *)left;
    const struct partiql_form *b = *(const struct partiql_form *const *)right;
    int order = slice_compare(a->token->text, b->token->text);
    if (order != 0) {
        return order;
    }
    return (a->token > b->token) - (a->token < b->token);
}

/* Of an item's own names the error points at the second one, further inside at the struct. */
static bool partiql_check_keys(struct partiql_translation *translation,
                               const struct partiql_form *form,
                               bool item)
{
    uint32_t count = form->count / 2;
    const struct partiql_form **keys =
        arena_zalloc(translation->arena, count, sizeof(struct partiql_form *));
    uint32_t filled = 0;
    for (const struct partiql_form *key = form->first; key != NULL; key = key->next->next) {
        if (key->kind != PARTIQL_TEXT) {
            return error_set(translation->err, ERROR_VALIDATION,
                             "Tuple keys must be of type String. Actual type: %s under root%s",
                             partiql_key_type(key), partiql_at(translation, key->token));
        }
        keys[filled++] = key;
    }
    qsort(keys, count, sizeof(struct partiql_form *), partiql_compare_keys);
    for (uint32_t i = 1; i < count; i++) {
        if (slice_equal(keys[i]->token->text, keys[i - 1]->token->text)) {
            return error_set(translation->err, ERROR_VALIDATION,
                             "Duplicate keys in tuple. Key: %.*s under root%s",
                             SLICE_ARGS(keys[i]->token->text),
                             partiql_at(translation, item ? keys[i]->token : form->token));
        }
    }
    return true;
}

static bool partiql_struct_value(struct partiql_translation *translation,
                                 const struct partiql_form *form,
                                 const struct partiql_place *place,
                                 uint32_t level,
                                 struct value *value)
{
    uint32_t count = form->count / 2;
    struct member *members = arena_zalloc(translation->arena, count, sizeof(*members));
    ensure(form->count % 2 == 0);
    if (!partiql_check_keys(translation, form, level == 0)) {
        return false;
    }
    uint32_t filled = 0;
    for (const struct partiql_form *key = form->first; key != NULL; key = key->next->next) {
        struct partiql_place inner = {.outer = place, .name = key->token->text};
        struct member *member = &members[filled++];
        /* Of an item each attribute's value is a root of its own. */
        if (!partiql_value_in(translation, key->next, level == 0 ? NULL : &inner, level + 1,
                              &member->value)) {
            return false;
        }
        member->name = key->token->text;
    }
    *value = value_make_map(translation->arena, members, count);
    return true;
}

static bool partiql_value_in(struct partiql_translation *translation,
                             const struct partiql_form *form,
                             const struct partiql_place *place,
                             uint32_t level,
                             struct value *value)
{
    const struct partiql_form *number = partiql_signed_number(form);
    if (level > VALUE_DEPTH_MAX) {
        return partiql_too_deep(translation);
    }
    if (number != NULL) {
        bool negative = form->token->kind == PARTIQL_TOKEN_MINUS;
        return partiql_number_value(translation, number, negative, place, value);
    }
    switch ((int)form->kind) {
    case PARTIQL_TRUE:
    case PARTIQL_FALSE:
        *value = value_make_bool(form->kind == PARTIQL_TRUE);
        return true;
    case PARTIQL_NULL:
        *value = (struct value){.type = VALUE_NULL};
        return true;
    case PARTIQL_TEXT:
        *value = (struct value){VALUE_S, form->token->text};
        return true;
    case PARTIQL_NUMBER:
        return partiql_number_value(translation, form, false, place, value);
    case PARTIQL_PLACEHOLDER:
        return partiql_parameter(translation, form, level, value);
    case PARTIQL_LIST:
        return partiql_list_value(translation, form, place, level, value);
    case PARTIQL_BAG:
        return partiql_bag_value(translation, form, place, level, value);
    case PARTIQL_STRUCT:
        return partiql_struct_value(translation, form, place, level, value);
    default:
        return partiql_unsupported(translation, form, place);
    }
}

bool partiql_value(struct partiql_translation *translation,
                   const struct partiql_form *form,
                   struct value *value)
{
    return partiql_value_in(translation, form, NULL, 1, value);
}

bool partiql_item(struct partiql_translation *translation,
                  const struct partiql_form *form,
                  struct slice *image)
{
    struct value item;
    ensure(form->kind == PARTIQL_STRUCT);
    for (const struct partiql_form *key = form->first; key != NULL; key = key->next->next) {
        if (key->token->text.size == 0 && key->kind == PARTIQL_TEXT) {
            return error_set(translation->err, ERROR_VALIDATION,
                             "Path component cannot be an empty string");
        }
    }
    if (!partiql_struct_value(translation, form, NULL, 0, &item)) {
        return false;
    }
    *image = item.payload;
    return true;
}
