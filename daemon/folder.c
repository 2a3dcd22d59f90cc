#include "daemon/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void folder_path(char path[static FOLDER_PATH_BYTES], const char *directory, const char *name)
{
    snprintf(path, FOLDER_PATH_BYTES, "%s/%s", directory, name);
}

/* A new name is only safe from a power cut once the directory that holds it is synced. */
static bool folder_sync_parent(const char *path, struct error *err)
{
    char parent[FOLDER_PATH_BYTES];
    snprintf(parent, sizeof(parent), "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        snprintf(parent, sizeof(parent), ".");
    } else {
        slash[slash == parent ? 1 : 0] = 0;
    }
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok) {
        error_set(err, ERROR_IO, "directory %s cannot be synced: %s", parent, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

bool folder_make(const char *directory, struct error *err)
{
    char path[FOLDER_PATH_BYTES];
    size_t size = strlen(directory);
    if (size >= sizeof(path)) {
        return error_set(err, ERROR_IO, "data folder: the path is longer than %zu bytes",
                         sizeof(path) - 1);
    }
    for (size_t end = 1; end <= size; end++) {
        if (directory[end] != '/' && directory[end] != 0) {
            continue;
        }
        memcpy(path, directory, end);
        path[end] = 0;
        bool made = mkdir(path, 0700) == 0;
        if (!made && errno != EEXIST) {
            return error_set(err, ERROR_IO, "data folder %s cannot be made: %s", path,
                             strerror(errno));
        }
        if (made && !folder_sync_parent(path, err)) {
            return false;
        }
    }
    return true;
}

bool folder_check(const char *directory, struct error *err)
{
    char path[FOLDER_PATH_BYTES];
    struct stat stat_of;
    snprintf(path, sizeof(path), "%s", directory);
    while (stat(path, &stat_of) != 0) { /* The nearest part that is there decides. */
        if (errno != ENOENT) {
            return error_set(err, ERROR_CONFIG, "data folder %s cannot be used: %s", directory,
                             strerror(errno));
        }
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            snprintf(path, sizeof(path), ".");
        } else {
            slash[slash == path ? 1 : 0] = 0;
        }
    }
    if (!S_ISDIR(stat_of.st_mode)) {
        return error_set(err, ERROR_CONFIG, "data folder %s cannot be used: %s is not a directory",
                         directory, path);
    }
    if (access(path, W_OK | X_OK) != 0) {
        return error_set(err, ERROR_CONFIG, "data folder %s cannot be used: %s: %s", directory,
                         path, strerror(errno));
    }
    return true;
}

bool folder_lock(const char *directory, int *fd, struct error *err)
{
    char path[FOLDER_PATH_BYTES];
    char pid[32] = "";
    folder_path(path, directory, "lock");
    int made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0) {
        return error_set(err, ERROR_IO, "%s cannot be opened: %s", path, strerror(errno));
    }
    if (flock(made, LOCK_EX | LOCK_NB) != 0) {
        int reason = errno;
        ssize_t size = pread(made, pid, sizeof(pid) - 1, 0);
        pid[size < 0 ? 0 : size] = 0;
        close(made);
        if (reason != EWOULDBLOCK) {
            return error_set(err, ERROR_IO, "%s cannot be locked: %s", path, strerror(reason));
        }
        return error_set(err, ERROR_REFUSED, "data folder %s is in use by process %s", directory,
                         pid[0] == 0 ? "of unknown number" : pid);
    }
    /* The number is for the sentence above only: the lock is the lock. */
    int size = snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    if (ftruncate(made, 0) != 0 || pwrite(made, pid, (size_t)size, 0) != size) {
        int reason = errno;
        close(made);
        return error_set(err, ERROR_IO, "%s cannot be written: %s", path, strerror(reason));
    }
    *fd = made;
    return true;
}

void folder_unlock(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}
