/* The load generator: a workload over signed keep-alive connections in a closed loop; prints one
 * JSON object with requests/s, latency percentiles and the server's CPU per request.
 *
 *   load --address 127.0.0.1:8000 --region us-east-1 --key ID --secret S --table T --workload get
 *        [--connections 16] [--seconds 5] [--items 10000] [--bytes 1000] [--pid PID] [--seed N]
 *
 * Workloads: fill (every item once), fill-query (partitions of ten), get, put, update (condition
 * and ADD), query (ten items), mixed-95, mixed-50 (reads to writes, zipfian keys). CPU is utime +
 * stime of the server's process over the answered requests: the figure least touched by noise. */
#include "bench/client.h"

#include "proto/base/ensure.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum {
    LATENCIES_MAX = 8 << 20, /* Samples kept for the percentiles. */
    QUERY_ITEMS = 10,
    ITEM_BYTES_TOP = 32 << 10,
    PUT_STRINGS_MAX = 8,
    PUT_STRING_BYTES = 100, /* About: fewer strings in small items. */
    PUT_NAME_BYTES = 10,    /* "attribute0" */
    PUT_FIXED_BYTES = 20,   /* Key and number with their names. */
};
#define ZIPF_THETA 0.99 /* YCSB's constant (Cooper et al., 2010). */

struct load {
    const char *address, *region, *key, *secret, *table, *workload;
    unsigned connections, seconds, items, bytes;
    unsigned pid; /* Of the server; 0: its CPU is not measured. */
    unsigned seed;
    /* Running. */
    uint64_t chance, until_ns, next_fill, answered, failed;
    uint32_t *latencies_us;
    uint64_t latencies_count;
    char payload[ITEM_BYTES_TOP + 1];
    double zipf_zeta, zipf_alpha, zipf_eta;
};

static double load_chance(struct load *load)
{
    load->chance ^= load->chance >> 12;
    load->chance ^= load->chance << 25;
    load->chance ^= load->chance >> 27;
    return (double)((load->chance * 0x2545F4914F6CDD1DULL) >> 11) / 9007199254740992.0;
}

static void load_zipf_setup(struct load *load)
{
    double zeta = 0;
    for (unsigned i = 1; i <= load->items; i++) {
        zeta += 1 / pow(i, ZIPF_THETA);
    }
    double zeta_two = 1 + 1 / pow(2, ZIPF_THETA);
    load->zipf_zeta = zeta;
    load->zipf_alpha = 1 / (1 - ZIPF_THETA);
    load->zipf_eta =
        (1 - pow(2.0 / load->items, 1 - ZIPF_THETA)) / (1 - zeta_two / load->zipf_zeta);
}

/* Gray et al., "Quickly Generating Billion-Record Synthetic Databases", 1994; ranks are scattered.
 */
static unsigned load_zipf(struct load *load)
{
    double u = load_chance(load);
    double uz = u * load->zipf_zeta;
    uint64_t rank;
    if (uz < 1) {
        rank = 0;
    } else if (uz < 1 + pow(0.5, ZIPF_THETA)) {
        rank = 1;
    } else {
        rank = (uint64_t)(load->items *
                          pow(load->zipf_eta * u - load->zipf_eta + 1, load->zipf_alpha));
    }
    return (unsigned)((rank * 2654435761ULL) % load->items);
}

static unsigned load_uniform(struct load *load)
{
    return (unsigned)(load_chance(load) * load->items);
}

static void load_get(struct load *load, struct client_request *request, unsigned item)
{
    request->operation = "GetItem";
    request->body_bytes = (size_t)snprintf(
        request->body, sizeof(request->body),
        "{\"TableName\":\"%s\",\"Key\":{\"pk\":{\"S\":\"item-%08u\"}}}", load->table, item);
}

/* A key, a number and up to eight strings, of about `bytes` bytes together. */
static void load_put(struct load *load, struct client_request *request, unsigned item)
{
    request->operation = "PutItem";
    size_t capacity = sizeof(request->body);
    size_t size = (size_t)snprintf(
        request->body, capacity,
        "{\"TableName\":\"%s\",\"Item\":{\"pk\":{\"S\":\"item-%08u\"},\"n\":{\"N\":\"%u\"}",
        load->table, item, item % 1000);
    unsigned strings = load->bytes / PUT_STRING_BYTES;
    strings = strings == 0 ? 1 : strings > PUT_STRINGS_MAX ? PUT_STRINGS_MAX : strings;
    unsigned each = load->bytes > PUT_FIXED_BYTES ? (load->bytes - PUT_FIXED_BYTES) / strings : 0;
    each = each > PUT_NAME_BYTES ? each - PUT_NAME_BYTES : 1;
    for (unsigned i = 0; i < strings; i++) {
        size_t from = (size_t)(load_chance(load) * (ITEM_BYTES_TOP - each));
        size += (size_t)snprintf(request->body + size, capacity - size,
                                 ",\"attribute%u\":{\"S\":\"%.*s\"}", i, (int)each,
                                 load->payload + from);
        ensure(size < capacity);
    }
    request->body_bytes = size + (size_t)snprintf(request->body + size, capacity - size, "}}");
}

static void load_update(struct load *load, struct client_request *request, unsigned item)
{
    request->operation = "UpdateItem";
    request->body_bytes = (size_t)snprintf(
        request->body, sizeof(request->body),
        "{\"TableName\":\"%s\",\"Key\":{\"pk\":{\"S\":\"item-%08u\"}},"
        "\"UpdateExpression\":\"SET #s = :s ADD n :one\","
        "\"ConditionExpression\":\"attribute_exists(pk)\","
        "\"ExpressionAttributeNames\":{\"#s\":\"status\"},"
        "\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"},\":s\":{\"S\":\"seen\"}}}",
        load->table, item);
}

static void load_query(struct load *load, struct client_request *request, unsigned partition)
{
    request->operation = "Query";
    request->body_bytes =
        (size_t)snprintf(request->body, sizeof(request->body),
                         "{\"TableName\":\"%s\",\"KeyConditionExpression\":\"pk = :p\","
                         "\"ExpressionAttributeValues\":{\":p\":{\"S\":\"part-%08u\"}}}",
                         load->table, partition);
}

static void load_fill_query(struct load *load, struct client_request *request, uint64_t number)
{
    request->operation = "PutItem";
    request->body_bytes = (size_t)snprintf(
        request->body, sizeof(request->body),
        "{\"TableName\":\"%s\",\"Item\":{\"pk\":{\"S\":\"part-%08u\"},\"sk\":{\"N\":\"%u\"},"
        "\"data\":{\"S\":\"%.*s\"}}}",
        load->table, (unsigned)(number / QUERY_ITEMS), (unsigned)(number % QUERY_ITEMS),
        (int)load->bytes, load->payload + number % 1000);
}

static bool load_next(void *context, struct client_request *request)
{
    struct load *load = context;
    const char *workload = load->workload;
    if (strncmp(workload, "fill", 4) == 0) {
        if (load->next_fill == load->items) {
            return false;
        }
        uint64_t number = load->next_fill++;
        if (strcmp(workload, "fill") == 0) {
            load_put(load, request, (unsigned)number);
        } else {
            load_fill_query(load, request, number);
        }
        return true;
    }
    if (uv_hrtime() >= load->until_ns) {
        return false;
    }
    if (strcmp(workload, "get") == 0) {
        load_get(load, request, load_uniform(load));
    } else if (strcmp(workload, "put") == 0) {
        load_put(load, request, load_uniform(load));
    } else if (strcmp(workload, "update") == 0) {
        load_update(load, request, load_uniform(load));
    } else if (strcmp(workload, "query") == 0) {
        load_query(load, request, load_uniform(load) / QUERY_ITEMS);
    } else if (load_chance(load) < (strcmp(workload, "mixed-95") == 0 ? 0.95 : 0.5)) {
        load_get(load, request, load_zipf(load));
    } else {
        load_put(load, request, load_zipf(load));
    }
    return true;
}

static void load_answered(void *context,
                          const struct client_request *request,
                          unsigned status,
                          struct slice body,
                          uint64_t latency_ns)
{
    struct load *load = context;
    load->answered++;
    if (status != 200 && load->failed++ == 0) {
        fprintf(stderr, "bench: %s was answered %u: %.*s\n", request->operation, status,
                (int)(body.size < 400 ? body.size : 400), (const char *)body.data);
    }
    if (load->latencies_count < LATENCIES_MAX) {
        load->latencies_us[load->latencies_count++] = (uint32_t)(latency_ns / 1000);
    }
}

/* User and system time of a process in microseconds, or -1. */
static double load_cpu_us(unsigned pid)
{
    char path[64];
    char text[1024];
    snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return -1;
    }
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = 0;
    unsigned long user;
    unsigned long system;
    const char *behind = strrchr(text, ')');
    if (behind == NULL || sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                 &user, &system) != 2) {
        return -1;
    }
    return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static int load_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double load_percentile_us(const struct load *load, double part)
{
    if (load->latencies_count == 0) {
        return 0;
    }
    uint64_t at = (uint64_t)(part * (double)(load->latencies_count - 1));
    return load->latencies_us[at];
}

static bool load_number(const char *text, unsigned *to)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    *to = (unsigned)value;
    return errno == 0 && *end == 0 && end != text && value > 0 && value <= UINT32_MAX;
}

/* Where an option's text or number goes. */
struct load_option {
    const char *name;
    const char **text;
    unsigned *number;
};

static bool load_take(const struct load_option *options, int index, const char *text)
{
    if (options[index].text != NULL) {
        *options[index].text = text;
        return true;
    }
    return load_number(text, options[index].number);
}

static bool load_is_known(const char *workload)
{
    static const char *const workloads[] = {"fill",   "fill-query", "get",      "put",
                                            "update", "query",      "mixed-95", "mixed-50"};
    for (size_t i = 0; workload != NULL && i < ARRAY_COUNT(workloads); i++) {
        if (strcmp(workload, workloads[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool load_parse(struct load *load, int count, char **arguments)
{
    const struct load_option known[] = {
        {"address", &load->address, NULL}, {"region", &load->region, NULL},
        {"key", &load->key, NULL},         {"secret", &load->secret, NULL},
        {"table", &load->table, NULL},     {"workload", &load->workload, NULL},
        {"pid", NULL, &load->pid},         {"connections", NULL, &load->connections},
        {"seconds", NULL, &load->seconds}, {"items", NULL, &load->items},
        {"bytes", NULL, &load->bytes},     {"seed", NULL, &load->seed},
    };
    struct option options[ARRAY_COUNT(known) + 1] = {0};
    for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
        options[i] = (struct option){.name = known[i].name, .has_arg = required_argument};
    }
    int index;
    int option;
    while ((option = getopt_long(count, arguments, "", options, &index)) != -1) {
        if (option != 0 || !load_take(known, index, optarg)) {
            return false;
        }
    }
    return load_is_known(load->workload) && load->address && load->key && load->secret &&
           load->table && load->bytes <= ITEM_BYTES_TOP / 2 && load->connections <= 4096;
}

int main(int count, char **arguments)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_ .";
    struct load *load = calloc(1, sizeof(*load));
    ensure(load != NULL);
    *load = (struct load){.region = "us-east-1",
                          .connections = 16,
                          .seconds = 5,
                          .items = 10000,
                          .bytes = 1000,
                          .seed = 1};
    if (!load_parse(load, count, arguments)) {
        fprintf(stderr, "usage: load --address A:P --key ID --secret S --table T --workload W "
                        "[--region R] [--connections N] [--seconds N] [--items N] [--bytes N] "
                        "[--pid PID] [--seed N]\n");
        free(load);
        return 2;
    }
    load->chance = load->seed * 0x9E3779B97F4A7C15ULL | 1;
    for (int i = 0; i < ITEM_BYTES_TOP; i++) {
        load->payload[i] = letters[(size_t)(load_chance(load) * (sizeof(letters) - 1))];
    }
    load->latencies_us = malloc(LATENCIES_MAX * sizeof(load->latencies_us[0]));
    ensure(load->latencies_us != NULL);
    load_zipf_setup(load);
    struct signer signer;
    signer_open(&signer, load->key, load->secret, load->region, load->address);
    struct client_calls calls = {load_next, load_answered, load};
    double cpu_us = load_cpu_us(load->pid);
    uint64_t started_ns = uv_hrtime();
    load->until_ns = started_ns + (uint64_t)load->seconds * 1000000000;
    client_run(load->address, load->connections, &signer, &calls);
    double seconds = (double)(uv_hrtime() - started_ns) / 1e9;
    cpu_us = load->pid > 0 ? load_cpu_us(load->pid) - cpu_us : -1;
    qsort(load->latencies_us, load->latencies_count, sizeof(load->latencies_us[0]), load_compare);
    printf("{\"workload\":\"%s\",\"connections\":%u,\"bytes\":%u,\"requests\":%llu,"
           "\"failed\":%llu,\"per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,"
           "\"p999_us\":%.0f,\"server_cpu_us\":%.1f}\n",
           load->workload, load->connections, load->bytes, (unsigned long long)load->answered,
           (unsigned long long)load->failed, (double)load->answered / seconds,
           load_percentile_us(load, 0.5), load_percentile_us(load, 0.99),
           load_percentile_us(load, 0.999),
           cpu_us < 0 ? -1 : cpu_us / (double)(load->answered == 0 ? 1 : load->answered));
    signer_close(&signer);
    bool failed = load->failed > 0;
    free(load->latencies_us);
    free(load);
    return failed ? 1 : 0;
}
