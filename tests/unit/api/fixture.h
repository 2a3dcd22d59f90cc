/* One node without sockets: a store in a directory of its own, and the dispatcher's part of a call
 * (decode, run from memory, run again on disk, wait until durable). One thread. */
#pragma once

#include "daemon/api/operation.h"

#include <stdatomic.h>

/* Wall time of the fixture when it opens: 2026-11-22T07:34:06.049Z. */
#define FIXTURE_NOW_MS UINT64_C(1795332846049)

struct fixture {
    char *directory;
    struct node node;
    struct arena arena;
    struct expression_cache *expressions;
    uint64_t now_ms; /* A test moves it. */
    bool hasty;      /* Take answers before they are durable: for a disk that is held. */
    uint64_t stamp;
};

struct fixture *fixture_open(void);
void fixture_close(struct fixture *fixture);

struct answer {
    bool ok;
    enum error_code code;
    char *text;    /* The answer, or the error's text; in the fixture's arena. */
    char *members; /* What is appended to the error's body. */
};
/* `request` is JSON in which ' may stand for ". */
struct answer fixture_call(struct fixture *fixture, const char *operation, const char *request);

/* A step of a script: what a request must answer.
 *
 *     (empty text)    an answer without a body
 *     {…}             exactly this, ' standing for "
 *     ~text           an answer that holds this, ' standing for "
 *     !~text          an answer that does not
 *     CODE: text      this error, exactly
 *     CODE ~text      this error, with a text (or body members) that holds this */
struct step {
    const char *operation;
    const char *request;
    const char *expect;
};
/* Runs the steps in order on one node; a failure names the step. */
void fixture_script(struct fixture *fixture, const struct step *steps, size_t count);

/* Table `name` with a partition key pk S, and a sort key sk of `sort` (0: none), made through
 * CreateTable. */
void fixture_table(struct fixture *fixture, const char *name, char sort);
/* A text of `size` bytes x, in the fixture's arena. */
char *fixture_long(struct fixture *fixture, size_t size);
char *fixture_printf(struct fixture *fixture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
