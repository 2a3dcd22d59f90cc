/* What the parts of the checker tell each other. */
#pragma once

#include "daemon/api/validate.h"

enum { SHAPE_ECHO_BYTES_MAX = 384, SHAPE_PATH_BYTES_MAX = 512 };

/* Where a fault is: linked from the inside out on the C stack, printed only when there is one. */
struct shape_path {
    const struct shape_path *parent; /* NULL: the request itself. */
    struct slice name;               /* A member or a map key. */
    uint32_t index;                  /* 1-based position in a list; 0: not a list element. */
    bool map_key;
};

struct shape_faults {
    uint32_t count;
    size_t size;
    char text[ERROR_TEXT_BYTES];
};

/* Bounded text: what does not fit is cut, and `size` stays within the room. */
struct shape_text {
    char *at;
    size_t room;
    size_t size;
};

void shape_print(struct shape_text *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One more fault; past SHAPE_FAULTS_MAX they are not gathered. json NULL: a missing member. */
void shape_fault(struct shape_faults *faults,
                 const struct shape *shape,
                 const struct json *json,
                 const struct shape_path *path,
                 const char *constraint);

/* Is the value itself, without its children, of the right JSON type? Items and attribute values are
 * checked whole. `element`: of a list or a map. Errors: SERIALIZATION. */
MUST_CHECK bool
shape_type(const struct shape *shape, const struct json *json, bool element, struct error *err);

/* The members of this operation that are not served. Errors: NOT_IMPLEMENTED. */
MUST_CHECK bool unserved_check(const struct shape *shape,
                               const struct json *body,
                               const char *operation,
                               struct error *err);
