/* Goal: keys of the file and of the catalog are one set; changes are kept, handed over whole, and
 * refused when they cannot be. Method: a catalog in a directory of the test's own, opened again and
 * again; the set that `use` was given last stands for the loops. */
#include "daemon/auth/keyring.h"

#include "daemon/auth/policy.h"
#include "daemon/http/credentials.h"
#include "proto/base/limits.h"
#include "storage/catalog/catalog.h"
#include "storage/engine/engine.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct bench {
    char *directory;
    char file[512], key[512], store[512];
    struct engine *engine;
    struct catalog *catalog;
    struct keyring *keyring;
    const struct credentials *used; /* What `use` was given last. */
    unsigned uses;
    struct arena arena;
    struct error err;
};

static void bench_use(void *context, const struct credentials *credentials)
{
    struct bench *bench = context;
    bench->used = credentials;
    bench->uses++;
}

static void bench_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

static bool bench_try(struct bench *bench, bool auth)
{
    struct engine_options options = {.directory = bench->store,
                                     .cache_bytes = 8 << 20,
                                     .memtable_bytes = 8 << 20,
                                     .durability = DURABILITY_SYNC,
                                     .sync_interval_ms = 1000};
    bool made = false;
    cr_assert(engine_open(&options, &bench->engine, &bench->err), "%s", bench->err.text);
    cr_assert(catalog_open(bench->engine, &bench->catalog, &bench->err), "%s", bench->err.text);
    struct keyring_options keys = {
        .catalog = bench->catalog,
        .credentials = auth ? bench->file : NULL,
        .key_file = bench->key,
        .key_file_make = true,
        .use = bench_use,
        .context = bench,
    };
    if (!keyring_open(&keys, &bench->keyring, &made, &bench->err)) {
        return false;
    }
    keyring_serve(bench->keyring);
    bench->used = keyring_credentials(bench->keyring);
    return true;
}

static void bench_shut(struct bench *bench)
{
    keyring_close(bench->keyring);
    catalog_close(bench->catalog);
    engine_close(bench->engine);
    bench->keyring = NULL;
}

static void bench_reopen(struct bench *bench)
{
    bench_shut(bench);
    cr_assert(bench_try(bench, true), "%s", bench->err.text);
}

static struct bench *bench_open(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    cr_assert_not_null(bench);
    bench->directory = test_directory_make();
    snprintf(bench->file, sizeof(bench->file), "%s/credentials", bench->directory);
    snprintf(bench->key, sizeof(bench->key), "%s/key", bench->directory);
    snprintf(bench->store, sizeof(bench->store), "%s/store", bench->directory);
    cr_assert_eq(mkdir(bench->store, 0700), 0);
    bench_write(bench->file, "[default]\naws_access_key_id=AKIAFILE\naws_secret_access_key=one\n");
    cr_assert(bench_try(bench, true), "%s", bench->err.text);
    return bench;
}

static void bench_close(struct bench *bench)
{
    bench_shut(bench);
    test_directory_remove(bench->directory);
    arena_destroy(&bench->arena);
    free(bench);
}

static struct key_record bench_add(struct bench *bench, const char *user, const char *policy)
{
    struct key_record made;
    cr_assert(keyring_add(bench->keyring, slice_text(user), slice_text(policy), 7, &bench->arena,
                          &made, &bench->err),
              "%s", bench->err.text);
    return made;
}

#define POLICY "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"

Test(keyring, a_key_is_kept_and_handed_over)
{
    struct bench *bench = bench_open();
    cr_assert_eq(credentials_count(bench->used), 1);
    cr_assert_neq(access(bench->key, F_OK), 0); /* Nothing is sealed yet. */
    struct key_record made = bench_add(bench, "ann", POLICY);
    cr_assert_eq(bench->uses, 1);
    cr_assert_eq(made.id.size, CREDENTIALS_ID_BYTES);
    cr_assert_eq(made.secret.size, CREDENTIALS_SECRET_BYTES);
    for (int round = 0; round < 2; round++) {
        const struct credential *found = credentials_find(bench->used, made.id);
        cr_assert_not_null(found);
        cr_assert(slice_equal(found->secret, made.secret));
        cr_assert(slice_is(found->user, "ann"));
        cr_assert_not_null(found->policy);
        found = credentials_find(bench->used, SLICE_LITERAL("AKIAFILE"));
        cr_assert_not_null(found);
        cr_assert_null(found->policy);
        cr_assert_eq(found->user.size, 0);
        bench_reopen(bench);
    }
    bench_close(bench);
}

Test(keyring, a_policy_is_set_and_cleared_and_a_key_removed)
{
    struct bench *bench = bench_open();
    struct key_record made = bench_add(bench, "ann", "");
    struct key_record other = bench_add(bench, "bob", "");
    cr_assert_null(credentials_find(bench->used, made.id)->policy);
    cr_assert(keyring_set_policy(bench->keyring, made.id, slice_text(POLICY), &bench->err));
    cr_assert_not_null(credentials_find(bench->used, made.id)->policy);
    cr_assert_null(credentials_find(bench->used, other.id)->policy);
    bench_reopen(bench);
    cr_assert_not_null(credentials_find(bench->used, made.id)->policy);
    cr_assert(slice_equal(credentials_find(bench->used, made.id)->secret, made.secret));
    cr_assert(keyring_set_policy(bench->keyring, made.id, SLICE_LITERAL(""), &bench->err));
    cr_assert_null(credentials_find(bench->used, made.id)->policy);
    cr_assert(keyring_remove(bench->keyring, made.id, &bench->err), "%s", bench->err.text);
    cr_assert_null(credentials_find(bench->used, made.id));
    bench_reopen(bench);
    cr_assert_null(credentials_find(bench->used, made.id));
    cr_assert_not_null(credentials_find(bench->used, other.id));
    bench_close(bench);
}

Test(keyring, lists_all_keys_without_their_secrets)
{
    struct bench *bench = bench_open();
    struct keyring_entry *entries = NULL;
    uint32_t count = 0;
    struct key_record made = bench_add(bench, "ann", POLICY);
    cr_assert(keyring_list(bench->keyring, &bench->arena, &entries, &count, &bench->err));
    cr_assert_eq(count, 2);
    cr_assert(entries[0].of_file && slice_is(entries[0].record.id, "AKIAFILE"));
    cr_assert(!entries[1].of_file && slice_equal(entries[1].record.id, made.id));
    cr_assert(slice_is(entries[1].record.user, "ann"));
    cr_assert(slice_is(entries[1].record.policy, POLICY));
    cr_assert_eq(entries[1].record.created_ms, 7);
    cr_assert_eq(entries[1].record.secret.size, 0);
    bench_close(bench);
}

Test(keyring, what_cannot_be_is_refused_and_changes_nothing)
{
    struct bench *bench = bench_open();
    struct key_record made;
    char longest[ACCESS_USER_BYTES_MAX + 2] = "";
    memset(longest, 'a', ACCESS_USER_BYTES_MAX + 1);
    const char *const users[] = {"", "a b", "a/b", "a*", "\xc3\xa4", longest};
    for (size_t i = 0; i < ARRAY_COUNT(users); i++) {
        cr_assert_not(keyring_add(bench->keyring, slice_text(users[i]), SLICE_LITERAL(""), 7,
                                  &bench->arena, &made, &bench->err),
                      "%s", users[i]);
        cr_assert_eq(bench->err.code, ERROR_VALIDATION);
    }
    cr_assert_not(keyring_add(bench->keyring, SLICE_LITERAL("ann"), SLICE_LITERAL("{}"), 7,
                              &bench->arena, &made, &bench->err));
    cr_assert_eq(bench->err.code, ERROR_VALIDATION);
    cr_assert_not(keyring_remove(bench->keyring, SLICE_LITERAL("AKIANONE"), &bench->err));
    cr_assert_eq(bench->err.code, ERROR_NOT_FOUND);
    cr_assert_str_eq(bench->err.text, "access key AKIANONE is not in the catalog");
    cr_assert_not(keyring_remove(bench->keyring, SLICE_LITERAL("AKIAFILE"), &bench->err));
    cr_assert_str_eq(bench->err.text,
                     "access key AKIAFILE is one of the credentials file: change it there");
    made = bench_add(bench, "ann", "");
    cr_assert_not(keyring_set_policy(bench->keyring, made.id, SLICE_LITERAL("{}"), &bench->err));
    cr_assert_eq(bench->err.code, ERROR_VALIDATION);
    cr_assert_eq(bench->uses, 1);
    keyring_stop(bench->keyring);
    cr_assert_not(keyring_remove(bench->keyring, made.id, &bench->err));
    cr_assert_eq(bench->err.code, ERROR_UNAVAILABLE);
    cr_assert_not(keyring_reload(bench->keyring, &bench->err));
    bench_close(bench);
}

Test(keyring, the_file_is_read_again_beside_the_catalog)
{
    struct bench *bench = bench_open();
    struct key_record made = bench_add(bench, "ann", "");
    bench_write(bench->file, "[a]\naws_access_key_id=AKIATWO\naws_secret_access_key=two\n");
    struct key_record second = bench_add(bench, "bob", ""); /* Does not look at the file. */
    cr_assert_not_null(credentials_find(bench->used, SLICE_LITERAL("AKIAFILE")));
    cr_assert(keyring_reload(bench->keyring, &bench->err), "%s", bench->err.text);
    cr_assert_null(credentials_find(bench->used, SLICE_LITERAL("AKIAFILE")));
    cr_assert_not_null(credentials_find(bench->used, SLICE_LITERAL("AKIATWO")));
    cr_assert_not_null(credentials_find(bench->used, made.id));
    cr_assert_not_null(credentials_find(bench->used, second.id));
    bench_write(bench->file, arena_printf(&bench->arena,
                                          "[a]\naws_access_key_id=%.*s\naws_secret_access_key=x\n",
                                          SLICE_ARGS(made.id)));
    cr_assert_not(keyring_reload(bench->keyring, &bench->err));
    cr_assert_eq(bench->err.code, ERROR_CONFIG);
    cr_assert_not_null(credentials_find(bench->used, SLICE_LITERAL("AKIATWO")));
    bench_close(bench);
}

Test(keyring, does_not_open_without_the_key_file_or_with_another)
{
    struct bench *bench = bench_open();
    char aside[600];
    bench_add(bench, "ann", "");
    snprintf(aside, sizeof(aside), "%s.aside", bench->key);
    bench_shut(bench);
    cr_assert_eq(rename(bench->key, aside), 0);
    cr_assert_not(bench_try(bench, true));
    cr_assert_eq(bench->err.code, ERROR_CONFIG);
    cr_assert_neq(access(bench->key, F_OK), 0); /* None is made: it would open nothing. */
    bench_shut(bench);
    uint8_t another[KEY_FILE_KEY_BYTES];
    cr_assert(key_file_load(bench->key, true, another, &bench->err));
    cr_assert_not(bench_try(bench, true));
    cr_assert_eq(bench->err.code, ERROR_CORRUPT);
    bench_shut(bench);
    cr_assert_eq(rename(aside, bench->key), 0);
    cr_assert(bench_try(bench, true), "%s", bench->err.text);
    cr_assert_eq(credentials_count(bench->used), 2);
    bench_close(bench);
}

Test(keyring, without_authentication_keys_are_kept_and_nobody_is_told)
{
    struct bench *bench = bench_open();
    struct keyring_entry *entries = NULL;
    uint32_t count = 0;
    bench_shut(bench);
    cr_assert(bench_try(bench, false), "%s", bench->err.text);
    cr_assert_null(bench->used);
    bench_add(bench, "ann", "");
    cr_assert_eq(bench->uses, 0);
    cr_assert(keyring_list(bench->keyring, &bench->arena, &entries, &count, &bench->err));
    cr_assert_eq(count, 1);
    bench_reopen(bench);
    cr_assert_eq(credentials_count(bench->used), 2);
    bench_close(bench);
}
