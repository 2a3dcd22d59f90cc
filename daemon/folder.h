/* The data folder of a node:
 *
 *     DIR/lock          held by the process that uses the folder; holds its pid
 *     DIR/identity      the node's Ed25519 key (replication/identity.c)
 *     DIR/credentials   access keys, unless --credentials names another file
 *     DIR/key           what the secrets of the catalog's access keys are sealed under, unless
 *                       --key-file names another file
 *     DIR/store/        the database
 *
 * Main thread. */
#pragma once

#include "proto/base/error.h"

#include <limits.h>

enum { FOLDER_PATH_BYTES = PATH_MAX };

/* <directory>/<name>; a path that is too long is cut, and refused by whoever opens it. */
void folder_path(char path[static FOLDER_PATH_BYTES], const char *directory, const char *name);

/* Make it (mode 0700), with its parents, unless it is there. Errors: IO. */
MUST_CHECK bool folder_make(const char *directory, struct error *err);
/* Could it be used, or made? Changes nothing. Errors: CONFIG. */
MUST_CHECK bool folder_check(const char *directory, struct error *err);

/* One process per folder. Errors: REFUSED, naming the process that has it; IO. */
MUST_CHECK bool folder_lock(const char *directory, int *fd, struct error *err);
void folder_unlock(int fd); /* -1 is fine. */
