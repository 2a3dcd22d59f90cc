/* What transport.c (the loop, peers, start and stop) and transport_connection.c (one connection's
 * life) share. Everything here belongs to the loop's thread unless it says otherwise. */
#pragma once

#include "replication/egress.h"
#include "replication/payloads.h"
#include "replication/transport.h"

#include <pthread.h>
#include <uv.h>

enum {
    READ_BYTES = 64 << 10,
    BACKLOG = 64,
    INBOUND_MAX = 4 * REGIONS_MAX, /* Half-open strangers included. */
    INBOX_BYTES_MAX = 16 << 20,    /* Past it the socket is not read until a job has run. */
    RETRY_MS_MIN = 50,
    RETRY_MS_MAX = 500,
    RETRY_FAILED_MS_MAX = 10000, /* After connections that came up and found no common ground. */
    RIVALS_MS = 10000,           /* Two nodes with one identity stay a problem for so long. */
    STEADY_MS = 5000,            /* Up for so long: the next retry is a quick one. */
    HANDSHAKE_MS = 3000,
    SAY_MS = 60000, /* At most SAY_MAX lines about one peer in so long. */
    SAY_MAX = 12,
    JOBS_MAX = 8,   /* Of all connections at once: the workers are those of client reads, too. */
    JOB_US = 50000, /* Past it a job gives way: acknowledgements go out, others get a turn. */
    OUTBOX_BYTES_MAX = 16 << 20, /* A peer that does not read gets no more made for it. */
    SILENCE_HEARTBEATS = 4,
    SILENCE_MS_MIN = 3000,
};

struct transport_outbox {
    struct payloads payloads;
};

/* Keeps a peer that comes and goes from filling the log. */
struct transport_quiet {
    uint64_t since_ms;
    uint32_t said, unsaid;
};

enum connection_state { CONNECTION_CONNECTING, GREETING, WAITING, UP, CLOSING };

struct connection {
    struct transport *transport;
    struct connection *next; /* All of the transport. */
    bool outbound;
    enum connection_state state;
    struct peer *peer;    /* Inbound: NULL until established. */
    struct peer *claimed; /* Whose emulated link holds for it; may be a lie before that. */
    uv_tcp_t tcp;
    uv_timer_t due; /* Of the first chunk that the link holds back. */
    uint32_t handles_open;
    bool reading;
    uv_connect_t connect;
    struct session *session;
    struct egress egress;
    uint64_t opened_ms, heard_ms, up_ms;
    void *machine;
    struct payloads inbox; /* Loop only. */
    bool job_running, job_wanted;
    bool job_waits; /* In the transport's queue, for one of JOBS_MAX. */
    struct connection *job_next;
    bool refused; /* Its machine gave up: a retry would find the same. */
    uv_work_t work;
    struct payloads job_in; /* The job's while it runs; what it left is the next one's. */
    struct transport_outbox job_out;
    bool job_ok;
    bool job_throttled; /* The head of job_in is to be offered again. */
    struct error err;   /* Why it ends; the job's while it runs. */
};

struct peer {
    struct transport *transport;
    const struct region_info *region;
    struct sockaddr_storage address;
    struct connection *outbound, *inbound;
    uv_timer_t retry;
    uint32_t retry_ms;
    struct transport_quiet quiet;
    uint64_t rivals_ms; /* When a young inbound connection was last replaced: by whom? 0: never. */
    struct link_settings link;
    struct transport_peer_status status; /* Under transport->mutex. */
};

struct transport {
    struct transport_options options;
    uv_loop_t loop;
    pthread_t thread;
    uv_tcp_t listener;
    uv_async_t wake;
    uv_timer_t tick;
    char address[64];
    struct peer peers[REGIONS_MAX];
    uint32_t peers_count;
    struct connection *connections;
    uint32_t inbound_count;
    struct connection *jobs_first, *jobs_last; /* Wait for their turn. */
    uint32_t jobs_running;
    struct transport_quiet quiet; /* About strangers. */
    bool stopping;
    struct arena arena; /* For sealing; cleared after each use. */
    char read_buffer[READ_BYTES];
    pthread_mutex_t mutex; /* Guards what follows, and the peers' status. */
    bool stop_wanted;
    uint64_t links_wanted, links_applied; /* Changes of links asked for, and in force. */
    pthread_cond_t links_done;
    struct link_settings wanted_links[REGIONS_MAX];
};

/* --- transport_connection.c ------------------------------------------------------------------ */

/* `peer` NULL: inbound, not known yet. */
struct connection *connection_make(struct transport *transport, struct peer *peer);
/* Open the session: the socket is connected. */
void connection_greet(struct connection *connection);
/* Begin to close; `text` says why. Harmless when it is closing already. */
void connection_fail(struct connection *connection, enum error_code code, const char *text);
/* Let the machine work soon, if it is up. */
void connection_job(struct connection *connection);
/* The link's settings have changed. */
void connection_link_changed(struct connection *connection);

/* --- transport.c ----------------------------------------------------------------------------- */

uint64_t transport_now_us(void);
void transport_say(
    struct transport *transport, int level, const char *event, struct peer *peer, const char *text);
struct peer *transport_peer(struct transport *transport, uint16_t region);
/* Connections of the peer came or went; `problem` NULL leaves the last one standing. */
void peer_note_state(struct peer *peer, const char *problem);
/* `refused`: its machine gave the last connection up, be patient. */
void peer_retry_later(struct peer *peer, bool refused);
/* A connection is gone. */
void transport_maybe_finish(struct transport *transport);
