/* The node's key file: 32 random bytes under which the secrets of access keys are sealed. Who has
 * the data folder but not this file has no secret. Blocks on disk; worker or main thread. */
#pragma once

#include "proto/base/error.h"

enum { KEY_FILE_KEY_BYTES = 32 };

/* Errors: CONFIG when there is no such file and `make` is not set; CORRUPT when it is no key file;
 * IO. A file that is made has mode 0600 and is synced. */
MUST_CHECK bool key_file_load(const char *path,
                              bool make,
                              uint8_t key[static KEY_FILE_KEY_BYTES],
                              struct error *err);
