/* What several nodes say about themselves, and what is wrong with it. One thread. */
#pragma once

#include "daemon/cli/cli.h"
#include "daemon/cli/http_client.h"

enum { SURVEY_PROBLEMS_MAX = 256 };

struct survey_node {
    const char *admin;   /* "http://127.0.0.1:8080" */
    struct json *status; /* NULL: it did not answer, for the reason in `problem`. */
    const char *problem;
};

struct survey_problem {
    const char *what; /* "eu-west-1 does not reach us-east-1: …" */
    const char *todo; /* What to do about it. */
};

struct survey {
    struct arena *arena;
    struct survey_node nodes[CLI_ADMINS_MAX];
    uint32_t nodes_count;
    struct survey_problem problems[SURVEY_PROBLEMS_MAX];
    uint32_t problems_count;
};

/* Ask every node for its status and judge. Everything lives in the arena. */
void survey_take(struct survey *survey,
                 struct arena *arena,
                 const char *const *admins,
                 uint32_t admins_count);

/* Members of a status document; 0, false or "" where they are missing. */
double survey_number(const struct json *object, const char *name);
bool survey_is(const struct json *object, const char *name);
const char *survey_text(struct arena *arena, const struct json *object, const char *name);
/* First element of a list member, or NULL. */
const struct json *survey_list(const struct json *object, const char *name);
