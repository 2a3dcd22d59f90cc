/* Document paths: lookup in a stored item, comparison, and the tree of several paths.
 *
 * Of the paths of a projection, or the targets of an update, none may be the beginning of another
 * (overlap), and none may take as a list what another takes as a map (conflict). In sorted order
 * such a pair makes neighbours that are at fault too, so one pass tells whether there is any; only
 * then all pairs are tried, to report the first one of the text. */
#include "storage/expression/program.h"

bool path_find(const struct path *path, struct slice image, struct value *found)
{
    struct value at = {VALUE_M, image};
    if (image.size == 0) {
        return false; /* No item at all. */
    }
    for (uint32_t i = 0; i < path->count; i++) {
        const struct step *step = &path->steps[i];
        struct value inner;
        if (step->is_index) {
            if (at.type != VALUE_L || !value_at(at, step->index, &inner)) {
                return false;
            }
        } else if (at.type != VALUE_M || !value_find(at, step->name, &inner)) {
            return false;
        }
        at = inner;
    }
    *found = at;
    return true;
}

/* Indexes before names; then by value. */
static int path_compare_steps(const struct step *a, const struct step *b)
{
    if (a->is_index != b->is_index) {
        return a->is_index ? -1 : 1;
    }
    if (a->is_index) {
        return (a->index > b->index) - (a->index < b->index);
    }
    return slice_compare(a->name, b->name);
}

bool path_equal(const struct path *a, const struct path *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        if (path_compare_steps(&a->steps[i], &b->steps[i]) != 0) {
            return false;
        }
    }
    return true;
}

const char *path_print(const struct path *path, struct arena *arena)
{
    struct buffer text;
    buffer_init(&text, arena, 64);
    buffer_append_text(&text, "[");
    for (uint32_t i = 0; i < path->count; i++) {
        const struct step *step = &path->steps[i];
        buffer_append_text(&text, i > 0 ? ", " : "");
        if (step->is_index) {
            buffer_printf(&text, "[%u]", step->index);
        } else {
            buffer_append_slice(&text, step->name);
        }
    }
    buffer_append(&text, "]", sizeof("]"));
    return (const char *)text.data;
}

enum path_relation { PATHS_APART, PATHS_OVERLAP, PATHS_CONFLICT };

static enum path_relation path_relate(const struct path *a, const struct path *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        if (a->steps[i].is_index != b->steps[i].is_index) {
            return PATHS_CONFLICT;
        }
        if (path_compare_steps(&a->steps[i], &b->steps[i]) != 0) {
            return PATHS_APART;
        }
    }
    return PATHS_OVERLAP;
}

/* An overlap anywhere is reported before any conflict. */
static bool path_report_fault(const struct program *program, struct arena *arena, struct error *err)
{
    static const struct {
        enum path_relation relation;
        const char *verb;
    } faults[] = {{PATHS_OVERLAP, "overlap"}, {PATHS_CONFLICT, "conflict"}};
    for (size_t f = 0; f < ARRAY_COUNT(faults); f++) {
        for (uint32_t two = 1; two < program->paths_count; two++) {
            for (uint32_t one = 0; one < two; one++) {
                const struct path *a = program->paths[one];
                const struct path *b = program->paths[two];
                if (path_relate(a, b) == faults[f].relation) {
                    return error_set(err, ERROR_VALIDATION,
                                     "Two document paths %s with each other; must remove or "
                                     "rewrite one of these paths; path one: %s, path two: %s",
                                     faults[f].verb, path_print(a, arena), path_print(b, arena));
                }
            }
        }
    }
    ensure(false); /* Neighbours were at fault. */
    return false;
}

struct path_entry {
    const struct path *path;
    uint32_t number;
};

static int path_compare_entries(const void *left, const void *right)
{
    const struct path *a = ((const struct path_entry *)left)->path;
    const struct path *b = ((const struct path_entry *)right)->path;
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        int order = path_compare_steps(&a->steps[i], &b->steps[i]);
        if (order != 0) {
            return order;
        }
    }
    return (a->count > b->count) - (a->count < b->count);
}

/* Make the children of `branch` from the sorted entries, which all agree in their first `depth`
 * steps. The recursion is as deep as the longest path: EXPRESSION_PATH_DEPTH_MAX. */
static void path_grow(struct arena *arena,
                      struct branch *branch,
                      const struct path_entry *entries,
                      uint32_t count,
                      uint32_t depth)
{
    ensure(depth < EXPRESSION_PATH_DEPTH_MAX);
    for (uint32_t i = 0; i < count; i++) {
        branch->count += i == 0 || path_compare_steps(&entries[i].path->steps[depth],
                                                      &entries[i - 1].path->steps[depth]) != 0;
    }
    branch->list = entries[0].path->steps[depth].is_index;
    branch->children = arena_zalloc(arena, branch->count, sizeof(*branch->children));
    struct branch *child = branch->children;
    for (uint32_t from = 0, to; from < count; from = to, child++) {
        const struct step *step = &entries[from].path->steps[depth];
        for (to = from + 1; to < count; to++) {
            if (path_compare_steps(step, &entries[to].path->steps[depth]) != 0) {
                break;
            }
        }
        child->name = step->name;
        child->index = step->index;
        child->leaf = entries[from].path->count == depth + 1;
        child->leaf_number = entries[from].number;
        if (!child->leaf) {
            path_grow(arena, child, &entries[from], to - from, depth + 1);
        } else {
            ensure(to == from + 1); /* No overlap. */
        }
    }
}

bool path_build_tree(struct program *program,
                     struct arena *arena,
                     struct arena *scratch,
                     struct error *err)
{
    uint32_t count = program->paths_count;
    ensure(count > 0);
    struct path_entry *entries = arena_zalloc(scratch, count, sizeof(*entries));
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = (struct path_entry){program->paths[i], i};
    }
    qsort(entries, count, sizeof(*entries), path_compare_entries);
    for (uint32_t i = 1; i < count; i++) {
        if (path_relate(entries[i - 1].path, entries[i].path) != PATHS_APART) {
            return path_report_fault(program, scratch, err);
        }
    }
    path_grow(arena, &program->tree, entries, count, 0);
    return true;
}
