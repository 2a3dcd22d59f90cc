/* Two parts: the set (parse, index, find) and, at the end, the file (read or make).
 *
 * The set is one copy of the file's text with an array of credentials that borrow from it, and an
 * open-addressed index of at most half load over their ids. */
#include "daemon/http/credentials.h"

#include "daemon/auth/policy.h"
#include "daemon/http/sigv4_parts.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* The bytes of a key that was added. */
struct credentials_copy {
    struct credentials_copy *next;
    size_t size;
    uint8_t bytes[];
};

struct credentials {
    uint8_t *text; /* Owned; what was parsed borrows from it. */
    size_t text_bytes;
    struct credentials_copy *copies; /* Owned; what was added borrows from them. */
    struct credential *all;
    uint32_t count, capacity;
    uint32_t *index; /* number + 1; 0: free. */
    uint32_t index_mask;
};

/* --- Looking up ------------------------------------------------------------------------------ */

static uint32_t credentials_hash(struct slice id)
{
    uint32_t hash = 2166136261u; /* FNV-1a: the table's keys are the operator's, not a client's. */
    for (size_t i = 0; i < id.size; i++) {
        hash = (hash ^ id.data[i]) * 16777619u;
    }
    return hash ^ hash >> 15;
}

const struct credential *credentials_find(const struct credentials *credentials, struct slice id)
{
    for (uint32_t at = credentials_hash(id);; at++) {
        uint32_t entry = credentials->index[at & credentials->index_mask];
        if (entry == 0) {
            return NULL;
        }
        if (slice_equal(credentials->all[entry - 1].id, id)) {
            return &credentials->all[entry - 1];
        }
    }
}

uint32_t credentials_count(const struct credentials *credentials)
{
    return credentials->count;
}

const struct credential *credentials_at(const struct credentials *credentials, uint32_t number)
{
    ensure(number < credentials->count);
    return &credentials->all[number];
}

struct slice credentials_file_text(const struct credentials *credentials)
{
    return slice_of(credentials->text, credentials->text_bytes);
}

static void credentials_build_index(struct credentials *credentials)
{
    uint32_t slots = 4;
    free(credentials->index);
    while (slots < credentials->count * 2) {
        slots *= 2;
    }
    credentials->index = calloc(slots, sizeof(*credentials->index));
    ensure(credentials->index != NULL);
    credentials->index_mask = slots - 1;
    for (uint32_t i = 0; i < credentials->count; i++) {
        uint32_t at = credentials_hash(credentials->all[i].id);
        while (credentials->index[at & credentials->index_mask] != 0) {
            at++;
        }
        credentials->index[at & credentials->index_mask] = i + 1;
    }
}

static struct credential *credentials_append(struct credentials *credentials)
{
    if (credentials->count == credentials->capacity) {
        credentials->capacity = credentials->capacity == 0 ? 4 : credentials->capacity * 2;
        credentials->all =
            realloc(credentials->all, credentials->capacity * sizeof(*credentials->all));
        ensure(credentials->all != NULL);
    }
    struct credential *made = &credentials->all[credentials->count];
    *made = (struct credential){.number = credentials->count++};
    return made;
}

static struct slice credentials_copy(uint8_t **to, struct slice from)
{
    struct slice copy = slice_of(*to, from.size);
    if (from.size > 0) {
        memcpy(*to, from.data, from.size);
    }
    *to += from.size;
    return copy;
}

bool credentials_add(struct credentials *credentials,
                     const struct credential *credential,
                     struct error *err)
{
    if (credentials_find(credentials, credential->id) != NULL) {
        return error_set(err, ERROR_CONFIG,
                         "access key %.*s is in the credentials file and in the catalog",
                         SLICE_ARGS(credential->id));
    }
    size_t size = credential->id.size + credential->secret.size + credential->session_token.size +
                  credential->user.size;
    struct credentials_copy *copy = malloc(sizeof(*copy) + size);
    ensure(copy != NULL);
    *copy = (struct credentials_copy){.next = credentials->copies, .size = size};
    credentials->copies = copy;
    uint8_t *to = copy->bytes;
    struct credential *made = credentials_append(credentials);
    made->id = credentials_copy(&to, credential->id);
    made->secret = credentials_copy(&to, credential->secret);
    made->session_token = credentials_copy(&to, credential->session_token);
    made->user = credentials_copy(&to, credential->user);
    made->expires_s = credential->expires_s;
    made->policy = credential->policy;
    credentials_build_index(credentials);
    return true;
}

void credentials_close(struct credentials *credentials)
{
    if (credentials == NULL) {
        return;
    }
    if (credentials->text != NULL) {
        sodium_memzero(credentials->text, credentials->text_bytes);
    }
    for (uint32_t i = 0; i < credentials->count; i++) {
        policy_close((struct policy *)(uintptr_t)credentials->all[i].policy);
    }
    while (credentials->copies != NULL) {
        struct credentials_copy *copy = credentials->copies;
        credentials->copies = copy->next;
        sodium_memzero(copy->bytes, copy->size);
        free(copy);
    }
    free(credentials->text);
    free(credentials->all);
    free(credentials->index);
    free(credentials);
}

/* --- Parsing --------------------------------------------------------------------------------- */

/* Where a parse stands: the section under way and what it has said so far. */
struct credentials_reader {
    struct credentials *made;
    const char *path;
    uint32_t line;
    uint32_t section_line; /* 0: before the first section. */
    bool nesting;          /* The last setting's value was empty: indented lines belong to it. */
    struct credential current;
};

static struct slice credentials_trim(struct slice text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && strchr(" \t\r", text.data[text.size - 1]) != NULL) {
        text.size--;
    }
    return text;
}

static bool credentials_end_section(struct credentials_reader *reader, struct error *err)
{
    struct credential *current = &reader->current;
    bool empty =
        current->id.size == 0 && current->secret.size == 0 && current->session_token.size == 0;
    if (empty) {
        return true; /* A profile of another kind. */
    }
    if (current->id.size == 0 || current->secret.size == 0) {
        return error_set(err, ERROR_CONFIG, "%s:%u: the section has no %s", reader->path,
                         reader->section_line,
                         current->id.size == 0 ? "aws_access_key_id" : "aws_secret_access_key");
    }
    struct credentials *made = reader->made;
    for (uint32_t i = 0; i < made->count; i++) {
        if (slice_equal(made->all[i].id, current->id)) {
            if (slice_equal(made->all[i].secret, current->secret) &&
                slice_equal(made->all[i].session_token, current->session_token)) {
                return true; /* Two profiles of one key. */
            }
            return error_set(err, ERROR_CONFIG,
                             "%s:%u: access key %.*s is in the file already, with another secret "
                             "or token",
                             reader->path, reader->section_line, SLICE_ARGS(current->id));
        }
    }
    struct credential *kept = credentials_append(made);
    current->number = kept->number;
    *kept = *current;
    return true;
}

/* "2026-12-31T00:00:00Z", the form that tools write. */
static bool credentials_parse_time(struct slice text, uint64_t *seconds)
{
    char compact[SIGV4_DATE_BYTES];
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '-' && text.data[i] != ':') {
            if (size == sizeof(compact)) {
                return false;
            }
            compact[size++] = (char)text.data[i];
        }
    }
    return sigv4_parse_date(slice_of(compact, size), seconds);
}

static bool credentials_set(struct credentials_reader *reader,
                            struct slice name,
                            struct slice value,
                            struct error *err)
{
    static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key",
                                        "aws_session_token", "aws_credential_expiration"};
    struct slice *const targets[] = {&reader->current.id, &reader->current.secret,
                                     &reader->current.session_token, NULL};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (name.size != strlen(names[i]) ||
            strncasecmp((const char *)name.data, names[i], name.size) != 0) {
            continue;
        }
        if (value.size == 0 || value.size > CREDENTIAL_FIELD_BYTES_MAX) {
            return error_set(err, ERROR_CONFIG, "%s:%u: %s is %s", reader->path, reader->line,
                             names[i], value.size == 0 ? "empty" : "too long");
        }
        if (targets[i] == NULL) {
            if (!credentials_parse_time(value, &reader->current.expires_s)) {
                return error_set(err, ERROR_CONFIG,
                                 "%s:%u: %s is no time like 2026-12-31T00:00:00Z", reader->path,
                                 reader->line, names[i]);
            }
            return true;
        }
        if (targets[i]->size > 0) {
            return error_set(err, ERROR_CONFIG, "%s:%u: a second %s in one section", reader->path,
                             reader->line, names[i]);
        }
        *targets[i] = value;
        return true;
    }
    return true; /* region, role_arn, …: not ours. */
}

static bool
credentials_read_line(struct credentials_reader *reader, struct slice raw, struct error *err)
{
    struct slice line = credentials_trim(raw);
    if (line.size == 0 || line.data[0] == '#' || line.data[0] == ';') {
        return true;
    }
    if (line.data[0] == '[') {
        if (line.size < 3 || line.data[line.size - 1] != ']') {
            return error_set(err, ERROR_CONFIG, "%s:%u: a section is written [name]", reader->path,
                             reader->line);
        }
        if (!credentials_end_section(reader, err)) {
            return false;
        }
        reader->current = (struct credential){0};
        reader->section_line = reader->line;
        reader->nesting = false;
        return true;
    }
    if (reader->nesting && (raw.data[0] == ' ' || raw.data[0] == '\t')) {
        return true;
    }
    const uint8_t *equals = memchr(line.data, '=', line.size);
    if (equals == NULL || equals == line.data) {
        return error_set(err, ERROR_CONFIG, "%s:%u: neither [section] nor name = value",
                         reader->path, reader->line);
    }
    if (reader->section_line == 0) {
        return error_set(err, ERROR_CONFIG, "%s:%u: a setting before the first [section]",
                         reader->path, reader->line);
    }
    struct slice name = credentials_trim(slice_of(line.data, (size_t)(equals - line.data)));
    struct slice value =
        credentials_trim(slice_of(equals + 1, line.size - (size_t)(equals - line.data) - 1));
    reader->nesting = value.size == 0;
    return credentials_set(reader, name, value, err);
}

static bool credentials_read_lines(struct credentials_reader *reader, struct error *err)
{
    struct slice left = {reader->made->text, reader->made->text_bytes};
    if (left.size > 0 && memchr(left.data, 0, left.size) != NULL) {
        return error_set(err, ERROR_CONFIG, "%s: not a text file", reader->path);
    }
    while (left.size > 0) {
        const uint8_t *end = memchr(left.data, '\n', left.size);
        size_t size = end == NULL ? left.size : (size_t)(end - left.data);
        reader->line++;
        if (!credentials_read_line(reader, slice_of(left.data, size), err)) {
            return false;
        }
        size_t taken = end == NULL ? size : size + 1;
        left.data += taken;
        left.size -= taken;
    }
    if (!credentials_end_section(reader, err)) {
        return false;
    }
    if (reader->made->count == 0) {
        return error_set(err, ERROR_CONFIG, "%s: no access key in it", reader->path);
    }
    return true;
}

bool credentials_parse(const char *path,
                       struct slice text,
                       struct credentials **credentials,
                       struct error *err)
{
    if (text.size > CREDENTIALS_BYTES_MAX) {
        return error_set(err, ERROR_CONFIG, "%s: more than %d bytes", path, CREDENTIALS_BYTES_MAX);
    }
    struct credentials *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->text = malloc(text.size + 1);
    ensure(made->text != NULL);
    if (text.size > 0) {
        memcpy(made->text, text.data, text.size);
    }
    made->text_bytes = text.size;
    struct credentials_reader reader = {.made = made, .path = path};
    if (!credentials_read_lines(&reader, err)) {
        credentials_close(made);
        return false;
    }
    credentials_build_index(made);
    *credentials = made;
    return true;
}

/* --- The file -------------------------------------------------------------------------------- */

static bool credentials_write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, text, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        text += written;
        size -= (size_t)written;
    }
    return fsync(fd) == 0;
}

bool credentials_generate(char id[static CREDENTIALS_ID_BYTES],
                          char secret[static CREDENTIALS_SECRET_BYTES],
                          struct error *err)
{
    static const char id_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static const char secret_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char prefix[4] = {'A', 'K', 'I', 'A'};
    if (sodium_init() < 0) {
        return error_set(err, ERROR_IO, "no source of randomness for a new access key");
    }
    memcpy(id, prefix, sizeof(prefix));
    for (size_t i = sizeof(prefix); i < CREDENTIALS_ID_BYTES; i++) {
        id[i] = id_letters[randombytes_uniform(sizeof(id_letters) - 1)];
    }
    for (size_t i = 0; i < CREDENTIALS_SECRET_BYTES; i++) {
        secret[i] = secret_letters[randombytes_uniform(sizeof(secret_letters) - 1)];
    }
    return true;
}

/* Written beside the place and then linked there: the file is whole or absent, and one that
 * somebody else has made meanwhile stays. */
static bool credentials_make(const char *path, struct error *err)
{
    char id[CREDENTIALS_ID_BYTES + 1] = {0}, secret[CREDENTIALS_SECRET_BYTES + 1] = {0};
    if (!credentials_generate(id, secret, err)) {
        return false;
    }
    char text[256], beside[4096];
    int size =
        snprintf(text, sizeof(text),
                 "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", id, secret);
    ensure(size > 0 && (size_t)size < sizeof(text));
    int beside_size = snprintf(beside, sizeof(beside), "%s.%s", path, id);
    if (beside_size < 0 || (size_t)beside_size >= sizeof(beside)) {
        return error_set(err, ERROR_IO, "make %s: the path is too long", path);
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_set(err, ERROR_IO, "make %s: %s", path, strerror(errno));
    }
    bool ok = credentials_write_all(fd, text, (size_t)size) && link(beside, path) == 0;
    if (!ok) {
        error_set(err, ERROR_IO, "make %s: %s", path, strerror(errno));
    }
    sodium_memzero(text, sizeof(text));
    sodium_memzero(secret, sizeof(secret));
    close(fd);
    unlink(beside);
    return ok;
}

/* *text is the caller's to free, also when it stays NULL. *absent: no such file. */
static bool credentials_read_file(
    const char *path, uint8_t **text, size_t *size, bool *absent, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *absent = errno == ENOENT;
        return error_set(err, *absent ? ERROR_CONFIG : ERROR_IO, "credentials %s: %s", path,
                         strerror(errno));
    }
    bool ok = true;
    *text = malloc(CREDENTIALS_BYTES_MAX + 1);
    ensure(*text != NULL);
    while (*size <= CREDENTIALS_BYTES_MAX) { /* One byte past the limit shows a file too long. */
        ssize_t got = read(fd, *text + *size, CREDENTIALS_BYTES_MAX + 1 - *size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            ok = error_set(err, ERROR_IO, "credentials %s: %s", path, strerror(errno));
        }
        if (got <= 0) {
            break;
        }
        *size += (size_t)got;
    }
    close(fd);
    return ok;
}

bool credentials_open(
    const char *path, bool make, struct credentials **credentials, bool *made, struct error *err)
{
    uint8_t *text = NULL;
    size_t size = 0;
    bool absent = false;
    *made = false;
    bool read = credentials_read_file(path, &text, &size, &absent, err);
    if (!read && absent && make) {
        error_clear(err);
        *made = credentials_make(path, err);
        read = *made && credentials_read_file(path, &text, &size, &absent, err);
    }
    bool ok = read && credentials_parse(path, slice_of(text, size), credentials, err);
    if (text != NULL) {
        sodium_memzero(text, size);
    }
    free(text);
    return ok;
}
