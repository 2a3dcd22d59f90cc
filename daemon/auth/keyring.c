#include "daemon/auth/keyring.h"

#include "daemon/auth/policy.h"
#include "daemon/http/credentials.h"
#include "proto/base/limits.h"
#include "storage/catalog/catalog.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

struct keyring {
    struct keyring_options options;
    pthread_mutex_t lock; /* Guards everything below, and turns. */
    struct credentials *credentials;
    uint8_t key[KEY_FILE_KEY_BYTES];
    bool has_key;
    bool serving;
    bool stopped;
};

/* --- Records -----------------------------------------------------------------------------------
 */

static bool keyring_load_key(struct keyring *keyring, bool make, struct error *err)
{
    keyring->has_key =
        keyring->has_key || key_file_load(keyring->options.key_file, make, keyring->key, err);
    return keyring->has_key;
}

static bool keyring_open_record(struct keyring *keyring,
                                struct slice id,
                                struct slice bytes,
                                struct arena *arena,
                                struct key_record *record,
                                struct error *err)
{
    if (!keyring_load_key(keyring, false, err)) {
        return error_wrap(err, "access key %.*s is sealed", SLICE_ARGS(id));
    }
    return key_record_open(id, bytes, keyring->key, arena, record, err);
}

/* The record of one key, or all of them counted. */
struct keyring_search {
    struct keyring *keyring;
    struct slice id;
    struct arena *arena;
    struct key_record *record;
    bool found;
    uint32_t count;
};

static bool
keyring_search_visit(void *context, struct slice id, struct slice bytes, struct error *err)
{
    struct keyring_search *search = context;
    search->count++;
    if (!slice_equal(id, search->id)) {
        return true;
    }
    search->found = true;
    return keyring_open_record(search->keyring, id, bytes, search->arena, search->record, err);
}

static bool keyring_find(struct keyring *keyring,
                         struct slice id,
                         struct arena *arena,
                         struct key_record *record,
                         struct error *err)
{
    struct keyring_search search = {.keyring = keyring, .id = id, .arena = arena, .record = record};
    if (!catalog_access_each(keyring->options.catalog, keyring_search_visit, &search, err)) {
        return false;
    }
    if (search.found) {
        return true;
    }
    bool of_file =
        keyring->credentials != NULL && credentials_find(keyring->credentials, id) != NULL;
    return error_set(err, ERROR_NOT_FOUND, "access key %.*s %s", SLICE_ARGS(id),
                     of_file ? "is one of the credentials file: change it there"
                             : "is not in the catalog");
}

static bool keyring_put(struct keyring *keyring, const struct key_record *record, struct error *err)
{
    struct arena arena;
    struct buffer sealed;
    uint8_t nonce[KEY_RECORD_NONCE_BYTES];
    arena_init(&arena);
    buffer_init(&sealed, &arena, 256);
    randombytes_buf(nonce, sizeof(nonce));
    key_record_seal(record, keyring->key, nonce, &sealed);
    bool ok = catalog_access_put(keyring->options.catalog, record->id, buffer_slice(&sealed), err);
    arena_destroy(&arena);
    return ok;
}

/* --- The set -----------------------------------------------------------------------------------
 */

struct keyring_build {
    struct keyring *keyring;
    struct credentials *credentials;
};

static bool
keyring_build_visit(void *context, struct slice id, struct slice bytes, struct error *err)
{
    struct keyring_build *build = context;
    struct arena arena;
    struct key_record record;
    struct policy *policy = NULL;
    arena_init(&arena);
    bool ok = keyring_open_record(build->keyring, id, bytes, &arena, &record, err);
    if (ok && record.policy.size > 0 &&
        !policy_compile(POLICY_IDENTITY, record.policy, &policy, err)) {
        struct error bare = *err;
        ok = error_set(err, ERROR_CORRUPT, "the policy of access key %.*s: %s", SLICE_ARGS(id),
                       bare.text);
    }
    if (ok) {
        struct credential credential = {
            .id = record.id, .secret = record.secret, .user = record.user, .policy = policy};
        ok = credentials_add(build->credentials, &credential, err);
        sodium_memzero((void *)(uintptr_t)record.secret.data, record.secret.size);
    }
    if (!ok) {
        policy_close(policy);
    }
    arena_destroy(&arena);
    return ok;
}

/* The catalog's keys beside those of the file; ends *credentials when it fails. */
static bool
keyring_complete(struct keyring *keyring, struct credentials *credentials, struct error *err)
{
    struct keyring_build build = {keyring, credentials};
    if (catalog_access_each(keyring->options.catalog, keyring_build_visit, &build, err)) {
        return true;
    }
    credentials_close(credentials);
    return false;
}

static void keyring_hand_over(struct keyring *keyring, struct credentials *next)
{
    if (keyring->serving) {
        keyring->options.use(keyring->options.context, next);
    }
    credentials_close(keyring->credentials);
    keyring->credentials = next;
}

/* After a change of the catalog: the file as it was read last, with what the catalog has now. */
static bool keyring_renew(struct keyring *keyring, struct error *err)
{
    struct credentials *next = NULL;
    if (keyring->credentials == NULL) {
        return true;
    }
    if (!credentials_parse(keyring->options.credentials,
                           credentials_file_text(keyring->credentials), &next, err) ||
        !keyring_complete(keyring, next, err)) {
        return false;
    }
    keyring_hand_over(keyring, next);
    return true;
}

bool keyring_open(const struct keyring_options *options,
                  struct keyring **keyring,
                  bool *made,
                  struct error *err)
{
    struct keyring *opened = calloc(1, sizeof(*opened));
    struct credentials *credentials = NULL;
    ensure(opened != NULL);
    ensure(pthread_mutex_init(&opened->lock, NULL) == 0);
    opened->options = *options;
    *made = false;
    bool ok = options->key_file_make || keyring_load_key(opened, false, err);
    if (ok && options->credentials != NULL) {
        ok = credentials_open(options->credentials, options->credentials_make, &credentials, made,
                              err) &&
             keyring_complete(opened, credentials, err);
        opened->credentials = ok ? credentials : NULL;
    }
    if (!ok) {
        keyring_close(opened);
        return false;
    }
    *keyring = opened;
    return true;
}

void keyring_close(struct keyring *keyring)
{
    if (keyring == NULL) {
        return;
    }
    credentials_close(keyring->credentials);
    sodium_memzero(keyring->key, sizeof(keyring->key));
    ensure(pthread_mutex_destroy(&keyring->lock) == 0);
    free(keyring);
}

const struct credentials *keyring_credentials(const struct keyring *keyring)
{
    return keyring->credentials;
}

static void keyring_lock(struct keyring *keyring)
{
    ensure(pthread_mutex_lock(&keyring->lock) == 0);
}

static void keyring_unlock(struct keyring *keyring)
{
    ensure(pthread_mutex_unlock(&keyring->lock) == 0);
}

void keyring_serve(struct keyring *keyring)
{
    keyring_lock(keyring);
    keyring->serving = keyring->credentials != NULL;
    keyring_unlock(keyring);
}

void keyring_stop(struct keyring *keyring)
{
    keyring_lock(keyring);
    keyring->stopped = true;
    keyring_unlock(keyring);
}

/* Takes the lock when it is true. */
static bool keyring_begin(struct keyring *keyring, struct error *err)
{
    keyring_lock(keyring);
    if (!keyring->stopped) {
        return true;
    }
    keyring_unlock(keyring);
    return error_set(err, ERROR_UNAVAILABLE, "the node is stopping");
}

bool keyring_reload(struct keyring *keyring, struct error *err)
{
    struct credentials *next = NULL;
    bool made = false;
    if (!keyring_begin(keyring, err)) {
        return false;
    }
    bool ok = keyring->credentials == NULL;
    if (!ok) {
        ok = credentials_open(keyring->options.credentials, false, &next, &made, err) &&
             keyring_complete(keyring, next, err);
        if (ok) {
            keyring_hand_over(keyring, next);
        }
    }
    keyring_unlock(keyring);
    return ok;
}

/* --- Changes -----------------------------------------------------------------------------------
 */

/* As IAM has it for names of users. */
static bool keyring_check_user(struct slice user, struct error *err)
{
    bool ok = user.size > 0 && user.size <= ACCESS_USER_BYTES_MAX;
    for (size_t i = 0; i < user.size && ok; i++) {
        uint8_t c = user.data[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             (c != 0 && strchr("+=,.@_-", c) != NULL);
    }
    return ok || error_set(err, ERROR_VALIDATION,
                           "a user's name is 1 to %d letters, digits or any of +=,.@_-",
                           ACCESS_USER_BYTES_MAX);
}

static bool keyring_check_policy(struct slice text, struct error *err)
{
    struct policy *policy = NULL;
    bool ok = text.size == 0 || policy_compile(POLICY_IDENTITY, text, &policy, err);
    policy_close(policy);
    return ok;
}

static bool
keyring_add_locked(struct keyring *keyring, const struct key_record *record, struct error *err)
{
    struct keyring_search all = {.keyring = keyring};
    if (!catalog_access_each(keyring->options.catalog, keyring_search_visit, &all, err)) {
        return false;
    }
    if (all.count >= ACCESS_KEYS_MAX) {
        return error_set(err, ERROR_VALIDATION, "there are %d access keys already",
                         ACCESS_KEYS_MAX);
    }
    return keyring_load_key(keyring, keyring->options.key_file_make && all.count == 0, err) &&
           keyring_put(keyring, record, err) && keyring_renew(keyring, err);
}

bool keyring_add(struct keyring *keyring,
                 struct slice user,
                 struct slice policy,
                 uint64_t now_ms,
                 struct arena *arena,
                 struct key_record *made,
                 struct error *err)
{
    char id[CREDENTIALS_ID_BYTES];
    char secret[CREDENTIALS_SECRET_BYTES];
    if (!keyring_check_user(user, err) || !keyring_check_policy(policy, err) ||
        !credentials_generate(id, secret, err)) {
        return false;
    }
    struct key_record record = {
        .id = arena_copy(arena, slice_of(id, sizeof(id))),
        .user = arena_copy(arena, user),
        .policy = policy.size == 0 ? policy : arena_copy(arena, policy),
        .created_ms = now_ms,
        .secret = arena_copy(arena, slice_of(secret, sizeof(secret))),
    };
    sodium_memzero(secret, sizeof(secret));
    if (!keyring_begin(keyring, err)) {
        return false;
    }
    bool ok = keyring_add_locked(keyring, &record, err);
    keyring_unlock(keyring);
    if (ok) {
        *made = record;
    }
    return ok;
}

bool keyring_remove(struct keyring *keyring, struct slice id, struct error *err)
{
    struct arena arena;
    struct key_record record;
    if (!keyring_begin(keyring, err)) {
        return false;
    }
    arena_init(&arena);
    bool ok = keyring_find(keyring, id, &arena, &record, err);
    if (ok) {
        sodium_memzero((void *)(uintptr_t)record.secret.data, record.secret.size);
        ok =
            catalog_access_remove(keyring->options.catalog, id, err) && keyring_renew(keyring, err);
    }
    arena_destroy(&arena);
    keyring_unlock(keyring);
    return ok;
}

bool keyring_set_policy(struct keyring *keyring,
                        struct slice id,
                        struct slice policy,
                        struct error *err)
{
    struct arena arena;
    struct key_record record;
    if (!keyring_check_policy(policy, err) || !keyring_begin(keyring, err)) {
        return false;
    }
    arena_init(&arena);
    bool ok = keyring_find(keyring, id, &arena, &record, err);
    if (ok) {
        record.policy = policy;
        ok = keyring_put(keyring, &record, err) && keyring_renew(keyring, err);
        sodium_memzero((void *)(uintptr_t)record.secret.data, record.secret.size);
    }
    arena_destroy(&arena);
    keyring_unlock(keyring);
    return ok;
}

/* --- Listing -----------------------------------------------------------------------------------
 */

struct keyring_listing {
    struct keyring *keyring;
    struct arena *arena;
    struct keyring_entry *entries;
    uint32_t count;
    uint32_t capacity;
};

static bool
keyring_list_visit(void *context, struct slice id, struct slice bytes, struct error *err)
{
    struct keyring_listing *listing = context;
    if (listing->count == listing->capacity) {
        return error_set(err, ERROR_CORRUPT, "the catalog has more than %d access keys",
                         ACCESS_KEYS_MAX);
    }
    struct keyring_entry *entry = &listing->entries[listing->count++];
    if (!keyring_open_record(listing->keyring, id, bytes, listing->arena, &entry->record, err)) {
        return false;
    }
    struct slice *secret = &entry->record.secret;
    sodium_memzero((void *)(uintptr_t)secret->data, secret->size);
    *secret = (struct slice){NULL, 0};
    return true;
}

bool keyring_list(struct keyring *keyring,
                  struct arena *arena,
                  struct keyring_entry **entries,
                  uint32_t *count,
                  struct error *err)
{
    struct keyring_listing listing = {.keyring = keyring, .arena = arena};
    keyring_lock(keyring);
    uint32_t known = keyring->credentials == NULL ? 0 : credentials_count(keyring->credentials);
    listing.capacity = known + ACCESS_KEYS_MAX;
    listing.entries = arena_zalloc(arena, listing.capacity, sizeof(*listing.entries));
    for (uint32_t i = 0; i < known; i++) {
        const struct credential *credential = credentials_at(keyring->credentials, i);
        if (credential->user.size == 0) {
            struct keyring_entry *entry = &listing.entries[listing.count++];
            entry->of_file = true;
            entry->record.id = arena_copy(arena, credential->id);
        }
    }
    bool ok = catalog_access_each(keyring->options.catalog, keyring_list_visit, &listing, err);
    keyring_unlock(keyring);
    *entries = listing.entries;
    *count = listing.count;
    return ok;
}
