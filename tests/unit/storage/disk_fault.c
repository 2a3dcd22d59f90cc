#include "tests/unit/storage/disk_fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An interposed function has no argument to carry its state. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *held;
    const char *failing;
    uint32_t fail_in;
    uint32_t waiting;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool disk_is(int fd, const char *suffix)
{
    char link[64];
    char path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof(path) - 1);
    if (suffix == NULL || size < (ssize_t)strlen(suffix)) {
        return false;
    }
    path[size] = 0;
    return strcmp(path + size - strlen(suffix), suffix) == 0;
}

int fdatasync(int fd)
{
    bool fails = false;
    pthread_mutex_lock(&disk.lock);
    disk.waiting++;
    while (disk_is(fd, disk.held)) {
        pthread_cond_wait(&disk.changed, &disk.lock);
    }
    disk.waiting--;
    if (disk_is(fd, disk.failing)) {
        disk.fail_in -= disk.fail_in > 0 ? 1 : 0;
        fails = disk.fail_in == 0;
    }
    pthread_mutex_unlock(&disk.lock);
    if (fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static void disk_set_held(const char *suffix)
{
    pthread_mutex_lock(&disk.lock);
    disk.held = suffix;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

void disk_hold(const char *suffix)
{
    disk_set_held(suffix);
}

void disk_release(void)
{
    disk_set_held(NULL);
}

uint32_t disk_waiting(void)
{
    pthread_mutex_lock(&disk.lock);
    uint32_t waiting = disk.waiting;
    pthread_mutex_unlock(&disk.lock);
    return waiting;
}

void disk_fail(const char *suffix, uint32_t nth)
{
    pthread_mutex_lock(&disk.lock);
    disk.failing = suffix;
    disk.fail_in = nth;
    pthread_mutex_unlock(&disk.lock);
}
