/* Who wrote a row, when, and knowing what. The total order of versions decides every conflict.
 *
 * Dot      = (region, incarnation, seq) names one write. An incarnation begins when a data folder
 *            is made (its wall second), so a sequence number is never used twice for two writes.
 * Stamp    = hybrid clock: 48 bits of wall milliseconds, 16 of counter.
 * Context  = per other region, how far the writing node had applied that region's writes when it
 *            made this one: the exact causal past, because each origin is applied in order.
 * Winner   = the largest (stamp, region, incarnation, seq); a row's state is the winner and the
 *            pointwise maximum of the contexts: a join of two semilattices, so the order,
 *            repetition and grouping of deliveries do not matter (Shapiro et al., "Conflict-free
 * Replicated Data Types", 2011; hybrid clocks: Kulkarni et al., "Logical Physical Clocks", 2014).
 *
 * Expiry   = a delete by time to live. It sorts right behind the version that expired and before
 *            everything that sorts behind that one: it has its stamp and names its dot. So whatever
 *            beats the version beats its expiry too, and a refresh made elsewhere meanwhile is
 *            never lost to it. A stamp just above would not do: a refresh may have the stamp of the
 *            version, or the very next, and have won by its region.
 *
 * Pure functions; any thread. */
#pragma once

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"

struct dot {
    uint16_t region; /* The small id of the cluster file; 0 never names a region. */
    uint32_t incarnation;
    uint64_t seq;
};

struct context {
    uint32_t count;
    struct dot entries[REGIONS_MAX]; /* Ascending by region, at most one each. */
};

struct version {
    uint64_t stamp;
    struct dot dot;
    struct dot expired; /* Region 0: an ordinary write. Else the version whose expiry this is. */
    struct context context;
};

static inline bool version_is_expiry(const struct version *version)
{
    return version->expired.region != 0;
}

/* Total order by (stamp, region, incarnation, seq), an expiry right behind what expired. Negative:
 * a is older. 0: the same write. */
int version_compare(const struct version *a, const struct version *b);

static inline bool dot_equal(struct dot a, struct dot b)
{
    return a.region == b.region && a.incarnation == b.incarnation && a.seq == b.seq;
}

/* Is `a` the same write as, or an earlier write of the same region than, `b`? */
static inline bool dot_covered_by(struct dot a, struct dot b)
{
    return a.region == b.region &&
           (a.incarnation < b.incarnation || (a.incarnation == b.incarnation && a.seq <= b.seq));
}

/* Does the context include the write? */
bool context_has(const struct context *context, struct dot dot);
/* Raise the entry of dot.region to dot if that is newer. */
void context_raise(struct context *context, struct dot dot);
/* Pointwise maximum, into *into. */
void context_join(struct context *into, const struct context *other);
/* Drop the entries that `settled` includes: they can never decide anything again. */
void context_prune(struct context *context, const struct context *settled);

enum { VERSION_EXPIRY = 1 << 16 };

/* A row of `items`: version header, then the item's image.
 *
 *   offset  size    field
 *        0     1    format        1
 *        1     1    flags         bit 0: tombstone (no image follows)
 *        2     8    stamp         big endian
 *       10     -    varints: region, incarnation, seq, count of the context, then per entry
 *                   region, incarnation, seq. An expiry's region has VERSION_EXPIRY added, and
 *                   region, incarnation and seq of what expired stand in front of the count.
 *        -     -    image to the end
 */
struct row {
    struct version version;
    bool tombstone;
    struct slice image; /* Borrowed; empty for a tombstone. */
};
void row_encode(struct buffer *to, const struct row *row);
/* Errors: CORRUPT. The image is not looked into. */
MUST_CHECK bool row_decode(struct slice bytes, struct row *row, struct error *err);
/* Only the image, for the read path that does not need the version. Errors: CORRUPT. */
MUST_CHECK bool
row_image(struct slice bytes, bool *tombstone, struct slice *image, struct error *err);
/* The version header alone: row_encode without flags and image, for change records and the wire. */
void version_encode(struct buffer *to, const struct version *version);
/* Takes a version off the front of *from. */
MUST_CHECK bool version_take(struct slice *from, struct version *version);
