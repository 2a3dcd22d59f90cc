/* Signs requests as an AWS SDK does (Signature Version 4), with the signing key derived once.
 * One thread. */
#pragma once

#include "proto/base/slice.h"

#include <openssl/evp.h>
#include <time.h>

struct signer {
    char access_key[128];
    char region[64];
    char host[64];
    char date[9];       /* "20261122" */
    char date_time[17]; /* "20261122T101500Z" */
    time_t second;      /* What date_time stands for. */
    char secret_key[128];
    uint8_t key[32];
    EVP_MAC *mac;
    EVP_MAC_CTX *keyed; /* Initialised with key; copied for each request. */
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
};

void signer_open(struct signer *signer,
                 const char *access_key,
                 const char *secret_key,
                 const char *region,
                 const char *host);
void signer_close(struct signer *signer);

/* Write the request's head with all headers, up to and with the empty line. Returns its size. */
size_t signer_head(
    struct signer *signer, const char *operation, struct slice body, char *to, size_t capacity);
