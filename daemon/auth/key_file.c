/* The file:
 *
 *   offset size
 *        0    8  magic "MRDNSEAL"
 *        8   32  the key
 *       40    8  first bytes of BLAKE2b over the key, so that damage is noticed
 *
 * Made under another name and linked into place after an fsync: it is whole or absent, and never
 * replaces one that is there, for that would lose every secret. */
#include "daemon/auth/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    KEY_FILE_MAGIC_BYTES = 8,
    KEY_FILE_KEY_AT = KEY_FILE_MAGIC_BYTES,
    KEY_FILE_CHECK_AT = KEY_FILE_KEY_AT + KEY_FILE_KEY_BYTES,
    KEY_FILE_CHECK_BYTES = 8,
    KEY_FILE_BYTES = KEY_FILE_CHECK_AT + KEY_FILE_CHECK_BYTES,
};
static const char key_file_magic[] = "MRDNSEAL";

static void key_file_check(const uint8_t *key, uint8_t check[static KEY_FILE_CHECK_BYTES])
{
    uint8_t hash[crypto_generichash_BYTES];
    int failed = crypto_generichash(hash, sizeof(hash), key, KEY_FILE_KEY_BYTES, NULL, 0);
    ensure(failed == 0);
    memcpy(check, hash, KEY_FILE_CHECK_BYTES);
}

static bool key_file_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        snprintf(folder, sizeof(folder), ".");
    } else {
        slash[slash == folder ? 1 : 0] = 0;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool key_file_make(const char *path, struct error *err)
{
    uint8_t bytes[KEY_FILE_BYTES];
    char fresh[PATH_MAX];
    int size = snprintf(fresh, sizeof(fresh), "%s.%08x", path, randombytes_random());
    if (size < 0 || (size_t)size >= sizeof(fresh)) {
        return error_set(err, ERROR_IO, "make %s: the path is too long", path);
    }
    memcpy(bytes, key_file_magic, KEY_FILE_MAGIC_BYTES);
    randombytes_buf(bytes + KEY_FILE_KEY_AT, KEY_FILE_KEY_BYTES);
    key_file_check(bytes + KEY_FILE_KEY_AT, bytes + KEY_FILE_CHECK_AT);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) &&
              fsync(fd) == 0 && link(fresh, path) == 0 && key_file_sync_folder(path);
    if (!ok) {
        error_set(err, ERROR_IO, "make %s: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
        unlink(fresh);
    }
    sodium_memzero(bytes, sizeof(bytes));
    return ok;
}

static bool key_file_parse(const char *path,
                           const uint8_t *bytes,
                           size_t size,
                           uint8_t key[static KEY_FILE_KEY_BYTES],
                           struct error *err)
{
    uint8_t check[KEY_FILE_CHECK_BYTES];
    if (size != KEY_FILE_BYTES || memcmp(bytes, key_file_magic, KEY_FILE_MAGIC_BYTES) != 0) {
        return error_set(err, ERROR_CORRUPT, "%s is not a key file; restore it from a backup",
                         path);
    }
    key_file_check(bytes + KEY_FILE_KEY_AT, check);
    if (memcmp(check, bytes + KEY_FILE_CHECK_AT, sizeof(check)) != 0) {
        return error_set(err, ERROR_CORRUPT, "%s is damaged; restore it from a backup", path);
    }
    memcpy(key, bytes + KEY_FILE_KEY_AT, KEY_FILE_KEY_BYTES);
    return true;
}

bool key_file_load(const char *path,
                   bool make,
                   uint8_t key[static KEY_FILE_KEY_BYTES],
                   struct error *err)
{
    if (sodium_init() < 0) {
        return error_set(err, ERROR_INTERNAL, "libsodium does not start on this machine");
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make) {
        if (!key_file_make(path, err)) {
            return false;
        }
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) {
        return error_set(err, errno == ENOENT ? ERROR_CONFIG : ERROR_IO, "key file %s: %s", path,
                         strerror(errno));
    }
    uint8_t bytes[KEY_FILE_BYTES + 1]; /* One more shows a file too long. */
    ssize_t size = read(fd, bytes, sizeof(bytes));
    int reason = errno;
    close(fd);
    if (size < 0) {
        return error_set(err, ERROR_IO, "key file %s: %s", path, strerror(reason));
    }
    bool ok = key_file_parse(path, bytes, (size_t)size, key, err);
    sodium_memzero(bytes, sizeof(bytes));
    return ok;
}
