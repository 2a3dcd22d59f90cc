#include "daemon/api/table_options.h"

#include "proto/base/checksum.h"

#define INVALID_VALUES "One or more parameter values were invalid: "

static const char *const table_class_names[TABLE_CLASSES] = {
    [CLASS_STANDARD] = "STANDARD",
    [CLASS_STANDARD_INFREQUENT_ACCESS] = "STANDARD_INFREQUENT_ACCESS",
};

bool table_options_stream(const struct json *asked, struct error *err)
{
    bool view = json_get(asked, "StreamViewType") != NULL;
    if (!shape_boolean(json_get(asked, "StreamEnabled"), false)) {
        return !view || error_set(err, ERROR_VALIDATION,
                                  INVALID_VALUES "Table is being created with a stream disabled, "
                                                 "UpdateViewType should not be specified");
    }
    return view || error_set(err, ERROR_VALIDATION,
                             INVALID_VALUES "Table is being created with a stream enabled, "
                                            "UpdateViewType is required");
}

/* --- Encryption ------------------------------------------------------------------------------- */

/* KMSMasterKeyId may be an ARN, an alias or a bare key id. */
static struct slice table_options_arn(struct slice id, const struct node *node, struct arena *arena)
{
    if (slice_starts_with(id, SLICE_LITERAL("arn:"))) {
        return id;
    }
    bool alias = slice_starts_with(id, SLICE_LITERAL("alias/"));
    return slice_text(arena_printf(arena, "arn:aws:kms:%s:%s:%s%.*s", node->region, node->account,
                                   alias ? "" : "key/", SLICE_ARGS(id)));
}

struct slice
table_options_key(const struct table *table, const struct node *node, struct arena *arena)
{
    if (table->kms_key.size > 0) {
        return table->kms_key;
    }
    /* Nobody manages keys here; one of the right shape, the same for all tables of a region. */
    const char *seed = arena_printf(arena, "%s/%s", node->region, node->account);
    uint32_t parts[4] = {crc32c(slice_text(seed))};
    for (uint32_t i = 1; i < ARRAY_COUNT(parts); i++) {
        parts[i] = crc32c_extend(parts[i - 1], slice_text(seed));
    }
    return slice_text(arena_printf(arena, "arn:aws:kms:%s:%s:key/%08x-%04x-4%03x-a%03x-%04x%08x",
                                   node->region, node->account, parts[0], parts[1] >> 16,
                                   parts[1] & 0xfff, parts[2] >> 20, parts[2] & 0xffff, parts[3]));
}

bool table_options_encryption(const struct json *asked,
                              const struct node *node,
                              struct arena *arena,
                              struct table *table,
                              struct error *err)
{
    struct slice type = shape_text(json_get(asked, "SSEType"));
    const struct json *key = json_get(asked, "KMSMasterKeyId");
    bool enabled = shape_boolean(json_get(asked, "Enabled"), false);
    if (!enabled && type.size > 0) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "SSEType can not be specified if Enabled is false");
    }
    if (!enabled && key != NULL) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "KMSMasterKeyId can not be specified if Enabled is false");
    }
    if (key != NULL && type.size == 0) {
        return error_set(err, ERROR_VALIDATION,
                         INVALID_VALUES "SSEType KMS is required if KMSMasterKeyId is specified");
    }
    if (slice_is(type, "AES256")) {
        return error_set(err, ERROR_VALIDATION, INVALID_VALUES "SSEType AES256 is not supported");
    }
    if (key != NULL && (key->text.size == 0 || key->text.size > TABLE_KMS_KEY_BYTES_MAX)) {
        return error_set(err, ERROR_VALIDATION, INVALID_VALUES "Invalid KMSMasterKeyId");
    }
    table->encrypted = enabled;
    table->kms_key = key == NULL ? (struct slice){0} : table_options_arn(key->text, node, arena);
    return true;
}

/* --- Class ------------------------------------------------------------------------------------ */

const char *table_options_class_name(enum table_class class)
{
    return table_class_names[class];
}

bool table_options_class(const struct json *asked, enum table_class *class, struct error *err)
{
    for (enum table_class each = CLASS_STANDARD; each < TABLE_CLASSES; each++) {
        if (slice_is(asked->text, table_class_names[each])) {
            *class = each;
            return true;
        }
    }
    return error_set(err, ERROR_VALIDATION,
                     "Invalid table-class parameter provided. Please try again with a valid "
                     "table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].");
}
