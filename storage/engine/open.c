/* Opening and closing: RocksDB's options, our format marker, and the last seq found again.
 *
 * Memory is bounded by two numbers. The block cache holds data, index and filter blocks of all
 * families (index and filters with high priority). The memtables of all families together are held
 * near memtable_bytes by RocksDB's own write buffer manager, which flushes the oldest one; each
 * family's share below is only the size at which it is flushed for its own sake.
 *
 * The families log and streams get keys that only grow (those of streams within a period may not).
 * Files of one level therefore hardly overlap, and nearly every compaction is a move: the same
 * compression on all levels, no bottom-level special and no range deletes (engine_drop_files) keep
 * it so.
 *
 * Opening replays the write-ahead log, which max_total_wal_size bounds, and flushes it: everything
 * recovered is on disk before the first read. Replay stops at the first damaged record (RocksDB's
 * point-in-time mode): what it restores is a prefix of what was appended. Write-ahead files are not
 * recycled: RocksDB allows that only in a mode that skips damage, and so could restore holes. */
#include "proto/base/bytes.h"
#include "storage/engine/engine_inner.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

enum {
    FORMAT_VERSION = 1,
    BLOCK_BYTES = 16 << 10,
    BLOOM_BITS = 10,
    TABLE_FORMAT = 5,
    FLUSH_THREADS = 2,
    COMPACTION_THREADS = 2,
    OPEN_FILES_MAX = 512, /* Leaves most of a shell's 1024 to connections. */
    FILE_BYTES = 64 << 20,
    LEVEL_BYTES = 256 << 20,
    BYTES_PER_SYNC = 1 << 20, /* Spreads the write-out of table files. */
    INFO_LOG_WARN = 2,
    INFO_LOG_FILES = 4,
    INFO_LOG_BYTES = 4 << 20,
    MEMTABLES_MAX = 4,
    MEMTABLE_BYTES_MIN = 256 << 10,
    L0_SLOWDOWN_FILES = 32, /* Slowing down is refusing here (no_slowdown), so be late with it. */
    L0_STOP_FILES = 48,
    ZSTD_WINDOW_BITS = -14, /* RocksDB's default. */
    ZSTD_LEVEL = 1,
};
/* Of a memtable's bytes: a byte of filter for 64 bytes of rows, about one row in a hundred is
 * looked for in vain. */
#define MEMTABLE_BLOOM_PART 0.015

static const char format_key[] = "engine/format"; /* In FAMILY_META. */
static const char format_magic[] = "meridian";

/* Name, part of memtable_bytes (one over), whether it is read by single keys. */
static const struct engine_plan {
    const char *name;
    unsigned memtable_part;
    bool point_reads;
    bool grows_only;
} engine_plans[FAMILIES] = {
    /* RocksDB insists on a family of this name. */
    [FAMILY_META] = {"default", 64, false, false},
    [FAMILY_ITEMS] = {"items", 2, true, false},
    [FAMILY_LOG] = {"log", 4, false, true},
    [FAMILY_REPL] = {"repl", 64, true, false}, /* Client tokens are looked up, mostly in vain. */
    [FAMILY_CONFLICTS] = {"conflicts", 32, false, false},
    [FAMILY_STREAMS] = {"streams", 32, false, true},
    [FAMILY_EXPIRY] = {"expiry", 16, false, false},
};

static bool engine_text_has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

bool engine_fail(struct error *err, const char *what, char *reason)
{
    enum error_code code = ERROR_IO;
    if (engine_text_has(reason, "Result incomplete: Write stall")) {
        code = ERROR_THROTTLED;
    } else if (engine_text_has(reason, "Result incomplete")) {
        code = ERROR_WOULD_BLOCK;
    } else if (engine_text_has(reason, "Corruption") ||
               engine_text_has(reason, "Invalid argument")) {
        code = ERROR_CORRUPT;
    }
    error_set(err, code, "%s: %s", what, reason);
    rocksdb_free(reason);
    return false;
}

static void engine_set_blocks(const struct engine *engine,
                              const struct engine_plan *plan,
                              rocksdb_options_t *options)
{
    rocksdb_block_based_table_options_t *blocks = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(blocks, engine->cache);
    rocksdb_block_based_options_set_block_size(blocks, BLOCK_BYTES);
    rocksdb_block_based_options_set_format_version(blocks, TABLE_FORMAT);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(blocks, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(blocks, 1);
    if (plan->point_reads) {
        rocksdb_block_based_options_set_filter_policy(
            blocks, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
        rocksdb_block_based_options_set_data_block_index_type(
            blocks, rocksdb_block_based_table_data_block_index_type_binary_search_and_hash);
    }
    rocksdb_options_set_block_based_table_factory(options, blocks); /* Copies. */
    rocksdb_block_based_options_destroy(blocks);
}

static rocksdb_options_t *engine_family_options(const struct engine *engine,
                                                const struct engine_plan *plan,
                                                uint64_t memtable_bytes)
{
    rocksdb_options_t *options = rocksdb_options_create();
    uint64_t share = memtable_bytes / plan->memtable_part;
    if (share < MEMTABLE_BYTES_MIN) {
        share = MEMTABLE_BYTES_MIN;
    }
    rocksdb_options_set_write_buffer_size(options, (size_t)share);
    rocksdb_options_set_max_write_buffer_number(options, MEMTABLES_MAX);
    if (!plan->grows_only) { /* A key that is not in a memtable is not searched there. */
        rocksdb_options_set_memtable_whole_key_filtering(options, 1);
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, MEMTABLE_BLOOM_PART);
    }
    rocksdb_options_set_target_file_size_base(options, FILE_BYTES);
    rocksdb_options_set_max_bytes_for_level_base(options, LEVEL_BYTES);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
    rocksdb_options_set_level0_slowdown_writes_trigger(options, L0_SLOWDOWN_FILES);
    rocksdb_options_set_level0_stop_writes_trigger(options, L0_STOP_FILES);
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    if (plan->grows_only) {
        rocksdb_options_set_level0_file_num_compaction_trigger(options,
                                                               2); /* Moves cost nothing. */
    } else {
        /* What level 0 holds is rewritten soon: compressing it is work for nothing. */
        rocksdb_options_set_min_level_to_compress(options, 1);
        rocksdb_options_set_bottommost_compression(options, rocksdb_zstd_compression);
        rocksdb_options_set_bottommost_compression_options(options, ZSTD_WINDOW_BITS, ZSTD_LEVEL, 0,
                                                           0, 1);
    }
    engine_set_blocks(engine, plan, options);
    return options;
}

static rocksdb_options_t *engine_db_options(const struct engine_options *from)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_create_missing_column_families(options, 1);
    rocksdb_options_set_manual_wal_flush(options, 1);
    /* The commit section lets in one writer at a time: nothing to share, nothing to spin for. */
    rocksdb_options_set_allow_concurrent_memtable_write(options, 0);
    rocksdb_options_set_enable_write_thread_adaptive_yield(options, 0);
    rocksdb_options_set_max_total_wal_size(options, from->memtable_bytes);
    rocksdb_options_set_db_write_buffer_size(options, (size_t)from->memtable_bytes);
    rocksdb_options_set_max_background_flushes(options, FLUSH_THREADS);
    rocksdb_options_set_max_background_compactions(options, COMPACTION_THREADS);
    rocksdb_options_set_max_open_files(options, OPEN_FILES_MAX);
    rocksdb_options_set_skip_stats_update_on_db_open(options, 1);
    rocksdb_options_set_bytes_per_sync(options, BYTES_PER_SYNC);
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    rocksdb_options_set_stats_persist_period_sec(options, 0);
    rocksdb_options_set_info_log_level(options, INFO_LOG_WARN);
    rocksdb_options_set_keep_log_file_num(options, INFO_LOG_FILES);
    rocksdb_options_set_max_log_file_size(options, INFO_LOG_BYTES);
    return options;
}

static void engine_make_options(struct engine *engine, const struct engine_options *from)
{
    engine->cache = rocksdb_cache_create_lru((size_t)from->cache_bytes);
    engine->options = engine_db_options(from);
    for (unsigned i = 0; i < FAMILIES; i++) {
        engine->family_options[i] =
            engine_family_options(engine, &engine_plans[i], from->memtable_bytes);
    }
    for (unsigned tier = READ_CACHED; tier <= READ_FULL; tier++) {
        engine->read_options[tier] = rocksdb_readoptions_create();
        rocksdb_readoptions_set_read_tier(engine->read_options[tier], tier == READ_CACHED ? 1 : 0);
    }
    engine->write_options = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_no_slowdown(engine->write_options, 1);
}

static void engine_destroy(struct engine *engine)
{
    for (unsigned i = 0; i < FAMILIES; i++) {
        if (engine->families[i] != NULL) {
            rocksdb_column_family_handle_destroy(engine->families[i]);
        }
    }
    if (engine->db != NULL) {
        rocksdb_cancel_all_background_work(engine->db, 1);
        rocksdb_close(engine->db);
    }
    for (unsigned i = 0; i < FAMILIES; i++) {
        rocksdb_options_destroy(engine->family_options[i]);
    }
    rocksdb_options_destroy(engine->options);
    rocksdb_readoptions_destroy(engine->read_options[READ_CACHED]);
    rocksdb_readoptions_destroy(engine->read_options[READ_FULL]);
    rocksdb_writeoptions_destroy(engine->write_options);
    rocksdb_cache_destroy(engine->cache);
    pthread_mutex_destroy(&engine->commit);
    free(engine);
}

/* The marker says whose folder this is and in which format; a new folder gets one, synced. */
static bool engine_check_format(struct engine *engine, bool is_new, struct error *err)
{
    struct slice key = slice_text(format_key);
    uint8_t marker[sizeof(format_magic)];
    memcpy(marker, format_magic, sizeof(format_magic) - 1);
    marker[sizeof(format_magic) - 1] = FORMAT_VERSION;

    struct engine_value value;
    bool found;
    if (!engine_get(engine, FAMILY_META, NULL, key, READ_FULL, &value, &found, err)) {
        return error_wrap(err, "format marker");
    }
    if (found) {
        struct slice bytes = value.bytes;
        bool ours = slice_equal(bytes, slice_of(marker, sizeof(marker)));
        bool other_version =
            bytes.size == sizeof(marker) && memcmp(bytes.data, marker, sizeof(marker) - 1) == 0;
        unsigned version = other_version ? bytes.data[sizeof(marker) - 1] : 0;
        engine_value_release(&value);
        if (ours) {
            return true;
        }
        return other_version ? error_set(err, ERROR_CORRUPT,
                                         "the folder has format %u, this program reads %d", version,
                                         FORMAT_VERSION)
                             : error_set(err, ERROR_CORRUPT, "the format marker is damaged");
    }
    if (!is_new) {
        return error_set(err, ERROR_CORRUPT, "the folder holds data but no format marker");
    }
    char *reason = NULL;
    rocksdb_writeoptions_t *synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(synced, 1);
    rocksdb_put_cf(engine->db, synced, engine->families[FAMILY_META], format_key,
                   sizeof(format_key) - 1, (const char *)marker, sizeof(marker), &reason);
    rocksdb_writeoptions_destroy(synced);
    return reason == NULL || engine_fail(err, "write the format marker", reason);
}

/* No key in any family: made by an open that ended before its marker, or just now. */
static bool engine_is_empty(struct engine *engine, bool *is_empty, struct error *err)
{
    struct slice none = {NULL, 0};
    *is_empty = true;
    for (unsigned i = 0; i < FAMILIES && *is_empty; i++) {
        struct engine_iterator *rows =
            engine_iterator_open(engine, (enum engine_family)i, NULL, none, none, READ_FULL);
        *is_empty = !engine_iterator_first(rows, err);
        engine_iterator_close(rows);
        if (err->code != ERROR_NONE) {
            return false;
        }
    }
    return true;
}

/* The last seq given to an own write: the newest record of the log, whose keys are seqs; trimming
 * never takes that one and notes how far it has gone as well. Seqs of batches without a log record
 * (applied writes of peers, the catalog) may be given again: only log records become dots. */
static bool engine_recover_seq(struct engine *engine, struct error *err)
{
    struct slice none = {NULL, 0};
    struct engine_iterator *log =
        engine_iterator_open(engine, FAMILY_LOG, NULL, none, none, READ_FULL);
    bool ok = true;
    if (engine_iterator_last(log, err)) {
        struct slice key = engine_iterator_key(log);
        if (key.size != ENGINE_SEQ_BYTES) {
            ok = error_set(err, ERROR_CORRUPT, "a log key of %zu bytes", key.size);
        } else {
            engine->last = get_be64(key.data);
        }
    }
    engine_iterator_close(log);
    if (!ok || err->code != ERROR_NONE) {
        return false;
    }
    struct engine_value value;
    bool found;
    if (!engine_get(engine, FAMILY_META, NULL, slice_text(ENGINE_TRIMMED_KEY), READ_FULL, &value,
                    &found, err)) {
        return false;
    }
    if (found) {
        bool both = value.bytes.size == (size_t)2 * ENGINE_SEQ_BYTES;
        ok = both || value.bytes.size == ENGINE_SEQ_BYTES;
        uint64_t trimmed = ok ? get_be64(value.bytes.data) : 0;
        uint64_t own = both ? get_be64(value.bytes.data + ENGINE_SEQ_BYTES) : trimmed;
        engine_value_release(&value);
        if (!ok || own > trimmed) {
            return error_set(err, ERROR_CORRUPT, "the note of the log's trimming is damaged");
        }
        engine->last = engine->last > trimmed ? engine->last : trimmed;
        atomic_store(&engine->trimmed, trimmed);
        atomic_store(&engine->trimmed_own, own);
    }
    atomic_store(&engine->begun, engine->last);
    atomic_store(&engine->ended, engine->last);
    atomic_store(&engine->synced, engine->last);
    return true;
}

static void engine_init_commit(struct engine *engine)
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP); /* The section is short: spin. */
    ensure(pthread_mutex_init(&engine->commit, &kind) == 0);
    pthread_mutexattr_destroy(&kind);
}

bool engine_open(const struct engine_options *options, struct engine **engine, struct error *err)
{
    ensure(options->memtable_bytes > 0 && options->cache_bytes > 0);
    ensure(options->durability == DURABILITY_SYNC || options->sync_interval_ms > 0);
    if (mkdir(options->directory, S_IRWXU) != 0 && errno != EEXIST) {
        return error_set(err, ERROR_IO, "make %s: %s", options->directory, strerror(errno));
    }
    struct engine *made = aligned_alloc(CACHE_LINE_BYTES, sizeof(*made));
    ensure(made != NULL);
    memset(made, 0, sizeof(*made));
    made->durability = options->durability;
    made->sync_interval_ms = options->sync_interval_ms;
    made->on_durable = options->on_durable;
    made->context = options->context;
    engine_init_commit(made);
    engine_make_options(made, options);

    const char *names[FAMILIES];
    for (unsigned i = 0; i < FAMILIES; i++) {
        names[i] = engine_plans[i].name;
    }
    const rocksdb_options_t *const *family_options =
        (const rocksdb_options_t *const *)made->family_options;
    char *reason = NULL;
    bool is_empty;
    struct error quiet = {0}; /* The iterators below tell their end by ERROR_NONE. */
    made->db = rocksdb_open_column_families(made->options, options->directory, FAMILIES, names,
                                            family_options, made->families, &reason);
    if (reason != NULL) {
        engine_fail(&quiet, "open", reason);
        goto fail;
    }
    if (!engine_is_empty(made, &is_empty, &quiet) || !engine_check_format(made, is_empty, &quiet) ||
        !engine_recover_seq(made, &quiet) || !sync_start(made, &quiet)) {
        goto fail;
    }
    *engine = made;
    return true;
fail:
    *err = quiet;
    error_wrap(err, "data folder %s", options->directory);
    engine_destroy(made);
    return false;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    sync_stop(engine);
    engine_destroy(engine);
}
