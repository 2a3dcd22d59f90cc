/* Compressed answers: gzip, for clients that say they take it. */
#pragma once

#include "proto/base/arena.h"

#include <zlib.h>

/* Does this Accept-Encoding take gzip? An empty one does not; a quality of 0 is a no. */
bool gzip_is_accepted(struct slice accept_encoding);

/* The compressor's memory, about 256 KiB, used again for each answer. One thread at a time. */
struct gzip {
    z_stream stream;
    bool started;
};

/* `arena`: where the compressor's memory comes from; NULL: malloc, until gzip_clear. Zeroed before.
 */
void gzip_init(struct gzip *gzip, struct arena *arena);
void gzip_clear(struct gzip *gzip); /* A zeroed one is fine. */

/* Compress into the arena, quickly rather than well. False when that does not make it smaller. */
bool gzip_pack(struct gzip *gzip, struct slice bytes, struct arena *arena, struct slice *packed);
