/* Which shards follow which.
 *
 * A child's range lies in its parent's. So of the records of one item those in the parent are all
 * before those in the child, and nowhere else. More shards are made by splitting; merging would
 * give a child two parents, and DynamoDB's model has a field for one: a reader that has finished
 * the one it knows would read the child while records of the same items still wait in the other. */
#include "storage/stream/streams.h"

#include <stdio.h>

static const char shard_prefix[] = "shardId-";

enum {
    SHARD_PREFIX_BYTES = sizeof(shard_prefix) - 1,
    SHARD_TIME_DIGITS = 20,
    SHARD_NUMBER_DIGITS = 8,
};

void shard_id_write(uint64_t created_ms, uint32_t number, char id[static STREAM_SHARD_ID_BYTES])
{
    int size = snprintf(id, STREAM_SHARD_ID_BYTES, "%s%020llu-%08x", shard_prefix,
                        (unsigned long long)created_ms, number);
    ensure(size == STREAM_SHARD_ID_BYTES - 1);
}

static bool shard_digits(struct slice *from, size_t digits, uint32_t base, uint64_t *v)
{
    struct slice text;
    if (!take_bytes(from, digits, &text)) {
        return false;
    }
    *v = 0;
    for (size_t i = 0; i < digits; i++) {
        uint8_t c = text.data[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                                                : 99;
        if (digit >= base || *v > (UINT64_MAX - digit) / base) {
            return false;
        }
        *v = *v * base + digit;
    }
    return true;
}

bool shard_id_read(struct slice id, uint64_t *created_ms, uint32_t *number)
{
    struct slice prefix;
    struct slice dash;
    uint64_t wide;
    if (!take_bytes(&id, SHARD_PREFIX_BYTES, &prefix) || !slice_is(prefix, shard_prefix) ||
        !shard_digits(&id, SHARD_TIME_DIGITS, 10, created_ms) || !take_bytes(&id, 1, &dash) ||
        dash.data[0] != '-' || !shard_digits(&id, SHARD_NUMBER_DIGITS, 16, &wide)) {
        return false;
    }
    *number = (uint32_t)wide;
    return id.size == 0;
}

bool shard_has_expired(const struct shard *shard, uint64_t now_ms)
{
    return shard->end_seq != 0 && shard->closed_ms + STREAM_RETENTION_MS <= now_ms;
}

uint32_t shards_open_count(const struct stream_state *state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        count += state->shards[i].end_seq == 0 ? 1 : 0;
    }
    return count;
}

uint32_t shards_rolled_count(const struct stream_state *state, uint32_t wanted)
{
    uint32_t open = shards_open_count(state);
    return state->count + (wanted > open ? wanted : open);
}

static struct shard *
shards_append(struct stream_state *state, const struct shard *parent, uint64_t now_ms, uint64_t seq)
{
    ensure(state->next_number < UINT32_MAX);
    struct shard *made = &state->shards[state->count++];
    *made =
        (struct shard){.number = state->next_number++, .created_ms = now_ms, .start_seq = seq + 1};
    if (parent != NULL) {
        made->parent = parent->number;
        made->parent_created_ms = parent->created_ms;
        /* Ids sort by time first: a clock that was set back must not put a child first. */
        made->created_ms = now_ms > parent->created_ms ? now_ms : parent->created_ms;
    }
    return made;
}

/* `pieces` children of [low, high), or as many shards without parent. */
static void shards_append_pieces(struct stream_state *state,
                                 const struct shard *parent,
                                 uint64_t low,
                                 uint64_t high,
                                 uint32_t pieces,
                                 uint64_t now_ms,
                                 uint64_t seq)
{
    for (uint32_t i = 0; i < pieces; i++) {
        struct shard *made = shards_append(state, parent, now_ms, seq);
        made->low = low + (high - low) * i / pieces;
        made->high = low + (high - low) * (i + 1) / pieces;
    }
}

void shards_begin(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq)
{
    ensure(wanted > 0 && wanted <= STREAM_SHARDS_MAX);
    shards_append_pieces(state, NULL, 0, SHARD_HASHES, wanted, now_ms, seq);
}

void shards_close(struct stream_state *state, uint64_t now_ms, uint64_t seq)
{
    for (uint32_t i = 0; i < state->count; i++) {
        struct shard *shard = &state->shards[i];
        if (shard->end_seq == 0) {
            ensure(seq >= shard->start_seq);
            shard->end_seq = seq;
            shard->closed_ms = now_ms > shard->created_ms ? now_ms : shard->created_ms;
        }
    }
}

/* The open shards' places; returns their number. */
static uint32_t shards_list_open(const struct stream_state *state,
                                 uint32_t open[static STREAM_SHARDS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        if (state->shards[i].end_seq == 0) {
            ensure(count < STREAM_SHARDS_MAX);
            open[count++] = i;
        }
    }
    return count;
}

void shards_roll(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq)
{
    uint32_t open[STREAM_SHARDS_MAX] = {0};
    uint32_t pieces[STREAM_SHARDS_MAX] = {0};
    uint32_t count = shards_list_open(state, open);
    for (uint32_t i = 0; i < count; i++) {
        pieces[i] = 1;
    }
    for (uint32_t made = count; made < wanted; made++) {
        uint32_t widest = 0;
        uint64_t width = 0;
        for (uint32_t i = 0; i < count; i++) {
            const struct shard *shard = &state->shards[open[i]];
            if ((shard->high - shard->low) / pieces[i] > width) {
                widest = i;
                width = (shard->high - shard->low) / pieces[i];
            }
        }
        pieces[widest]++;
    }
    shards_close(state, now_ms, seq);
    for (uint32_t i = 0; i < count; i++) {
        const struct shard *parent = &state->shards[open[i]];
        shards_append_pieces(state, parent, parent->low, parent->high, pieces[i], now_ms, seq);
    }
}

void shards_renew(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq)
{
    uint32_t open[STREAM_SHARDS_MAX] = {0};
    uint32_t count = shards_list_open(state, open);
    shards_close(state, now_ms, seq);
    for (uint32_t i = 0; i < wanted; i++) {
        uint64_t low = SHARD_HASHES * i / wanted;
        uint32_t at = 0;
        while (at + 1 < count && state->shards[open[at]].high <= low) {
            at++;
        }
        struct shard *made = shards_append(state, &state->shards[open[at]], now_ms, seq);
        made->low = low;
        made->high = SHARD_HASHES * (i + 1) / wanted;
    }
}

uint32_t shards_forget(struct stream_state *state, uint64_t now_ms)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        if (!shard_has_expired(&state->shards[i], now_ms)) {
            state->shards[kept++] = state->shards[i];
        }
    }
    uint32_t gone = state->count - kept;
    state->count = kept;
    return gone;
}
