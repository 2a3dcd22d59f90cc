#include "daemon/cluster.h"

#include "daemon/yaml_file.h"

#include <stdlib.h>

struct cluster_entry {
    char *name;
    char *id;
    char *peer;
    char *key;
};

struct cluster_document {
    struct cluster_entry *regions;
    uint32_t regions_count;
};

enum { CLUSTER_TEXT_BYTES_MAX = 256, CLUSTER_ID_MAX = UINT16_MAX };

#define CLUSTER_TEXT(member)                                                                       \
    CYAML_FIELD_STRING_PTR(#member, CYAML_FLAG_POINTER, struct cluster_entry, member, 1,           \
                           CLUSTER_TEXT_BYTES_MAX)

static const cyaml_schema_field_t cluster_entry_fields[] = {
    CLUSTER_TEXT(name), CLUSTER_TEXT(id), CLUSTER_TEXT(peer), CLUSTER_TEXT(key), CYAML_FIELD_END};

static const cyaml_schema_value_t cluster_entry_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct cluster_entry, cluster_entry_fields)};

static const cyaml_schema_field_t cluster_fields[] = {CYAML_FIELD_SEQUENCE("regions",
                                                                           CYAML_FLAG_POINTER,
                                                                           struct cluster_document,
                                                                           regions,
                                                                           &cluster_entry_schema,
                                                                           1,
                                                                           REGIONS_MAX),
                                                      CYAML_FIELD_END};

static const cyaml_schema_value_t cluster_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct cluster_document, cluster_fields)};

bool cluster_is_region_name(const char *name)
{
    size_t size = strlen(name);
    bool fits = size > 0 && size <= REGION_NAME_BYTES_MAX && name[0] >= 'a' && name[0] <= 'z';
    return fits && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

bool cluster_is_address(const char *address)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address ||
        strlen(address) >= sizeof(((struct region_info *)0)->address)) {
        return false;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    unsigned long port = strtoul(colon + 1, NULL, 10);
    return digits >= 1 && digits <= 5 && colon[1 + digits] == 0 && port >= 1 && port <= 65535 &&
           strcspn(address, " \t\r\n") == strlen(address);
}

static int cluster_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool cluster_parse_key(const char *text, uint8_t key[static 32])
{
    if (strlen(text) != 64) {
        return false;
    }
    for (size_t i = 0; i < 32; i++) {
        int high = cluster_hex_digit(text[2 * i]);
        int low = cluster_hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* One entry against the rules; `nth` finds its line. */
static bool cluster_take_entry(const struct yaml_file *file,
                               const struct cluster_entry *entry,
                               uint32_t nth,
                               struct region_info *region,
                               struct error *err)
{
    if (!cluster_is_region_name(entry->name)) {
        return error_set(err, ERROR_CONFIG,
                         "%s, line %u: a region's name is 1 to %d of a-z, 0-9 and -, beginning "
                         "with a letter, not \"%s\"",
                         file->path, yaml_file_line(file, "name", nth), REGION_NAME_BYTES_MAX,
                         entry->name);
    }
    char *end = NULL;
    unsigned long id = strtoul(entry->id, &end, 10);
    if (entry->id[0] < '0' || entry->id[0] > '9' || *end != 0 || id < 1 || id > CLUSTER_ID_MAX) {
        return error_set(err, ERROR_CONFIG,
                         "%s, line %u: an id is a number from 1 to %d, not \"%s\"", file->path,
                         yaml_file_line(file, "id", nth), CLUSTER_ID_MAX, entry->id);
    }
    if (!cluster_is_address(entry->peer)) {
        return error_set(err, ERROR_CONFIG,
                         "%s, line %u: a peer is HOST:PORT, such as 10.0.0.1:7000, not \"%s\"",
                         file->path, yaml_file_line(file, "peer", nth), entry->peer);
    }
    if (!cluster_parse_key(entry->key, region->public_key)) {
        return error_set(err, ERROR_CONFIG,
                         "%s, line %u: a key is an Ed25519 public key of 64 hex digits, as "
                         "`meridiand --identity` prints it",
                         file->path, yaml_file_line(file, "key", nth));
    }
    region->id = (uint16_t)id;
    snprintf(region->name, sizeof(region->name), "%s", entry->name);
    snprintf(region->address, sizeof(region->address), "%s", entry->peer);
    return true;
}

static bool cluster_check_unique(const struct yaml_file *file,
                                 const struct region_info *regions,
                                 uint32_t nth,
                                 struct error *err)
{
    const struct region_info *new = &regions[nth];
    for (uint32_t i = 0; i < nth; i++) {
        const char *what = NULL;
        if (strcmp(regions[i].name, new->name) == 0) {
            what = "name";
        } else if (regions[i].id == new->id) {
            what = "id";
        } else if (strcmp(regions[i].address, new->address) == 0) {
            what = "peer";
        } else if (memcmp(regions[i].public_key, new->public_key, sizeof(new->public_key)) == 0) {
            what = "key";
        }
        if (what != NULL) {
            return error_set(err, ERROR_CONFIG, "%s, line %u: the %s of %s is that of %s too",
                             file->path, yaml_file_line(file, what, nth), what, new->name,
                             regions[i].name);
        }
    }
    return true;
}

bool cluster_load(const char *path,
                  struct region_info regions[static REGIONS_MAX],
                  uint32_t *count,
                  struct error *err)
{
    struct arena arena = {0};
    struct yaml_file file;
    void *data = NULL;
    bool ok = false;
    if (!yaml_file_read(path, &arena, &file, err) ||
        !yaml_file_load(&file, &cluster_schema, &data, err)) {
        goto out;
    }
    const struct cluster_document *document = data;
    if (document == NULL) {
        error_set(err, ERROR_CONFIG, "%s, line 1: there is no list `regions`", path);
        goto out;
    }
    memset(regions, 0, REGIONS_MAX * sizeof(*regions));
    for (uint32_t i = 0; i < document->regions_count; i++) {
        if (!cluster_take_entry(&file, &document->regions[i], i, &regions[i], err) ||
            !cluster_check_unique(&file, regions, i, err)) {
            goto out;
        }
    }
    *count = document->regions_count;
    ok = true;
out:
    yaml_file_free(&cluster_schema, data);
    arena_destroy(&arena);
    return ok;
}

void cluster_print_entry(FILE *to, const struct region_info *region)
{
    const char *quote = region->address[0] == '[' ? "\"" : ""; /* YAML would see a list. */
    fprintf(to, "  - name: %s\n    id: %u\n    peer: %s%s%s\n    key: ", region->name, region->id,
            quote, region->address, quote);
    for (size_t i = 0; i < sizeof(region->public_key); i++) {
        fprintf(to, "%02x", region->public_key[i]);
    }
    fprintf(to, "\n");
}
