#include "daemon/config.h"

#include "daemon/cluster.h"
#include "daemon/yaml_file.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CONFIG_LOOPS_MAX = 256,
    CONFIG_SYNC_INTERVAL_MS_MAX = 60000,
    CONFIG_CACHE_MB_MIN = 8,
    CONFIG_MEMTABLE_MB_MIN = 4,
    CONFIG_CONFLICTS_KEPT_HOURS_MAX = 100 * 365 * 24,
    CONFIG_MEMORY_MB_MAX = 1 << 20,
    CONFIG_TEXT_BYTES_MAX = 4096,
    CONFIG_STREAM_POLL_MS = 200,
    CONFIG_STREAM_POLL_MS_MAX = 20000,
};

enum config_knob {
    KNOB_DATA,
    KNOB_REGION,
    KNOB_HTTP,
    KNOB_HTTPS,
    KNOB_TLS_CERTIFICATE,
    KNOB_TLS_KEY,
    KNOB_PEER,
    KNOB_ADMIN,
    KNOB_CLUSTER,
    KNOB_CREDENTIALS,
    KNOB_KEY_FILE,
    KNOB_AUTH,
    KNOB_THROTTLE,
    KNOB_TTL_CHANGE_SECONDS,
    KNOB_DURABILITY,
    KNOB_SYNC_INTERVAL_MS,
    KNOB_LOOPS,
    KNOB_CACHE_MB,
    KNOB_MEMTABLE_MB,
    KNOB_CONFLICTS_KEPT_HOURS,
    KNOB_STREAM_SHARDS,
    KNOB_STREAM_POLL_MS,
    KNOB_ID,
    KNOB_LOG_JSON,
    KNOB_LOG_LEVEL,
    KNOB_CONFIG,
    KNOBS,
};

/* What the settings are called everywhere. An argument of NULL: a switch, on when it is named. */
static const struct config_name {
    const char *name;
    const char *argument;
    const char *help;
} config_names[KNOBS] = {
    [KNOB_DATA] = {"data", "DIR", "folder of this node's data; made if absent"},
    [KNOB_REGION] = {"region", "NAME", "this node's region, such as us-east-1"},
    [KNOB_HTTP] = {"http", "ADDR:PORT",
                   "DynamoDB endpoint (127.0.0.1:8000); port 0 takes a free one"},
    [KNOB_HTTPS] = {"https", "ADDR:PORT", "DynamoDB endpoint under TLS (none)"},
    [KNOB_TLS_CERTIFICATE] = {"tls-certificate", "FILE",
                              "for --https: PEM, the chain behind the certificate"},
    [KNOB_TLS_KEY] = {"tls-key", "FILE", "for --https: the key, PEM without a passphrase"},
    [KNOB_PEER] = {"peer", "ADDR:PORT",
                   "endpoint for the other regions (its address in the cluster file)"},
    [KNOB_ADMIN] = {"admin", "ADDR:PORT", "health, metrics and control (127.0.0.1:8080)"},
    [KNOB_CLUSTER] = {"cluster", "FILE", "the regions: name, id, peer, key (none: stands alone)"},
    [KNOB_CREDENTIALS] = {"credentials", "FILE",
                          "access keys, as the AWS CLI keeps them (DIR/credentials)"},
    [KNOB_KEY_FILE] = {"key-file", "FILE", "what secrets in DIR are sealed under (DIR/key)"},
    [KNOB_AUTH] = {"auth", "on|off", "off takes any credentials; on loopback only (on)"},
    [KNOB_THROTTLE] = {"throttle", "off|enforce",
                       "enforce the provisioned throughput of tables and indexes (off)"},
    [KNOB_TTL_CHANGE_SECONDS] = {"ttl-change-seconds", "N",
                                 "between two changes of a table's time to live (1800)"},
    [KNOB_DURABILITY] = {"durability", "sync|relaxed",
                         "relaxed answers before the disk has it (sync)"},
    [KNOB_SYNC_INTERVAL_MS] = {"sync-interval-ms", "N", "relaxed: time between syncs (100)"},
    [KNOB_LOOPS] = {"loops", "N", "event loops, a thread each (one per core)"},
    [KNOB_CACHE_MB] = {"cache-mb", "N", "block cache (256)"},
    [KNOB_MEMTABLE_MB] = {"memtable-mb", "N", "write buffers of all kinds of rows together (64)"},
    [KNOB_CONFLICTS_KEPT_HOURS] = {"conflicts-kept-hours", "N",
                                   "how long the conflict feed remembers; 0: for ever (168)"},
    [KNOB_STREAM_SHARDS] =
        {"stream-shards", "N",
         "open shards of each stream (one per 4 cores); fewer: of new ones only"},
    [KNOB_STREAM_POLL_MS] = {"stream-poll-ms", "N",
                             "GetRecords waits so long for a first record (200); 0: never"},
    [KNOB_ID] = {"id", "N", "this region's small id (from the cluster file, else from its name)"},
    [KNOB_LOG_JSON] = {"log-json", NULL, "log JSON instead of key=value"},
    [KNOB_LOG_LEVEL] = {"log-level", "LEVEL", "debug, info, warning or error (info)"},
    [KNOB_CONFIG] = {"config", "FILE", "YAML file with settings of the same names"},
};

static const struct config_action_name {
    const char *name;
    enum config_action action;
    const char *help;
} config_actions[] = {
    {"check", CONFIG_CHECK, "say whether all of this is in order, and exit"},
    {"identity", CONFIG_IDENTITY, "print this node's entry of a cluster file, and exit"},
    {"version", CONFIG_VERSION, "print the version, and exit"},
    {"help", CONFIG_HELP, "print this, and exit"},
};

/* A setting as it was written down, and where. */
struct config_value {
    const char *text;   /* NULL: not given. */
    const char *origin; /* "--loops", "MERIDIAN_LOOPS", "a.yaml, line 3: loops" */
};

struct config_sources {
    struct arena *arena;
    struct config_value values[KNOBS];
};

static bool config_refuse(const struct config_value *value, const char *wants, struct error *err)
{
    return error_set(err, ERROR_CONFIG, "%s wants %s, not \"%s\"", value->origin, wants,
                     value->text);
}

/* --- Flags ---------------------------------------------------------------------------------- */

static bool config_take_flag(struct config_sources *sources,
                             struct config *config,
                             int argc,
                             const char *const *argv,
                             int *at,
                             struct error *err)
{
    const char *flag = argv[*at];
    if (strcmp(flag, "-h") == 0) {
        config->action = CONFIG_HELP;
        return true;
    }
    if (strncmp(flag, "--", 2) != 0) {
        return error_set(err, ERROR_CONFIG, "\"%s\" is not a flag; see meridiand --help", flag);
    }
    const char *equals = strchr(flag, '=');
    size_t size = equals == NULL ? strlen(flag + 2) : (size_t)(equals - flag - 2);
    for (size_t i = 0; i < ARRAY_COUNT(config_actions); i++) {
        if (equals == NULL && strcmp(config_actions[i].name, flag + 2) == 0) {
            config->action = config_actions[i].action;
            return true;
        }
    }
    for (uint32_t i = 0; i < KNOBS; i++) {
        const struct config_name *name = &config_names[i];
        if (strlen(name->name) != size || memcmp(name->name, flag + 2, size) != 0) {
            continue;
        }
        struct config_value *value = &sources->values[i];
        value->origin = arena_printf(sources->arena, "--%s", name->name);
        if (equals != NULL) {
            value->text = equals + 1;
        } else if (name->argument == NULL) {
            value->text = "on";
        } else if (*at + 1 < argc) {
            value->text = argv[++*at];
        } else {
            return error_set(err, ERROR_CONFIG, "--%s wants a value: --%s %s", name->name,
                             name->name, name->argument);
        }
        return true;
    }
    return error_set(err, ERROR_CONFIG, "there is no flag \"%s\"; see meridiand --help", flag);
}

/* --- Environment ---------------------------------------------------------------------------- */

/* MERIDIAN_CACHE_MB against "cache-mb". */
static bool config_matches_variable(const char *variable, size_t size, const char *name)
{
    if (strlen(name) != size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        char wanted = name[i] == '-' ? '_' : name[i];
        char have = variable[i] >= 'A' && variable[i] <= 'Z' ? (char)(variable[i] - 'A' + 'a')
                    : variable[i] == '_'                     ? '_'
                                                             : 0;
        if (wanted != have) {
            return false;
        }
    }
    return true;
}

static void config_take_environment(struct config_sources *sources,
                                    struct config *config,
                                    const char *const *environment)
{
    static const char prefix[] = "MERIDIAN_";
    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        if (equals == NULL || strncmp(*environment, prefix, strlen(prefix)) != 0) {
            continue;
        }
        const char *variable = *environment + strlen(prefix);
        size_t size = (size_t)(equals - variable);
        bool known = false;
        for (uint32_t i = 0; i < KNOBS; i++) {
            struct config_value *value = &sources->values[i];
            if (!config_matches_variable(variable, size, config_names[i].name)) {
                continue;
            }
            known = true;
            /* A flag wins. An empty variable is how a shell or a compose file says "not given". */
            if (value->text == NULL && equals[1] != 0) {
                value->text = equals + 1;
                value->origin = arena_printf(sources->arena, "%s%.*s", prefix, (int)size, variable);
            }
        }
        if (!known) {
            config->unknown_environment = arena_printf(
                sources->arena, "%s%s%s%.*s", config->unknown_environment,
                config->unknown_environment[0] == 0 ? "" : " ", prefix, (int)size, variable);
        }
    }
}

/* --- File ----------------------------------------------------------------------------------- */

/* The document is loaded into an array of texts, one a setting, so that the three sources are
 * judged by the same code. */
static bool config_take_file(struct config_sources *sources, const char *path, struct error *err)
{
    cyaml_schema_field_t fields[KNOBS + 1] = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < KNOBS; i++) {
        if (i == KNOB_CONFIG) {
            continue; /* A file does not name itself. */
        }
        fields[count++] = (cyaml_schema_field_t){
            .key = config_names[i].name,
            .data_offset = i * (uint32_t)sizeof(char *),
            .value = {.type = CYAML_STRING,
                      .flags = (enum cyaml_flag)(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL),
                      .data_size = 1,
                      .string = {.max = CONFIG_TEXT_BYTES_MAX}},
        };
    }
    const cyaml_schema_value_t schema = {.type = CYAML_MAPPING,
                                         .flags = CYAML_FLAG_POINTER,
                                         .data_size = KNOBS * sizeof(char *),
                                         .mapping = {.fields = fields}};
    struct yaml_file file;
    void *data = NULL;
    if (!yaml_file_read(path, sources->arena, &file, err) ||
        !yaml_file_load(&file, &schema, &data, err)) {
        return false;
    }
    char **texts = data;
    for (uint32_t i = 0; i < KNOBS && texts != NULL; i++) {
        struct config_value *value = &sources->values[i];
        if (texts[i] != NULL && value->text == NULL) {
            value->text = (const char *)arena_copy(sources->arena, slice_text(texts[i])).data;
            value->origin =
                arena_printf(sources->arena, "%s, line %u: %s", path,
                             yaml_file_line(&file, config_names[i].name, 0), config_names[i].name);
        }
    }
    yaml_file_free(&schema, data);
    return true;
}

/* --- Values --------------------------------------------------------------------------------- */

static bool config_number(const struct config_value *value,
                          uint64_t min,
                          uint64_t max,
                          uint64_t *number,
                          struct error *err)
{
    if (value->text == NULL) {
        return true;
    }
    size_t digits = strspn(value->text, "0123456789");
    uint64_t parsed = digits > 0 && digits < 12 ? strtoull(value->text, NULL, 10) : UINT64_MAX;
    if (value->text[digits] != 0 || parsed < min || parsed > max) {
        char wants[96];
        snprintf(wants, sizeof(wants), "a number from %llu to %llu", (unsigned long long)min,
                 (unsigned long long)max);
        return config_refuse(value, wants, err);
    }
    *number = parsed;
    return true;
}

/* `choices` end with NULL; *chosen is the index of the one that was given. */
static bool config_choice(const struct config_value *value,
                          const char *const *choices,
                          const char *wants,
                          uint32_t *chosen,
                          struct error *err)
{
    for (uint32_t i = 0; value->text != NULL && choices[i] != NULL; i++) {
        if (strcmp(value->text, choices[i]) == 0) {
            *chosen = i;
            return true;
        }
    }
    return value->text == NULL || config_refuse(value, wants, err);
}

static bool config_path(const struct config_value *value, const char **path, struct error *err)
{
    if (value->text == NULL) {
        return true;
    }
    if (value->text[0] == 0) {
        return config_refuse(value, "a path", err);
    }
    *path = value->text;
    return true;
}

/* The host of ADDRESS:PORT into `host`, without brackets. */
static bool config_split_host(const char *address, char *host, size_t host_bytes)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL) {
        return false;
    }
    bool brackets = address[0] == '[' && colon > address + 1 && colon[-1] == ']';
    const char *from = brackets ? address + 1 : address;
    size_t size = (size_t)((brackets ? colon - 1 : colon) - from);
    if (size == 0 || size >= host_bytes) {
        return false;
    }
    memcpy(host, from, size);
    host[size] = 0;
    return true;
}

bool config_is_loopback(const char *address)
{
    char host[64];
    struct in_addr four;
    struct in6_addr six;
    if (!config_split_host(address, host, sizeof(host))) {
        return false;
    }
    if (inet_pton(AF_INET, host, &four) == 1) {
        return ntohl(four.s_addr) >> 24 == 127;
    }
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* Listeners take numeric addresses: a name could mean several. */
static bool config_is_listener(const char *text)
{
    char host[64];
    struct in_addr four;
    struct in6_addr six;
    if (!config_split_host(text, host, sizeof(host))) {
        return false;
    }
    const char *port = strrchr(text, ':') + 1;
    size_t digits = strspn(port, "0123456789");
    bool number = digits >= 1 && digits <= 5 && port[digits] == 0;
    bool known = text[0] == '[' ? inet_pton(AF_INET6, host, &six) == 1
                                : inet_pton(AF_INET, host, &four) == 1;
    return known && number && strtoul(port, NULL, 10) <= 65535;
}

/* `localhost` is the name that everybody types. */
static bool config_listener(struct config_sources *sources,
                            enum config_knob knob,
                            const char **address,
                            struct error *err)
{
    const struct config_value *value = &sources->values[knob];
    if (value->text == NULL) {
        return true;
    }
    const char *text = value->text;
    if (strncmp(text, "localhost:", strlen("localhost:")) == 0) {
        text = arena_printf(sources->arena, "127.0.0.1:%s", text + strlen("localhost:"));
    }
    if (!config_is_listener(text)) {
        return config_refuse(value, "ADDRESS:PORT, such as 127.0.0.1:8000 or [::1]:8000", err);
    }
    *address = text;
    return true;
}

uint16_t config_region_id(const char *region)
{
    uint32_t hash = 2166136261u;
    for (const char *c = region; *c != 0; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return (uint16_t)(hash % 65535 + 1);
}

/* --- Together ------------------------------------------------------------------------------- */

static bool
config_take_choices(const struct config_sources *sources, struct config *config, struct error *err)
{
    static const char *const switches[] = {"off", "on", "false", "true", "no",
                                           "yes", "0",  "1",     NULL};
    static const char *const durabilities[] = {"sync", "relaxed", NULL};
    static const char *const throttles[] = {"off", "enforce", NULL};
    static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
    uint32_t auth = 1;
    uint32_t json = 0;
    uint32_t durability = 0;
    uint32_t level = LOG_INFO;
    uint32_t throttle = 0;
    if (!config_choice(&sources->values[KNOB_AUTH], switches, "on or off", &auth, err) ||
        !config_choice(&sources->values[KNOB_LOG_JSON], switches, "on or off", &json, err) ||
        !config_choice(&sources->values[KNOB_DURABILITY], durabilities, "sync or relaxed",
                       &durability, err) ||
        !config_choice(&sources->values[KNOB_THROTTLE], throttles, "off or enforce", &throttle,
                       err) ||
        !config_choice(&sources->values[KNOB_LOG_LEVEL], levels, "debug, info, warning or error",
                       &level, err)) {
        return false;
    }
    config->auth = auth % 2 == 1;
    config->log_json = json % 2 == 1;
    config->throttle = throttle == 1;
    config->durability = durability == 0 ? DURABILITY_SYNC : DURABILITY_RELAXED;
    config->log_level = (enum log_level)level;
    return true;
}

static bool
config_take_numbers(const struct config_sources *sources, struct config *config, struct error *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t loops = cores < 1 ? 1 : cores > CONFIG_LOOPS_MAX ? CONFIG_LOOPS_MAX : (uint64_t)cores;
    uint64_t sync_interval_ms = 100;
    uint64_t ttl_change_seconds = TTL_CHANGE_SECONDS;
    uint64_t id = 0;
    uint64_t shards = 0;
    uint64_t poll_ms = CONFIG_STREAM_POLL_MS;
    config->cache_mb = 256;
    config->memtable_mb = 64;
    config->conflicts_kept_hours = 168;
    if (!config_number(&sources->values[KNOB_SYNC_INTERVAL_MS], 1, CONFIG_SYNC_INTERVAL_MS_MAX,
                       &sync_interval_ms, err) ||
        !config_number(&sources->values[KNOB_LOOPS], 1, CONFIG_LOOPS_MAX, &loops, err) ||
        !config_number(&sources->values[KNOB_CACHE_MB], CONFIG_CACHE_MB_MIN, CONFIG_MEMORY_MB_MAX,
                       &config->cache_mb, err) ||
        !config_number(&sources->values[KNOB_MEMTABLE_MB], CONFIG_MEMTABLE_MB_MIN,
                       CONFIG_MEMORY_MB_MAX, &config->memtable_mb, err) ||
        !config_number(&sources->values[KNOB_CONFLICTS_KEPT_HOURS], 0,
                       CONFIG_CONFLICTS_KEPT_HOURS_MAX, &config->conflicts_kept_hours, err) ||
        !config_number(&sources->values[KNOB_TTL_CHANGE_SECONDS], 0, TTL_CHANGE_SECONDS_MAX,
                       &ttl_change_seconds, err) ||
        !config_number(&sources->values[KNOB_STREAM_SHARDS], 1, STREAM_SHARDS_MAX, &shards, err) ||
        !config_number(&sources->values[KNOB_STREAM_POLL_MS], 0, CONFIG_STREAM_POLL_MS_MAX,
                       &poll_ms, err) ||
        !config_number(&sources->values[KNOB_ID], 1, UINT16_MAX, &id, err)) {
        return false;
    }
    config->stream_shards = (uint32_t)shards;
    config->stream_poll_ms = (uint32_t)poll_ms;
    config->sync_interval_ms = (uint32_t)sync_interval_ms;
    config->ttl_change_seconds = (uint32_t)ttl_change_seconds;
    config->loops = (uint32_t)loops;
    config->id = (uint16_t)id;
    return true;
}

static bool
config_take_texts(struct config_sources *sources, struct config *config, struct error *err)
{
    const struct config_value *region = &sources->values[KNOB_REGION];
    config->http = "127.0.0.1:8000";
    config->admin = "127.0.0.1:8080";
    if (!config_path(&sources->values[KNOB_DATA], &config->data, err) ||
        !config_path(&sources->values[KNOB_CLUSTER], &config->cluster, err) ||
        !config_path(&sources->values[KNOB_CREDENTIALS], &config->credentials, err) ||
        !config_path(&sources->values[KNOB_KEY_FILE], &config->key_file, err) ||
        !config_path(&sources->values[KNOB_TLS_CERTIFICATE], &config->tls_certificate, err) ||
        !config_path(&sources->values[KNOB_TLS_KEY], &config->tls_key, err) ||
        !config_listener(sources, KNOB_HTTP, &config->http, err) ||
        !config_listener(sources, KNOB_HTTPS, &config->https, err) ||
        !config_listener(sources, KNOB_PEER, &config->peer, err) ||
        !config_listener(sources, KNOB_ADMIN, &config->admin, err)) {
        return false;
    }
    if (config->data == NULL) {
        return error_set(err, ERROR_CONFIG, "a node needs a folder for its data: give --data DIR");
    }
    if (region->text == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "a node needs to know its region: give --region NAME, such as us-east-1");
    }
    if (!cluster_is_region_name(region->text)) {
        return config_refuse(region, "1 to 32 of a-z, 0-9 and -, beginning with a letter", err);
    }
    config->region = region->text;
    config->credentials_given = config->credentials != NULL;
    if (!config->credentials_given) {
        config->credentials = arena_printf(sources->arena, "%s/credentials", config->data);
    }
    config->key_file_given = config->key_file != NULL;
    if (!config->key_file_given) {
        config->key_file = arena_printf(sources->arena, "%s/key", config->data);
    }
    return true;
}

/* The cluster file knows this region's id and where its peers look for it. */
static bool config_take_cluster(struct config *config, struct error *err)
{
    const struct region_info *self = NULL;
    if (config->cluster == NULL) {
        config->id = config->id == 0 ? config_region_id(config->region) : config->id;
        config->peer = config->peer == NULL ? "127.0.0.1:7000" : config->peer;
        return true;
    }
    if (!cluster_load(config->cluster, config->regions, &config->regions_count, err)) {
        return false;
    }
    for (uint32_t i = 0; i < config->regions_count; i++) {
        if (strcmp(config->regions[i].name, config->region) == 0) {
            self = &config->regions[i];
        }
    }
    if (self == NULL) {
        return error_set(err, ERROR_CONFIG, "region %s is not in the cluster file %s",
                         config->region, config->cluster);
    }
    if (config->id != 0 && config->id != self->id) {
        return error_set(err, ERROR_CONFIG, "--id %u differs from the id %u of %s in %s",
                         config->id, self->id, config->region, config->cluster);
    }
    config->id = self->id;
    if (config->peer == NULL && !config_is_listener(self->address)) {
        return error_set(err, ERROR_CONFIG,
                         "the address %s of %s in %s is a name; say where to listen with --peer, "
                         "such as --peer 0.0.0.0:7000",
                         self->address, config->region, config->cluster);
    }
    config->peer = config->peer == NULL ? self->address : config->peer;
    return true;
}

static bool config_check_tls(const struct config *config, struct error *err)
{
    bool files = config->tls_certificate != NULL && config->tls_key != NULL;
    if (config->https != NULL && !files) {
        return error_set(err, ERROR_CONFIG,
                         "--https needs --tls-certificate FILE and --tls-key FILE");
    }
    if (config->https == NULL && (config->tls_certificate != NULL || config->tls_key != NULL)) {
        return error_set(err, ERROR_CONFIG,
                         "a certificate or key is given, but nowhere to listen for TLS: give "
                         "--https ADDR:PORT");
    }
    return true;
}

static bool config_check_auth(const struct config *config, struct error *err)
{
    const char *const listeners[] = {config->http, config->https, config->admin,
                                     config->cluster == NULL ? NULL : config->peer};
    for (size_t i = 0; i < ARRAY_COUNT(listeners) && !config->auth; i++) {
        if (listeners[i] != NULL && !config_is_loopback(listeners[i])) {
            return error_set(err, ERROR_CONFIG,
                             "--auth off lets anybody in, so every listener must be on loopback, "
                             "and %s is not",
                             listeners[i]);
        }
    }
    return true;
}

static bool config_fill(int argc,
                        const char *const *argv,
                        const char *const *environment,
                        struct config *config,
                        struct error *err)
{
    struct config_sources sources = {.arena = &config->arena};
    config->unknown_environment = "";
    for (int at = 1; at < argc; at++) {
        if (!config_take_flag(&sources, config, argc, argv, &at, err)) {
            return false;
        }
    }
    if (config->action == CONFIG_HELP || config->action == CONFIG_VERSION) {
        return true;
    }
    config_take_environment(&sources, config, environment);
    const char *file = NULL;
    if (!config_path(&sources.values[KNOB_CONFIG], &file, err) ||
        (file != NULL && !config_take_file(&sources, file, err))) {
        return false;
    }
    return config_take_texts(&sources, config, err) && config_take_numbers(&sources, config, err) &&
           config_take_choices(&sources, config, err) && config_take_cluster(config, err) &&
           config_check_tls(config, err) && config_check_auth(config, err);
}

bool config_load(int argc,
                 const char *const *argv,
                 const char *const *environment,
                 struct config *config,
                 struct error *err)
{
    memset(config, 0, sizeof(*config));
    arena_init(&config->arena);
    if (!config_fill(argc, argv, environment, config, err)) {
        config_clear(config);
        return false;
    }
    return true;
}

void config_clear(struct config *config)
{
    arena_destroy(&config->arena);
}

void config_help(FILE *to)
{
    fprintf(to, "meridiand serves one region: DynamoDB tables, kept on disk, replicated to the "
                "other regions.\n\n"
                "usage: meridiand --data DIR --region NAME [flags]\n\n");
    for (uint32_t i = 0; i < KNOBS; i++) {
        const struct config_name *name = &config_names[i];
        char left[48];
        snprintf(left, sizeof(left), "--%s %s", name->name,
                 name->argument == NULL ? "" : name->argument);
        fprintf(to, "  %-28s %s\n", left, name->help);
    }
    fprintf(to, "\n");
    for (size_t i = 0; i < ARRAY_COUNT(config_actions); i++) {
        fprintf(to, "  --%-26s %s\n", config_actions[i].name, config_actions[i].help);
    }
    fprintf(to, "\nEvery setting is also a variable (MERIDIAN_CACHE_MB=512) and a line of the YAML "
                "file (cache-mb: 512).\nFlags win over variables, variables over the file.\n"
                "Signals: TERM and INT finish what runs and stop; HUP reads the credentials "
                "and the certificate again.\n");
}
