/* The signing side of SigV4, written on its own for the tests: requests as a client makes them.
 * Results are the caller's to free. */
#pragma once

#include "proto/base/slice.h"

struct signer {
    const char *id, *secret, *region, *service;
    const char *date;    /* "20130609T002500Z" */
    const char *target;  /* The request target, "/". */
    const char *headers; /* "host:x\nx-amz-date:…\n", sorted, lower case: what is signed. */
    const char *names;   /* "host;x-amz-date" */
    const char *method;
    const char *query; /* Canonical. */
    struct slice body;
};

/* 64 hex digits. */
char *signer_signature(const struct signer *signer);
/* "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…" */
char *signer_authorization(const struct signer *signer);
