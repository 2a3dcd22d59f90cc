/* Several regions on this machine. All of a demo is in one folder:
 *
 *     DIR/demo.env              for scripts: keys, and per region endpoint, name, admin URL, pid
 *     DIR/cluster.yaml          the regions, as meridiand reads them
 *     DIR/credentials           one access key for all
 *     DIR/<region>/             data folder
 *     DIR/<region>.yaml         its configuration: meridiand --config DIR/<region>.yaml starts it
 *     DIR/<region>.log, .out    standard error and output;  DIR/<region>.pid
 *
 * Stopping keeps the folder: the next start finds the data. One thread. */
#pragma once

#include "daemon/cli/cli.h"

#include <limits.h>
#include <sys/types.h>

enum { DEMO_REGIONS_MAX = 9, DEMO_PATH_BYTES = PATH_MAX, DEMO_TEXT_BYTES = 128 };

struct demo_node {
    char region[DEMO_TEXT_BYTES];
    char endpoint[DEMO_TEXT_BYTES]; /* "http://127.0.0.1:8000" */
    char admin[DEMO_TEXT_BYTES];    /* "http://127.0.0.1:8002" */
    char peer[DEMO_TEXT_BYTES];     /* "127.0.0.1:8001" */
    pid_t pid;                      /* 0: not started. */
};

struct demo {
    char directory[DEMO_PATH_BYTES];
    char id[DEMO_TEXT_BYTES];
    char secret[DEMO_TEXT_BYTES];
    uint32_t rtt_ms;
    struct demo_node nodes[DEMO_REGIONS_MAX];
    uint32_t nodes_count;
};

/* demo.c: `directory` NULL is the usual place: meridian-demo in $XDG_RUNTIME_DIR, else
 * /tmp/meridian-demo-$USER. Errors: CONFIG when the path is too long. */
MUST_CHECK bool demo_locate(struct demo *demo, const char *directory, struct error *err);

/* demo_files.c: demo.env. Errors: NOT_FOUND when there is no demo; CONFIG when it is broken; IO. */
MUST_CHECK bool demo_read(struct demo *demo, struct error *err);
MUST_CHECK bool demo_write(const struct demo *demo, struct error *err);
void demo_remove(const struct demo *demo);
/* The shared key, made if absent. Errors: IO; CONFIG. */
MUST_CHECK bool demo_credentials(struct demo *demo, struct error *err);
/* cluster.yaml with every node's key, and the nodes' own configurations. Errors: IO. */
MUST_CHECK bool
demo_write_cluster(const struct demo *demo, const char *meridiand, struct error *err);
/* <directory>/<name><suffix> into `path`. */
void demo_path(char path[static DEMO_PATH_BYTES],
               const struct demo *demo,
               const char *name,
               const char *suffix);

/* demo_process.c */
/* The daemon beside this executable. Errors: NOT_FOUND. */
MUST_CHECK bool demo_find_meridiand(char path[static DEMO_PATH_BYTES], struct error *err);
/* Run it and collect what it prints. Errors: IO; CONFIG with what it complained about. */
MUST_CHECK bool
demo_run(const char *const *argv, char *output, size_t output_bytes, struct error *err);
/* Start a node in the background, in a session of its own. Errors: IO. */
MUST_CHECK bool demo_spawn(const struct demo *demo,
                           struct demo_node *node,
                           const char *meridiand,
                           struct error *err);
/* Does the process run, and is it a node of this demo? */
bool demo_is_alive(const struct demo *demo, const struct demo_node *node);
/* Ask it to stop, wait, and end it when it does not. True when it is gone. */
bool demo_end(const struct demo *demo, struct demo_node *node);
/* The last lines of a node's log, for people. */
void demo_show_log(const struct demo *demo, const struct demo_node *node, FILE *to);

/* demo_ports.c: endpoints for every node, from base_port on (ten apart) or, with 0, free ones.
 * Errors: IO. */
MUST_CHECK bool demo_choose_ports(struct demo *demo, uint32_t base_port, struct error *err);
/* Can the nodes have the ports again that they had? */
bool demo_ports_are_free(const struct demo *demo);

/* demo_join.c: wait until every node is ready and reaches every other, then, with `links`, set the
 * links to rtt_ms. Errors: UNAVAILABLE, naming who is not there. */
MUST_CHECK bool demo_join(const struct demo *demo, bool links, struct error *err);

/* demo_start.c, demo_try.c */
int demo_start(int argc, char **argv);
int demo_stop(int argc, char **argv);
int demo_try(int argc, char **argv);
