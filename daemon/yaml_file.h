/* YAML files by libcyaml, with the line in every error. libcyaml checks a document against a schema
 * but says only roughly where it failed, so positions are looked up with libyaml, on which it is
 * built (whose own names begin with yaml_). Main thread, at start. */
#pragma once

#include "proto/base/arena.h"
#include "proto/base/error.h"

#include <cyaml/cyaml.h>

enum { YAML_FILE_BYTES_MAX = 1 << 20 };

struct yaml_file {
    const char *path;  /* Borrowed. */
    struct slice text; /* In the arena. */
};

/* Errors: CONFIG when it cannot be read or is too large. */
MUST_CHECK bool
yaml_file_read(const char *path, struct arena *arena, struct yaml_file *file, struct error *err);

/* Load by a schema whose top is a mapping with CYAML_FLAG_POINTER; free *data with yaml_file_free.
 * An empty document gives NULL. Errors: CONFIG, "<path>, line <n>: …". */
MUST_CHECK bool yaml_file_load(const struct yaml_file *file,
                               const cyaml_schema_value_t *schema,
                               void **data,
                               struct error *err);
void yaml_file_free(const cyaml_schema_value_t *schema, void *data);

/* The line of the value of the nth (from 0) mapping key of that name; 0 when there is none. */
uint32_t yaml_file_line(const struct yaml_file *file, const char *key, uint32_t nth);
