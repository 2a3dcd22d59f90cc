/* The process's fdatasync, RocksDB's included, under a test's control: this file's definition takes
 * the place of libc's in the test's executable. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Syncs of files whose path ends in `suffix` (".log", ".sst") wait until disk_release. */
void disk_hold(const char *suffix);
void disk_release(void);
/* How many syncs wait. */
uint32_t disk_waiting(void);
/* The nth sync from now on of such a file fails with EIO (1: the next one), and all after it.
 * A held sync counts when it is released: hold, append, fail, release fails the sync of that append
 * whatever other threads append. */
void disk_fail(const char *suffix, uint32_t nth);
