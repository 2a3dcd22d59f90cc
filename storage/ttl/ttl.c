#include "storage/ttl/ttl.h"

#include "proto/value/decimal.h"
#include "proto/value/value.h"
#include "storage/ttl/sweeper.h"

/* Digits in front of the point. More are longer than the age of the universe, and do not fit. */
enum { SECOND_DIGITS_MAX = 18 };

void ttl_turn(struct table_ttl *ttl, bool enabled, struct slice attribute, uint64_t now_ms)
{
    bool was_on = ttl_is_on(ttl);
    if (enabled && !(was_on && slice_equal(ttl->attribute, attribute))) {
        ensure(attribute.size > 0 && attribute.size <= TTL_NAME_BYTES_MAX);
        ttl->status = TTL_ENABLING;
        ttl->attribute = attribute;
    } else if (!enabled && was_on) {
        ttl->status = TTL_DISABLING;
    }
    ttl->changed_ms = now_ms > ttl->changed_ms ? now_ms : ttl->changed_ms + 1;
}

bool ttl_second(struct slice attribute, struct slice image, uint64_t *second)
{
    struct value value;
    struct decimal decimal;
    if (image.size == 0 || !item_find(image, attribute, &value) || value.type != VALUE_N ||
        !decimal_from_key(value.payload, &decimal) || decimal.negative ||
        decimal.exponent >= SECOND_DIGITS_MAX) {
        return false;
    }
    uint64_t whole = 0;
    for (int i = 0; i <= decimal.exponent && decimal.count > 0; i++) {
        whole = whole * 10 + (i < decimal.count ? decimal.digits[i] : 0);
    }
    *second = whole;
    return true;
}

void ttl_kick(struct store *store)
{
    sweeper_kick(store->sweeper);
}

void ttl_figures(const struct store *store, struct ttl_figures *figures)
{
    sweeper_figures(store->sweeper, figures);
}
