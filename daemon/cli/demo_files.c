#include "daemon/cli/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

void demo_path(char path[static DEMO_PATH_BYTES],
               const struct demo *demo,
               const char *name,
               const char *suffix)
{
    int size = snprintf(path, DEMO_PATH_BYTES, "%s/%s%s", demo->directory, name, suffix);
    ensure(size > 0 && size < DEMO_PATH_BYTES); /* demo_locate left room. */
}

/* Written beside it and renamed, so that nobody reads half a file. Mode 0600: keys are in it. */
static bool demo_replace(const char *path, const char *text, struct error *err)
{
    char fresh[DEMO_PATH_BYTES + 8];
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t size = strlen(text);
    bool ok = fd >= 0 && write(fd, text, size) == (ssize_t)size;
    ok = (fd < 0 || close(fd) == 0) && ok && rename(fresh, path) == 0;
    if (!ok) {
        error_set(err, ERROR_IO, "%s cannot be written: %s", path, strerror(errno));
    }
    return ok;
}

/* --- demo.env ------------------------------------------------------------------------------- */

bool demo_write(const struct demo *demo, struct error *err)
{
    char path[DEMO_PATH_BYTES];
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    ensure(to != NULL);
    fprintf(to, "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", demo->id, demo->secret);
    fprintf(to, "REGIONS=%u\nRTT_MS=%u\n", demo->nodes_count, demo->rtt_ms);
    for (uint32_t i = 0; i < demo->nodes_count; i++) {
        const struct demo_node *node = &demo->nodes[i];
        fprintf(to, "ENDPOINT_%u=%s\nREGION_%u=%s\nADMIN_%u=%s\nPEER_%u=%s\nPID_%u=%ld\n", i + 1,
                node->endpoint, i + 1, node->region, i + 1, node->admin, i + 1, node->peer, i + 1,
                (long)node->pid);
    }
    fclose(to);
    demo_path(path, demo, "demo", ".env");
    bool ok = demo_replace(path, text, err);
    free(text);
    return ok;
}

/* The text member that a name like ENDPOINT_2 is for; NULL when it is none of ours. */
static char *demo_member(struct demo *demo, const char *name, bool *is_pid, struct demo_node **node)
{
    const char *underscore = strrchr(name, '_');
    *is_pid = false;
    *node = NULL;
    if (strcmp(name, "AWS_ACCESS_KEY_ID") == 0) {
        return demo->id;
    }
    if (strcmp(name, "AWS_SECRET_ACCESS_KEY") == 0) {
        return demo->secret;
    }
    unsigned long number = underscore == NULL ? 0 : strtoul(underscore + 1, NULL, 10);
    if (number < 1 || number > DEMO_REGIONS_MAX) {
        return NULL;
    }
    *node = &demo->nodes[number - 1];
    if (strncmp(name, "ENDPOINT_", strlen("ENDPOINT_")) == 0) {
        return (*node)->endpoint;
    }
    if (strncmp(name, "REGION_", strlen("REGION_")) == 0) {
        return (*node)->region;
    }
    if (strncmp(name, "ADMIN_", strlen("ADMIN_")) == 0) {
        return (*node)->admin;
    }
    if (strncmp(name, "PEER_", strlen("PEER_")) == 0) {
        return (*node)->peer;
    }
    *is_pid = strncmp(name, "PID_", strlen("PID_")) == 0;
    return NULL;
}

static void demo_take_line(struct demo *demo, char *line)
{
    char *equals = strchr(line, '=');
    struct demo_node *node = NULL;
    bool is_pid = false;
    ensure(demo != NULL);
    if (equals == NULL) {
        return;
    }
    *equals = 0;
    const char *value = equals + 1;
    char *text = demo_member(demo, line, &is_pid, &node);
    if (text != NULL) {
        snprintf(text, DEMO_TEXT_BYTES, "%s", value);
    } else if (is_pid) {
        node->pid = (pid_t)strtol(value, NULL, 10);
    } else if (strcmp(line, "RTT_MS") == 0) {
        demo->rtt_ms = (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(line, "REGIONS") == 0) {
        demo->nodes_count = (uint32_t)strtoul(value, NULL, 10);
    }
}

bool demo_read(struct demo *demo, struct error *err)
{
    char path[DEMO_PATH_BYTES];
    char line[DEMO_TEXT_BYTES * 2];
    demo_path(path, demo, "demo", ".env");
    FILE *from = fopen(path, "re");
    if (from == NULL && errno == ENOENT) {
        return error_set(err, ERROR_NOT_FOUND, "no demo runs in %s", demo->directory);
    }
    if (from == NULL) {
        return error_set(err, ERROR_IO, "%s cannot be read: %s", path, strerror(errno));
    }
    while (fgets(line, sizeof(line), from) != NULL) {
        line[strcspn(line, "\r\n")] = 0;
        demo_take_line(demo, line);
    }
    fclose(from);
    bool whole = demo->nodes_count >= 1 && demo->nodes_count <= DEMO_REGIONS_MAX;
    for (uint32_t i = 0; whole && i < demo->nodes_count; i++) {
        const struct demo_node *node = &demo->nodes[i];
        whole = node->region[0] != 0 && node->endpoint[0] != 0 && node->admin[0] != 0 &&
                node->peer[0] != 0;
    }
    if (!whole) {
        return error_set(err, ERROR_CONFIG, "%s is broken; remove it and start again", path);
    }
    return true;
}

void demo_remove(const struct demo *demo)
{
    char path[DEMO_PATH_BYTES];
    demo_path(path, demo, "demo", ".env");
    unlink(path);
    for (uint32_t i = 0; i < demo->nodes_count; i++) {
        demo_path(path, demo, demo->nodes[i].region, ".pid");
        unlink(path);
    }
}

/* --- credentials ---------------------------------------------------------------------------- */

static void demo_random_text(char *to, size_t size, const char *alphabet)
{
    uint8_t bytes[DEMO_TEXT_BYTES];
    size_t letters = strlen(alphabet);
    ensure(size < sizeof(bytes) && letters > 0);
    ensure(getrandom(bytes, size, 0) == (ssize_t)size);
    for (size_t i = 0; i < size; i++) {
        to[i] = alphabet[bytes[i] % letters];
    }
    to[size] = 0;
}

static bool
demo_read_credentials(struct demo *demo, const char *path, FILE *from, struct error *err)
{
    char line[DEMO_TEXT_BYTES * 2];
    while (fgets(line, sizeof(line), from) != NULL) {
        char value[DEMO_TEXT_BYTES];
        if (sscanf(line, " aws_access_key_id = %127s", value) == 1) {
            snprintf(demo->id, sizeof(demo->id), "%s", value);
        } else if (sscanf(line, " aws_secret_access_key = %127s", value) == 1) {
            snprintf(demo->secret, sizeof(demo->secret), "%s", value);
        }
    }
    if (demo->id[0] == 0 || demo->secret[0] == 0) {
        return error_set(err, ERROR_CONFIG, "%s holds no access key; remove it and start again",
                         path);
    }
    return true;
}

bool demo_credentials(struct demo *demo, struct error *err)
{
    char path[DEMO_PATH_BYTES];
    char text[DEMO_TEXT_BYTES * 4];
    demo_path(path, demo, "credentials", "");
    FILE *from = fopen(path, "re");
    if (from != NULL) {
        bool ok = demo_read_credentials(demo, path, from, err);
        fclose(from);
        return ok;
    }
    memcpy(demo->id, "AKIA", 4);
    demo_random_text(demo->id + 4, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    demo_random_text(demo->secret, 40,
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-");
    snprintf(text, sizeof(text), "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
             demo->id, demo->secret);
    return demo_replace(path, text, err);
}

/* --- cluster and nodes ---------------------------------------------------------------------- */

static bool demo_append_identity(
    const struct demo *demo, uint32_t index, const char *meridiand, FILE *to, struct error *err)
{
    const struct demo_node *node = &demo->nodes[index];
    char data[DEMO_PATH_BYTES];
    char id[16];
    char output[1024];
    demo_path(data, demo, node->region, "");
    snprintf(id, sizeof(id), "%u", index + 1);
    const char *const argv[] = {meridiand,  "--identity", "--data", data,
                                "--region", node->region, "--id",   id,
                                "--peer",   node->peer,   NULL};
    if (!demo_run(argv, output, sizeof(output), err)) {
        return error_wrap(err, "identity of %s", node->region);
    }
    fputs(output, to);
    return true;
}

static bool
demo_write_node(const struct demo *demo, const struct demo_node *node, struct error *err)
{
    char path[DEMO_PATH_BYTES];
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    ensure(to != NULL);
    fprintf(to, "data: '%s/%s'\nregion: %s\n", demo->directory, node->region, node->region);
    fprintf(to, "http: %s\npeer: %s\nadmin: %s\n", strstr(node->endpoint, "://") + 3, node->peer,
            strstr(node->admin, "://") + 3);
    fprintf(to, "cluster: '%s/cluster.yaml'\ncredentials: '%s/credentials'\n", demo->directory,
            demo->directory);
    fclose(to);
    demo_path(path, demo, node->region, ".yaml");
    bool ok = demo_replace(path, text, err);
    free(text);
    return ok;
}

bool demo_write_cluster(const struct demo *demo, const char *meridiand, struct error *err)
{
    char path[DEMO_PATH_BYTES];
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    ensure(to != NULL);
    bool ok = true;
    fputs("regions:\n", to);
    for (uint32_t i = 0; ok && i < demo->nodes_count; i++) {
        ok = demo_append_identity(demo, i, meridiand, to, err) &&
             demo_write_node(demo, &demo->nodes[i], err);
    }
    fclose(to);
    demo_path(path, demo, "cluster", ".yaml");
    ok = ok && demo_replace(path, text, err);
    free(text);
    return ok;
}
