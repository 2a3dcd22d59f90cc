/* The node's long-term Ed25519 identity: one file, <directory>/identity, mode 0600.
 *
 *   offset size
 *        0    8  magic "MRDNKEY1"
 *        8   32  seed of the key pair
 *       40    4  first bytes of the public key, so that damage is noticed
 *
 * Made under another name and renamed into place after an fsync, so a crash leaves all or nothing.
 */
#include "replication/replication.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

enum { IDENTITY_MAGIC_BYTES = 8, IDENTITY_CHECK_BYTES = 4, IDENTITY_PATH_BYTES = 4096 };
enum {
    IDENTITY_SEED_AT = IDENTITY_MAGIC_BYTES,
    IDENTITY_CHECK_AT = IDENTITY_SEED_AT + crypto_sign_SEEDBYTES,
    IDENTITY_FILE_BYTES = IDENTITY_CHECK_AT + IDENTITY_CHECK_BYTES,
};
static const char identity_magic[] = "MRDNKEY1";

static bool identity_path(const char *directory, const char *name, char *path, struct error *err)
{
    int size = snprintf(path, IDENTITY_PATH_BYTES, "%s/%s", directory, name);
    if (size < 0 || size >= IDENTITY_PATH_BYTES) {
        return error_set(err, ERROR_IO, "the path of %s/%s is too long", directory, name);
    }
    return true;
}

static bool identity_parse(const char *path,
                           const uint8_t *bytes,
                           size_t size,
                           struct identity *identity,
                           struct error *err)
{
    if (size != IDENTITY_FILE_BYTES || memcmp(bytes, identity_magic, IDENTITY_MAGIC_BYTES) != 0) {
        return error_set(err, ERROR_CORRUPT, "%s is not an identity file; restore it from a backup",
                         path);
    }
    int failed = crypto_sign_seed_keypair(identity->public_key, identity->secret_key,
                                          bytes + IDENTITY_SEED_AT);
    ensure(failed == 0);
    if (memcmp(identity->public_key, bytes + IDENTITY_CHECK_AT, IDENTITY_CHECK_BYTES) != 0) {
        return error_set(err, ERROR_CORRUPT, "%s is damaged; restore it from a backup", path);
    }
    return true;
}

static bool identity_write(int fd, const uint8_t *bytes, size_t size)
{
    return write(fd, bytes, size) == (ssize_t)size && fsync(fd) == 0;
}

static bool
identity_make(const char *directory, const char *path, struct identity *identity, struct error *err)
{
    uint8_t bytes[IDENTITY_FILE_BYTES];
    memcpy(bytes, identity_magic, IDENTITY_MAGIC_BYTES);
    randombytes_buf(bytes + IDENTITY_SEED_AT, crypto_sign_SEEDBYTES);
    int failed = crypto_sign_seed_keypair(identity->public_key, identity->secret_key,
                                          bytes + IDENTITY_SEED_AT);
    ensure(failed == 0);
    memcpy(bytes + IDENTITY_CHECK_AT, identity->public_key, IDENTITY_CHECK_BYTES);

    char fresh[IDENTITY_PATH_BYTES];
    if (!identity_path(directory, "identity.new", fresh, err)) {
        return false;
    }
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && identity_write(fd, bytes, sizeof(bytes));
    int reason = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (ok && rename(fresh, path) != 0) {
        ok = false;
        reason = errno;
    }
    sodium_memzero(bytes, sizeof(bytes));
    if (!ok) {
        return error_set(err, ERROR_IO, "write %s: %s", path, strerror(reason));
    }
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fsync(folder) != 0) {
        error_set(err, ERROR_IO, "sync %s: %s", directory, strerror(errno));
        ok = false;
    }
    if (folder >= 0) {
        close(folder);
    }
    return ok;
}

bool identity_load(const char *directory, struct identity *identity, struct error *err)
{
    if (sodium_init() < 0) {
        return error_set(err, ERROR_INTERNAL, "libsodium does not start on this machine");
    }
    char path[IDENTITY_PATH_BYTES];
    if (!identity_path(directory, "identity", path, err)) {
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        return identity_make(directory, path, identity, err);
    }
    if (fd < 0) {
        return error_set(err, ERROR_IO, "open %s: %s", path, strerror(errno));
    }
    uint8_t bytes[IDENTITY_FILE_BYTES + 1];
    ssize_t size = read(fd, bytes, sizeof(bytes));
    int reason = errno;
    close(fd);
    if (size < 0) {
        return error_set(err, ERROR_IO, "read %s: %s", path, strerror(reason));
    }
    bool ok = identity_parse(path, bytes, (size_t)size, identity, err);
    sodium_memzero(bytes, sizeof(bytes));
    return ok;
}
