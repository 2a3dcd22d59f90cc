/* What one action of an update makes of its target. Internal. */
#pragma once

#include "storage/expression/program.h"

enum effect_kind {
    EFFECT_SET,
    EFFECT_REMOVE,
    EFFECT_NONE, /* The target stays as it is, there or not; its parent must be there. */
};

struct effect {
    enum effect_kind kind;
    struct value value; /* SET only. */
};

/* The item would be larger than one may be. */
bool update_too_large(struct error *err);

/* The effects of all actions, in the order of the text, each seen from the old item.
 * Errors: VALIDATION. */
MUST_CHECK bool update_effects(const struct expression *expression,
                               struct slice image,
                               struct arena *arena,
                               struct effect *effects,
                               struct error *err);
