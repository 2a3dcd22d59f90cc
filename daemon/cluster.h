/* The cluster file: which regions there are, where they listen for each other, and who they are.
 *
 *     regions:
 *       - name: us-east-1
 *         id: 1
 *         peer: 127.0.0.1:7001
 *         key: 5b1f…            # Ed25519 public key, 64 hex digits
 *
 * The same file lies on every node. Main thread, at start. */
#pragma once

#include "replication/replication.h"

#include <stdio.h>

/* At most REGIONS_MAX regions. Errors: CONFIG, with the line. */
MUST_CHECK bool cluster_load(const char *path,
                             struct region_info regions[static REGIONS_MAX],
                             uint32_t *count,
                             struct error *err);

/* One entry, indented to stand below `regions:`. */
void cluster_print_entry(FILE *to, const struct region_info *region);

/* 1 to REGION_NAME_BYTES_MAX of a-z, 0-9 and -, a letter first. */
bool cluster_is_region_name(const char *name);

/* HOST:PORT with a port of 1 to 65535. */
bool cluster_is_address(const char *address);
