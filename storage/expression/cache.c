/* Programs by kind, text and names: a hash table of chains, and a list by last use.
 *
 * A program is written before it is inserted and only read afterwards; the cache and each
 * expression hold a reference, so a program that falls out of the cache lives on while a request
 * still uses it. Names can be as long as a request, so the programs' bytes have a limit beside
 * their number. The table has as many buckets as programs, so chains stay short whatever the names
 * of one text are: the hash covers them. */
#include "storage/expression/program.h"

struct expression_cache {
    uint32_t programs_max;
    uint32_t mask;
    struct expression_cache_counts counts;
    struct program **buckets;
    struct program *newest;
    struct program *oldest;
};

struct expression_cache *expression_cache_open(uint32_t programs_max)
{
    ensure(programs_max > 0 && programs_max <= EXPRESSION_PROGRAMS_MAX);
    uint32_t buckets = 1;
    while (buckets < programs_max) {
        buckets *= 2;
    }
    struct expression_cache *cache = calloc(1, sizeof(*cache));
    ensure(cache != NULL);
    cache->programs_max = programs_max;
    cache->mask = buckets - 1;
    cache->buckets = calloc(buckets, sizeof(struct program *));
    ensure(cache->buckets != NULL);
    return cache;
}

static void cache_unlink_use(struct expression_cache *cache, struct program *program)
{
    *(program->newer != NULL ? &program->newer->older : &cache->newest) = program->older;
    *(program->older != NULL ? &program->older->newer : &cache->oldest) = program->newer;
}

static void cache_link_use(struct expression_cache *cache, struct program *program)
{
    program->newer = NULL;
    program->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = program;
    cache->newest = program;
}

static void cache_drop(struct expression_cache *cache, struct program *program)
{
    struct program **at = &cache->buckets[program->hash & cache->mask];
    while (*at != program) {
        ensure(*at != NULL);
        at = &(*at)->bucket_next;
    }
    *at = program->bucket_next;
    cache_unlink_use(cache, program);
    cache->counts.programs--;
    cache->counts.bytes -= program->bytes;
    program_release(program);
}

void expression_cache_close(struct expression_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    while (cache->oldest != NULL) {
        cache_drop(cache, cache->oldest);
    }
    ensure(cache->counts.programs == 0 && cache->counts.bytes == 0);
    free(cache->buckets);
    free(cache);
}

static bool cache_same_names(const struct program *program,
                             struct placeholder *const *names,
                             uint32_t names_count)
{
    if (program->names_count != names_count) {
        return false;
    }
    for (uint32_t i = 0; i < names_count; i++) {
        if (names[i] == NULL || !slice_equal(names[i]->name, program->names[i])) {
            return false;
        }
    }
    return true;
}

struct program *cache_find(struct expression_cache *cache,
                           uint64_t hash,
                           enum expression_kind kind,
                           struct slice text,
                           struct placeholder *const *names,
                           uint32_t names_count)
{
    struct program *program = cache->buckets[hash & cache->mask];
    while (program != NULL &&
           (program->hash != hash || program->kind != kind || !slice_equal(program->text, text) ||
            !cache_same_names(program, names, names_count))) {
        program = program->bucket_next;
    }
    if (program == NULL) {
        cache->counts.misses++;
        return NULL;
    }
    cache->counts.hits++;
    if (program != cache->newest) {
        cache_unlink_use(cache, program);
        cache_link_use(cache, program);
    }
    program_reference(program);
    return program;
}

void cache_insert(struct expression_cache *cache, struct program *program, uint64_t hash)
{
    size_t bytes = arena_held_bytes(&program->arena);
    if (bytes > EXPRESSION_CACHED_BYTES_MAX) {
        return;
    }
    while (cache->counts.programs == cache->programs_max ||
           cache->counts.bytes + bytes > EXPRESSION_CACHE_BYTES_MAX) {
        cache_drop(cache, cache->oldest);
    }
    program->bytes = bytes;
    cache->counts.bytes += bytes;
    struct program **bucket = &cache->buckets[hash & cache->mask];
    program->hash = hash;
    program->bucket_next = *bucket;
    *bucket = program;
    cache_link_use(cache, program);
    cache->counts.programs++;
    ensure(cache->counts.programs <= cache->programs_max);
    program_reference(program);
}

struct expression_cache_counts expression_cache_counts(const struct expression_cache *cache)
{
    return cache->counts;
}
