/* meridiand: read the configuration, start the node, wait for signals, stop the node.
 *
 * The main thread only waits for signals; they are blocked before any other thread is made, so that
 * no other thread ever gets one. Exit status: 0 after a clean stop, 1 when the node cannot start or
 * had to stop, 2 when what it was told is wrong. */
#include "daemon/config.h"
#include "daemon/node.h"
#include "daemon/notify.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAIN_OK = 0, MAIN_FAILED = 1, MAIN_USAGE = 2 };
enum { MAIN_HEALTH_INTERVAL_S = 1 };
#define MAIN_WORKERS "16"

/* libuv's pool runs whatever may block: cold reads, scans, catalog changes, replication's batches.
 * Most of these wait for the disk or for a sync, so there are more of them than cores. The pool
 * reads its size from the environment, once, when it is first used. */
static void main_size_worker_pool(void)
{
    ensure(setenv("UV_THREADPOOL_SIZE", MAIN_WORKERS, 0) == 0);
}

/* Every connection and every file of RocksDB is a descriptor; the soft limit is for select(). */
static void main_raise_limits(struct log *log)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        log_event(log, LOG_WARNING, "node.descriptors", log_text("problem", strerror(errno)));
    }
}

static sigset_t main_block_signals(void)
{
    sigset_t wanted;
    ensure(signal(SIGPIPE, SIG_IGN) != SIG_ERR); /* A write to a closed socket is EPIPE. */
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    ensure(sigprocmask(SIG_BLOCK, &wanted, NULL) == 0);
    return wanted;
}

static void main_reload(struct node *node)
{
    struct error err = {0};
    notify_send("RELOADING=1");
    if (node_reload(node, &err)) {
        log_event(node->log, LOG_INFO, "node.reloaded",
                  log_text("credentials", node->config->credentials));
    } else {
        log_event(node->log, LOG_ERROR, "node.reload_refused", log_text("problem", err.text));
    }
    notify_send("READY=1");
}

/* Until a signal says stop, or the node cannot go on. The exit status. */
static int main_wait(struct node *node, const sigset_t *wanted)
{
    struct timespec interval = {.tv_sec = MAIN_HEALTH_INTERVAL_S};
    struct error err = {0};
    for (;;) {
        int signal_number = sigtimedwait(wanted, NULL, &interval);
        if (signal_number == SIGTERM || signal_number == SIGINT) {
            log_event(node->log, LOG_INFO, "node.stopping",
                      log_text("signal", strsignal(signal_number)));
            return MAIN_OK;
        }
        if (signal_number == SIGHUP) {
            main_reload(node);
        }
        if (engine_sync_failed(node->store->engine, &err)) {
            log_event(node->log, LOG_ERROR, "node.sync_failed", log_text("problem", err.text));
            return MAIN_FAILED;
        }
    }
}

static int main_run(const struct config *config)
{
    struct error err = {0};
    struct node *node = NULL;
    sigset_t wanted = main_block_signals();
    struct log *log = log_open(&(struct log_options){
        .fd = STDERR_FILENO, .json = config->log_json, .level = config->log_level});
    main_raise_limits(log);
    main_size_worker_pool();
    if (config->unknown_environment[0] != 0) {
        log_event(log, LOG_WARNING, "config.unknown_variables",
                  log_text("names", config->unknown_environment));
    }
    if (!node_start(config, log, &node, &err)) {
        log_event(log, LOG_ERROR, "node.start_failed", log_text("problem", err.text));
        log_close(log);
        return err.code == ERROR_CONFIG ? MAIN_USAGE : MAIN_FAILED;
    }
    printf("ready http=%s https=%s peer=%s admin=%s\n", node_http_address(node),
           node_https_address(node), node_peer_address(node), node_admin_address(node));
    fflush(stdout);
    notify_send("READY=1");
    int status = main_wait(node, &wanted);
    notify_send("STOPPING=1");
    node_stop(node);
    log_event(log, LOG_INFO, "node.stopped");
    log_close(log);
    return status;
}

static int main_act(const struct config *config)
{
    struct error err = {0};
    switch (config->action) {
    case CONFIG_RUN:
        return main_run(config);
    case CONFIG_CHECK:
        if (!node_check(config, &err)) {
            fprintf(stderr, "meridiand: %s\n", err.text);
            return MAIN_USAGE;
        }
        printf("the configuration of %s is in order\n", config->region);
        return MAIN_OK;
    case CONFIG_VERSION:
        printf("meridiand %s\n", MERIDIAN_VERSION);
        return MAIN_OK;
    case CONFIG_HELP:
        config_help(stdout);
        return MAIN_OK;
    case CONFIG_IDENTITY:
        if (!node_print_identity(config, &err)) {
            fprintf(stderr, "meridiand: %s\n", err.text);
            return MAIN_FAILED;
        }
        return MAIN_OK;
    }
    ensure(config->action <= CONFIG_IDENTITY);
    return MAIN_FAILED;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct config config;
    if (!config_load(argc, (const char *const *)argv, (const char *const *)environ, &config,
                     &err)) {
        fprintf(stderr, "meridiand: %s\n", err.text);
        return MAIN_USAGE;
    }
    int status = main_act(&config);
    config_clear(&config);
    return status;
}
