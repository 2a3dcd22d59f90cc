/* Applying an update: one merge of the item with the tree of the targets.
 *
 * Members of the item and branches of the tree both ascend by name (in lists: by index), so the new
 * image is written front to back: bytes between targets are copied as they are, a target's own
 * bytes are replaced, left out or put in, and a map or list on the way to a target is written again
 * around it. Nothing else is decoded.
 *
 *     old   | a | b | c        | d | e |
 *     tree      b     c.x, c.y           f          b: REMOVE, c.x: SET, c.y: SET, f: SET
 *     new   | a |   c { .. }   | d | e | f |
 *
 * A container must be there and of the right type for its targets to be reached: otherwise the
 * update is refused. Indexes refer to the old list; those past its end append in their order. */
#include "storage/expression/update.h"

enum { ITEM_BYTES_SURE = ITEM_BYTES_MAX / 2 }; /* Of an image: see update_check_size. */

struct update {
    const struct effect *effects;
    const struct program *program;
    struct arena *arena;
    struct error *err;
};

/* A container that is being written: room for its count is left in front. */
struct update_writer {
    struct buffer to;
    uint64_t count;
    const uint8_t *run; /* Old bytes not yet copied start here. */
};

static void update_writer_init(struct update_writer *writer,
                               struct arena *arena,
                               const uint8_t *first,
                               size_t size)
{
    *writer = (struct update_writer){.run = first};
    buffer_init(&writer->to, arena, VARINT_BYTES_MAX + size + 256);
    buffer_reserve(&writer->to, VARINT_BYTES_MAX);
    writer->to.size = VARINT_BYTES_MAX;
}

/* Copy the old bytes up to `end`; the next copy starts at `resume`. */
static void
update_writer_copy(struct update_writer *writer, const uint8_t *end, const uint8_t *resume)
{
    if (end > writer->run) {
        buffer_append(&writer->to, writer->run, (size_t)(end - writer->run));
    }
    writer->run = resume;
}

static void update_writer_put(struct update_writer *writer,
                              const struct branch *branch,
                              bool list,
                              struct value value)
{
    if (!list) {
        buffer_append_varint(&writer->to, branch->name.size);
        buffer_append_slice(&writer->to, branch->name);
    }
    value_append(&writer->to, value);
    writer->count++;
}

static struct slice update_writer_finish(struct update_writer *writer)
{
    size_t size = varint_size(writer->count);
    uint8_t *from = writer->to.data + VARINT_BYTES_MAX - size;
    put_varint(from, writer->count);
    return (struct slice){from, writer->to.size - VARINT_BYTES_MAX + size};
}

static bool update_invalid_path(const struct update *update)
{
    return error_set(update->err, ERROR_VALIDATION,
                     "The document path provided in the update expression is invalid for update");
}

static bool update_too_deep(const struct update *update)
{
    return error_set(update->err, ERROR_VALIDATION,
                     "Nesting Levels have exceeded supported limits: Attributes in the item have "
                     "nested levels beyond supported limit");
}

/* Does the value fit into `levels` levels? */
static bool update_fits(struct value value, uint32_t levels)
{
    struct value_walk walk;
    struct member member;
    if (levels == 0) {
        return false;
    }
    if (value.type != VALUE_M && value.type != VALUE_L) {
        return true;
    }
    value_walk_start(&walk, value);
    while (value_walk_next(&walk, &member)) {
        if (!update_fits(member.value, levels - 1)) {
            return false;
        }
    }
    return true;
}

static bool update_container(const struct update *update,
                             const struct branch *branch,
                             struct value old,
                             uint32_t level,
                             struct value *made);

/* Write what becomes of one target, or of a container on the way to one, in the place of `old`
 * (MISSING: it is not there). The container is at `level`; the item itself is level 0. */
static bool update_branch(const struct update *update,
                          struct update_writer *writer,
                          const struct branch *branch,
                          bool list,
                          struct value old,
                          uint32_t level)
{
    struct value made = old;
    if (branch->leaf) {
        const struct effect *effect = &update->effects[branch->leaf_number];
        if (effect->kind == EFFECT_REMOVE ||
            (effect->kind == EFFECT_NONE && old.type == VALUE_MISSING)) {
            return true;
        }
        if (effect->kind == EFFECT_SET) {
            made = effect->value;
            /* What is set at the top is a value of the request or of the item: it fits. */
            if (level > 0 && !update_fits(made, VALUE_DEPTH_MAX - level)) {
                return update_too_deep(update);
            }
        }
    } else if (!update_container(update, branch, old, level + 1, &made)) {
        return false;
    }
    update_writer_put(writer, branch, list, made);
    return true;
}

/* The walk stands on an old member that was just taken; `start` is where its bytes begin. Branches
 * in front of it are new members; the one of its name replaces it. */
static bool update_member(const struct update *update,
                          struct update_writer *writer,
                          const struct branch *branch,
                          uint32_t *at,
                          const struct member *member,
                          const uint8_t *start,
                          const uint8_t *end,
                          uint32_t level)
{
    int order = 1;
    while (*at < branch->count &&
           (order = slice_compare(branch->children[*at].name, member->name)) <= 0) {
        update_writer_copy(writer, start, order == 0 ? end : start);
        struct value old = order == 0 ? member->value : (struct value){0};
        if (!update_branch(update, writer, &branch->children[(*at)++], false, old, level)) {
            return false;
        }
        if (order == 0) {
            return true;
        }
    }
    writer->count++; /* Untouched: part of the run. */
    return true;
}

static bool update_map(const struct update *update,
                       const struct branch *branch,
                       struct value_walk *walk,
                       struct update_writer *writer,
                       uint32_t level)
{
    struct member member;
    uint32_t at = 0;
    for (;;) {
        const uint8_t *start = walk->left.data;
        if (at == branch->count) { /* The rest is untouched. */
            writer->count += walk->count;
            update_writer_copy(writer, start + walk->left.size, NULL);
            return true;
        }
        if (!value_walk_next(walk, &member)) {
            update_writer_copy(writer, start, NULL);
            break;
        }
        if (!update_member(update, writer, branch, &at, &member, start, walk->left.data, level)) {
            return false;
        }
    }
    for (; at < branch->count; at++) {
        if (!update_branch(update, writer, &branch->children[at], false, (struct value){0},
                           level)) {
            return false;
        }
    }
    return true;
}

static bool update_list(const struct update *update,
                        const struct branch *branch,
                        struct value_walk *walk,
                        struct update_writer *writer,
                        uint32_t level)
{
    struct member member;
    uint32_t at = 0;
    for (uint64_t i = 0; at < branch->count; i++) {
        const struct branch *child = &branch->children[at];
        const uint8_t *start = walk->left.data;
        if (!value_walk_next(walk, &member)) {
            break;
        }
        if (child->index != i) {
            writer->count++;
            continue;
        }
        update_writer_copy(writer, start, walk->left.data);
        if (!update_branch(update, writer, child, true, member.value, level)) {
            return false;
        }
        at++;
    }
    writer->count += walk->count;
    update_writer_copy(writer, walk->left.data + walk->left.size, NULL);
    for (; at < branch->count; at++) {
        if (!update_branch(update, writer, &branch->children[at], true, (struct value){0}, level)) {
            return false;
        }
    }
    return true;
}

/* The recursion is as deep as paths: EXPRESSION_PATH_DEPTH_MAX. */
static bool update_container(const struct update *update,
                             const struct branch *branch,
                             struct value old,
                             uint32_t level,
                             struct value *made)
{
    enum value_type wanted = branch->list ? VALUE_L : VALUE_M;
    struct value_walk walk;
    struct update_writer writer;
    if (old.type != wanted) {
        return update_invalid_path(update);
    }
    value_walk_start(&walk, old);
    update_writer_init(&writer, update->arena, walk.left.data, walk.left.size);
    if (branch->list ? !update_list(update, branch, &walk, &writer, level)
                     : !update_map(update, branch, &walk, &writer, level)) {
        return false;
    }
    if (walk.broken) {
        return error_set(update->err, ERROR_CORRUPT, "stored item does not decode");
    }
    *made = (struct value){wanted, update_writer_finish(&writer)};
    return true;
}

/* DynamoDB's count of an image is less than twice its bytes, so that a small one needs no count: a
 * name, text or binary counts its bytes, and a number at most 21 where its key form takes half. */
static bool update_check_size(struct slice image, struct error *err)
{
    if (image.size <= ITEM_BYTES_SURE || item_size(image) <= ITEM_BYTES_MAX) {
        return true;
    }
    return update_too_large(err);
}

bool expression_update(const struct expression *expression,
                       struct slice image,
                       bool exists,
                       struct arena *arena,
                       struct slice *updated,
                       bool *creates,
                       struct error *err)
{
    const struct program *program = expression->program;
    ensure(program->kind == EXPRESSION_UPDATE);
    struct effect *effects = arena_alloc(arena, program->actions_count * sizeof(*effects));
    if (!update_effects(expression, image, arena, effects, err)) {
        return false;
    }
    const struct update update = {effects, program, arena, err};
    struct value item = {VALUE_M, image};
    struct value made = {0};
    if (image.size == 0) {
        item = value_make_map(arena, NULL, 0);
    }
    if (!update_container(&update, &program->tree, item, 0, &made) ||
        !update_check_size(made.payload, err)) {
        return false;
    }
    *updated = made.payload;
    *creates = exists || program->creates;
    return true;
}
