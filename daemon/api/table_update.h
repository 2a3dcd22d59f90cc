/* What the files of UpdateTable share; nobody else includes it.
 *
 *   table_update.c           what is asked, in which order it is refused, doing it
 *   table_update_capacity.c  billing mode and all three kinds of throughput
 *   table_update_index.c     global secondary indexes
 *   table_update_options.c   stream, encryption, class, protection
 *   table_update_replica.c   replicas of the table in other regions */
#pragma once

#include "daemon/api/request.h"
#include "daemon/api/table_json.h"

/* Each call has one. */
enum table_concern {
    CONCERN_CAPACITY, /* BillingMode, ProvisionedThroughput, OnDemandThroughput, index Updates. */
    CONCERN_WARM,
    CONCERN_INDEX,  /* Create or Delete. */
    CONCERN_STREAM, /* With BillingMode. */
    CONCERN_ENCRYPTION,
    CONCERN_CLASS,
    CONCERN_PROTECTION,
    CONCERN_REPLICAS,
};

struct table_update {
    struct request request;
    enum table_concern concern;
    struct slice region; /* CONCERN_REPLICAS. */
    bool create;
    struct table *shown; /* CONCERN_CAPACITY, once it is done: what the answer shows. */
    uint32_t updating;   /* Bit i: the throughput of shown->indexes[i] changes. */
};

/* In decode: what needs no table. Errors: VALIDATION. */
MUST_CHECK bool table_update_index_decode(const struct json *updates, struct error *err);
/* MultiRegionConsistency and GlobalTableWitnessUpdates. Errors: VALIDATION; NOT_IMPLEMENTED. */
MUST_CHECK bool table_update_consistency_decode(const struct json *body, struct error *err);
MUST_CHECK bool
table_update_replica_decode(struct call *call, const struct json *updates, struct error *err);
MUST_CHECK bool table_update_stream_decode(const struct json *asked, struct error *err);
MUST_CHECK bool table_update_capacity_decode(const struct json *body, struct error *err);

/* In run: change the copy `changed` of a description as the request asks; its `indexes` are
 * `indexes`, with room for one more. Errors: VALIDATION, IN_USE, LIMIT, NOT_IMPLEMENTED. */
MUST_CHECK bool table_update_capacity(struct call *call,
                                      struct table *changed,
                                      struct table_index *indexes,
                                      struct error *err);
MUST_CHECK bool table_update_warm(struct call *call,
                                  struct table *changed,
                                  struct table_index *indexes,
                                  struct error *err);
MUST_CHECK bool table_update_index(struct call *call,
                                   struct table *changed,
                                   struct table_index *indexes,
                                   struct error *err);
/* May the stream be enabled or disabled? */
MUST_CHECK bool
table_update_stream(const struct json *asked, const struct table *table, struct error *err);
MUST_CHECK bool table_update_options(struct call *call, struct table *changed, struct error *err);
/* Errors: VALIDATION, IN_USE, IO. */
MUST_CHECK bool
table_update_replicas(struct call *call, const struct table *table, struct error *err);

/* May a description be changed that all members share? Errors: IN_USE. */
MUST_CHECK bool
table_update_replicated(const struct call *call, const struct table *table, struct error *err);
/* Store it, newer than the one before, and tell the members. `stream` is a StreamSpecification that
 * comes into force with it; NULL: none. Between catalog_change_begin and _end. Errors: those of
 * catalog_update, of stream_enable and of stream_disable. */
MUST_CHECK bool table_update_store(struct call *call,
                                   struct table *changed,
                                   const struct json *stream,
                                   struct error *err);

/* The global index that an Update or Delete names, ACTIVE. Errors: VALIDATION, IN_USE. */
MUST_CHECK bool table_update_find(const struct table *table,
                                  struct table_index *indexes,
                                  struct slice name,
                                  const char *verb,
                                  struct table_index **index,
                                  struct error *err);
