/* Goal: an access key's record opens only as it was sealed, and the key file is made once and never
 * replaced. Method: golden bytes, every prefix, every bit; files in a directory of the test's own.
 */
#include "daemon/auth/key_record.h"

#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t master[KEY_FILE_KEY_BYTES] = {1, 2, 3};
static const uint8_t nonce[KEY_RECORD_NONCE_BYTES] = {9, 8, 7};

static struct key_record sample(void)
{
    return (struct key_record){
        .id = SLICE_LITERAL("AKIAEXAMPLE"),
        .user = SLICE_LITERAL("ann"),
        .policy = SLICE_LITERAL("{}"),
        .created_ms = UINT64_C(1795332846049),
        .secret = SLICE_LITERAL("secret"),
    };
}

static struct slice sealed(struct arena *arena)
{
    struct key_record record = sample();
    struct buffer to;
    buffer_init(&to, arena, 64);
    key_record_seal(&record, master, nonce, &to);
    return buffer_slice(&to);
}

static bool opens(struct arena *arena, const char *id, struct slice bytes, const uint8_t *key)
{
    struct key_record record;
    struct error err = {0};
    bool ok = key_record_open(slice_text(id), bytes, key, arena, &record, &err);
    cr_assert(ok || err.code == ERROR_CORRUPT);
    return ok;
}

Test(key_record, has_the_documented_bytes)
{
    struct arena arena;
    arena_init(&arena);
    struct slice bytes = sealed(&arena);
    char hex[512] = "";
    for (size_t i = 0; i < bytes.size; i++) {
        snprintf(hex + 2 * i, sizeof(hex) - 2 * i, "%02x", bytes.data[i]);
    }
    cr_assert_str_eq(hex,
                     "01000001a2022d31e1"
                     "0003"
                     "00000002"
                     "090807000000000000000000000000000000000000000000"
                     "616e6e"
                     "7b7d"
                     "1a9d1eb49cf8a1877e63c01d69c66ce49c9b703a9710",
                     "%s", hex);
    arena_destroy(&arena);
}

Test(key_record, opens_as_it_was_sealed)
{
    struct arena arena;
    struct key_record record;
    struct error err = {0};
    arena_init(&arena);
    cr_assert(key_record_open(SLICE_LITERAL("AKIAEXAMPLE"), sealed(&arena), master, &arena, &record,
                              &err),
              "%s", err.text);
    cr_assert(slice_is(record.id, "AKIAEXAMPLE"));
    cr_assert(slice_is(record.user, "ann"));
    cr_assert(slice_is(record.policy, "{}"));
    cr_assert(slice_is(record.secret, "secret"));
    cr_assert_eq(record.created_ms, UINT64_C(1795332846049));
    arena_destroy(&arena);
}

Test(key_record, opens_under_no_other_id_and_no_other_key)
{
    struct arena arena;
    uint8_t other[KEY_FILE_KEY_BYTES];
    arena_init(&arena);
    struct slice bytes = sealed(&arena);
    cr_assert(opens(&arena, "AKIAEXAMPLE", bytes, master));
    cr_assert_not(opens(&arena, "AKIAEXAMPL", bytes, master));
    cr_assert_not(opens(&arena, "AKIAEXAMPLF", bytes, master));
    cr_assert_not(opens(&arena, "", bytes, master));
    memcpy(other, master, sizeof(other));
    other[31] ^= 1;
    cr_assert_not(opens(&arena, "AKIAEXAMPLE", bytes, other));
    arena_destroy(&arena);
}

Test(key_record, refuses_every_prefix_and_every_bit_that_is_wrong)
{
    struct arena arena;
    arena_init(&arena);
    struct slice bytes = sealed(&arena);
    uint8_t *copy = arena_alloc(&arena, bytes.size + 1);
    memcpy(copy, bytes.data, bytes.size);
    copy[bytes.size] = 0;
    for (size_t size = 0; size <= bytes.size + 1; size++) {
        cr_assert(opens(&arena, "AKIAEXAMPLE", slice_of(copy, size), master) ==
                      (size == bytes.size),
                  "%zu of %zu bytes", size, bytes.size);
    }
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        cr_assert_not(opens(&arena, "AKIAEXAMPLE", slice_of(copy, bytes.size), master), "bit %zu",
                      bit);
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    arena_destroy(&arena);
}

/* --- The key file ------------------------------------------------------------------------------
 */

static char *path_in(struct arena *arena, const char *directory, const char *name)
{
    return arena_printf(arena, "%s/%s", directory, name);
}

Test(key_file, is_made_once_for_its_owner_alone)
{
    struct arena arena;
    struct error err = {0};
    struct stat stat_of;
    uint8_t first[KEY_FILE_KEY_BYTES], again[KEY_FILE_KEY_BYTES];
    arena_init(&arena);
    char *directory = test_directory_make();
    char *path = path_in(&arena, directory, "key");
    cr_assert_not(key_file_load(path, false, first, &err));
    cr_assert_eq(err.code, ERROR_CONFIG);
    cr_assert(key_file_load(path, true, first, &err), "%s", err.text);
    cr_assert_eq(stat(path, &stat_of), 0);
    cr_assert_eq(stat_of.st_mode & 0777, 0600);
    cr_assert_eq(stat_of.st_nlink, 1);
    cr_assert(key_file_load(path, true, again, &err), "%s", err.text);
    cr_assert_eq(memcmp(first, again, sizeof(first)), 0);
    char *other = path_in(&arena, directory, "other");
    cr_assert(key_file_load(other, true, again, &err), "%s", err.text);
    cr_assert_neq(memcmp(first, again, sizeof(first)), 0);
    cr_assert_not(key_file_load(path_in(&arena, directory, "no/key"), true, again, &err));
    cr_assert_eq(err.code, ERROR_IO);
    test_directory_remove(directory);
    arena_destroy(&arena);
}

Test(key_file, damage_is_noticed)
{
    struct arena arena;
    struct error err = {0};
    uint8_t key[KEY_FILE_KEY_BYTES];
    uint8_t bytes[64];
    arena_init(&arena);
    char *directory = test_directory_make();
    char *path = path_in(&arena, directory, "key");
    cr_assert(key_file_load(path, true, key, &err), "%s", err.text);
    int fd = open(path, O_RDWR);
    ssize_t size = pread(fd, bytes, sizeof(bytes), 0);
    cr_assert_eq(size, 48);
    for (ssize_t i = 0; i < size; i++) {
        uint8_t wrong = bytes[i] ^ 0x10;
        cr_assert_eq(pwrite(fd, &wrong, 1, i), 1);
        cr_assert_not(key_file_load(path, false, key, &err), "byte %zd", i);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        cr_assert_eq(pwrite(fd, &bytes[i], 1, i), 1);
    }
    cr_assert(key_file_load(path, false, key, &err), "%s", err.text);
    cr_assert_eq(ftruncate(fd, 47), 0);
    cr_assert_not(key_file_load(path, false, key, &err));
    cr_assert_eq(ftruncate(fd, 49), 0);
    cr_assert_not(key_file_load(path, true, key, &err));
    cr_assert_eq(err.code, ERROR_CORRUPT);
    close(fd);
    test_directory_remove(directory);
    arena_destroy(&arena);
}
