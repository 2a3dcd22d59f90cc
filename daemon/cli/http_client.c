#include "daemon/cli/http_client.h"

#include <curl/curl.h>
#include <stdlib.h>

enum { CLIENT_CONNECT_MS = 3000, CLIENT_ANSWER_MS = 60000 };

struct client {
    CURL *curl;
    char problem[CURL_ERROR_SIZE];
};

/* What one answer is collected in. */
struct client_sink {
    char *bytes;
    size_t size, capacity;
};

static size_t client_on_body(char *bytes, size_t one, size_t size, void *context)
{
    struct client_sink *sink = context;
    size *= one;
    if (size > CLIENT_ANSWER_BYTES_MAX - sink->size) {
        return 0; /* libcurl gives up with a write error. */
    }
    if (sink->capacity - sink->size < size) {
        size_t capacity = sink->capacity * 2 + size + 4096;
        sink->bytes = realloc(sink->bytes, capacity);
        ensure(sink->bytes != NULL);
        sink->capacity = capacity;
    }
    memcpy(sink->bytes + sink->size, bytes, size);
    sink->size += size;
    return size;
}

struct client *client_open(void)
{
    struct client *client = calloc(1, sizeof(*client));
    ensure(client != NULL);
    client->curl = curl_easy_init();
    ensure(client->curl != NULL);
    return client;
}

void client_close(struct client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->curl);
        free(client);
    }
}

static void client_prepare(struct client *client,
                           const char *method,
                           const char *url,
                           struct slice body,
                           struct client_sink *sink)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl); /* Options only: connections stay open. */
    client->problem[0] = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); /* Nodes are reached directly. */
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CLIENT_CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CLIENT_ANSWER_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->problem);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, client_on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
    if (strcmp(method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.size == 0 ? "" : (const char *)body.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body.size);
    } else {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    }
}

static bool client_perform(struct client *client,
                           const char *url,
                           struct client_sink *sink,
                           struct arena *arena,
                           struct client_answer *answer,
                           struct error *err)
{
    CURLcode code = curl_easy_perform(client->curl);
    bool ok = code == CURLE_OK;
    if (!ok) {
        error_set(err, ERROR_UNAVAILABLE, "%s does not answer: %s", url,
                  client->problem[0] == 0 ? curl_easy_strerror(code) : client->problem);
    } else {
        long status = 0;
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
        answer->status = (unsigned)status;
        answer->body = arena_copy(arena, slice_of(sink->bytes, sink->size));
    }
    free(sink->bytes);
    return ok;
}

bool client_call(struct client *client,
                 const char *method,
                 const char *url,
                 struct slice body,
                 struct arena *arena,
                 struct client_answer *answer,
                 struct error *err)
{
    struct client_sink sink = {.size = 0};
    client_prepare(client, method, url, body, &sink);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    ensure(headers != NULL);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    bool ok = client_perform(client, url, &sink, arena, answer, err);
    curl_slist_free_all(headers);
    return ok;
}

bool client_admin(struct client *client,
                  const char *method,
                  const char *admin,
                  const char *path,
                  struct slice body,
                  struct arena *arena,
                  struct slice *answer,
                  struct error *err)
{
    struct client_answer got;
    struct json *root = NULL;
    struct error ignored = {0};
    const char *url = arena_printf(arena, "%s%s", admin, path);
    if (!client_call(client, method, url, body, arena, &got, err)) {
        return false;
    }
    if (got.status == 200) {
        *answer = got.body;
        return true;
    }
    const struct json *text =
        json_parse(got.body, arena, &root, &ignored) ? json_get(root, "error") : NULL;
    if (text != NULL && text->type == JSON_STRING) {
        return error_set(err, ERROR_INTERNAL, "%.*s", SLICE_ARGS(text->text));
    }
    return error_set(err, ERROR_INTERNAL, "%s answers with status %u; is it an admin endpoint?",
                     url, got.status);
}

bool client_admin_json(struct client *client,
                       const char *admin,
                       const char *path,
                       struct arena *arena,
                       struct json **answer,
                       struct error *err)
{
    struct slice text;
    if (!client_admin(client, "GET", admin, path, (struct slice){0}, arena, &text, err)) {
        return false;
    }
    if (!json_parse(text, arena, answer, err)) {
        return error_wrap(err, "%s%s answers with broken JSON", admin, path);
    }
    return true;
}

/* The service names its exceptions with a prefix that people do not care for. */
static bool
client_refusal(unsigned status, const char *operation, const struct json *root, struct error *err)
{
    const struct json *type = root == NULL ? NULL : json_get(root, "__type");
    const struct json *message = root == NULL ? NULL : json_get(root, "message");
    message = message == NULL && root != NULL ? json_get(root, "Message") : message;
    struct slice name = type == NULL ? SLICE_LITERAL("no exception") : type->text;
    const uint8_t *hash = name.size == 0 ? NULL : memrchr(name.data, '#', name.size);
    if (hash != NULL) {
        name = slice_of(hash + 1, name.size - (size_t)(hash + 1 - name.data));
    }
    struct slice text = message == NULL ? SLICE_LITERAL("no message") : message->text;
    return error_set(err, status < 500 ? ERROR_VALIDATION : ERROR_INTERNAL, "%s: %.*s: %.*s",
                     operation, SLICE_ARGS(name), SLICE_ARGS(text));
}

bool client_dynamodb(struct client *client,
                     const struct client_keys *keys,
                     const char *operation,
                     struct slice body,
                     struct arena *arena,
                     struct json **answer,
                     struct error *err)
{
    struct client_sink sink = {.size = 0};
    struct client_answer got;
    struct error broken = {0};
    client_prepare(client, "POST", keys->endpoint, body, &sink);
    const char *const lines[] = {
        arena_printf(arena, "X-Amz-Target: DynamoDB_20120810.%s", operation),
        "Content-Type: application/x-amz-json-1.0", "Expect:", /* No 100-continue round trip. */
    };
    struct curl_slist *headers = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        headers = curl_slist_append(headers, lines[i]);
        ensure(headers != NULL);
    }
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_AWS_SIGV4,
                     arena_printf(arena, "aws:amz:%s:dynamodb", keys->region));
    curl_easy_setopt(client->curl, CURLOPT_USERNAME, keys->id);
    curl_easy_setopt(client->curl, CURLOPT_PASSWORD, keys->secret);
    bool ok = client_perform(client, keys->endpoint, &sink, arena, &got, err);
    curl_slist_free_all(headers);
    if (!ok) {
        return false;
    }
    struct json *root = NULL;
    bool parsed = json_parse(got.body, arena, &root, &broken);
    if (got.status != 200) {
        return client_refusal(got.status, operation, parsed ? root : NULL, err);
    }
    if (!parsed) {
        return error_set(err, ERROR_INTERNAL, "%s: the answer is broken: %s", operation,
                         broken.text);
    }
    *answer = root;
    return true;
}
