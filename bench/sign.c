#include "bench/sign.h"

#include "proto/base/ensure.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdio.h>

enum { HASH_BYTES = 32, HEX_BYTES = 2 * HASH_BYTES };

static void signer_hex(const uint8_t *bytes, char *to)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < HASH_BYTES; i++) {
        to[2 * i] = digits[bytes[i] >> 4];
        to[2 * i + 1] = digits[bytes[i] & 15];
    }
    to[HEX_BYTES] = 0;
}

static void signer_sha256(struct signer *signer, struct slice bytes, char *hex)
{
    uint8_t hash[HASH_BYTES];
    ensure(EVP_DigestInit_ex2(signer->digest, signer->sha256, NULL) == 1);
    ensure(EVP_DigestUpdate(signer->digest, bytes.data, bytes.size) == 1);
    ensure(EVP_DigestFinal_ex(signer->digest, hash, NULL) == 1);
    signer_hex(hash, hex);
}

static EVP_MAC_CTX *signer_keyed(struct signer *signer, const void *key, size_t size)
{
    char name[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(signer->mac);
    ensure(context != NULL && EVP_MAC_init(context, key, size, parameters) == 1);
    return context;
}

static void
signer_hmac(struct signer *signer, const void *key, size_t key_bytes, const char *text, uint8_t *to)
{
    EVP_MAC_CTX *context = signer_keyed(signer, key, key_bytes);
    size_t size = HASH_BYTES;
    ensure(EVP_MAC_update(context, (const uint8_t *)text, strlen(text)) == 1);
    ensure(EVP_MAC_final(context, to, &size, HASH_BYTES) == 1);
    EVP_MAC_CTX_free(context);
}

static void signer_derive(struct signer *signer)
{
    char first[160];
    uint8_t a[HASH_BYTES];
    uint8_t b[HASH_BYTES];
    snprintf(first, sizeof(first), "AWS4%s", signer->secret_key);
    signer_hmac(signer, first, strlen(first), signer->date, a);
    signer_hmac(signer, a, sizeof(a), signer->region, b);
    signer_hmac(signer, b, sizeof(b), "dynamodb", a);
    signer_hmac(signer, a, sizeof(a), "aws4_request", signer->key);
    EVP_MAC_CTX_free(signer->keyed);
    signer->keyed = signer_keyed(signer, signer->key, sizeof(signer->key));
}

/* The clock moves on while a benchmark runs. */
static void signer_tick(struct signer *signer)
{
    time_t now = time(NULL);
    if (now == signer->second) {
        return;
    }
    struct tm utc;
    gmtime_r(&now, &utc);
    char date[sizeof(signer->date)];
    strftime(date, sizeof(date), "%Y%m%d", &utc);
    strftime(signer->date_time, sizeof(signer->date_time), "%Y%m%dT%H%M%SZ", &utc);
    if (strcmp(date, signer->date) != 0) {
        memcpy(signer->date, date, sizeof(date));
        signer_derive(signer);
    }
    signer->second = now;
}

void signer_open(struct signer *signer,
                 const char *access_key,
                 const char *secret_key,
                 const char *region,
                 const char *host)
{
    *signer = (struct signer){.mac = EVP_MAC_fetch(NULL, "HMAC", NULL),
                              .sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
                              .digest = EVP_MD_CTX_new()};
    ensure(signer->mac != NULL && signer->sha256 != NULL && signer->digest != NULL);
    snprintf(signer->access_key, sizeof(signer->access_key), "%s", access_key);
    snprintf(signer->secret_key, sizeof(signer->secret_key), "%s", secret_key);
    snprintf(signer->region, sizeof(signer->region), "%s", region);
    snprintf(signer->host, sizeof(signer->host), "%s", host);
    signer_tick(signer);
}

void signer_close(struct signer *signer)
{
    EVP_MAC_CTX_free(signer->keyed);
    EVP_MAC_free(signer->mac);
    EVP_MD_CTX_free(signer->digest);
    EVP_MD_free(signer->sha256);
}

size_t signer_head(
    struct signer *signer, const char *operation, struct slice body, char *to, size_t capacity)
{
    static const char names[] = "host;x-amz-date;x-amz-target";
    char body_hash[HEX_BYTES + 1];
    char canonical_hash[HEX_BYTES + 1];
    char signature[HEX_BYTES + 1];
    char text[1024];
    signer_tick(signer);
    signer_sha256(signer, body, body_hash);
    int size = snprintf(text, sizeof(text),
                        "POST\n/\n\nhost:%s\nx-amz-date:%s\nx-amz-target:DynamoDB_20120810.%s\n\n"
                        "%s\n%s",
                        signer->host, signer->date_time, operation, names, body_hash);
    signer_sha256(signer, slice_of(text, (size_t)size), canonical_hash);
    size = snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n%s\n%s/%s/dynamodb/aws4_request\n%s",
                    signer->date_time, signer->date, signer->region, canonical_hash);
    uint8_t hash[HASH_BYTES];
    size_t hash_bytes = sizeof(hash);
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(signer->keyed);
    ensure(context != NULL && EVP_MAC_update(context, (uint8_t *)text, (size_t)size) == 1);
    ensure(EVP_MAC_final(context, hash, &hash_bytes, sizeof(hash)) == 1);
    EVP_MAC_CTX_free(context);
    signer_hex(hash, signature);
    size = snprintf(to, capacity,
                    "POST / HTTP/1.1\r\nHost: %s\r\nX-Amz-Target: DynamoDB_20120810.%s\r\n"
                    "X-Amz-Date: %s\r\nContent-Type: application/x-amz-json-1.0\r\n"
                    "User-Agent: meridian-bench/%s\r\nAccept-Encoding: identity\r\n"
                    "amz-sdk-invocation-id: 5f8a6f3e-0d6f-4a53-9d8c-7c5d5f2f7a10\r\n"
                    "amz-sdk-request: attempt=1\r\n"
                    "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s/%s/dynamodb/aws4_request, "
                    "SignedHeaders=%s, Signature=%s\r\nContent-Length: %zu\r\n\r\n",
                    signer->host, operation, signer->date_time, MERIDIAN_VERSION,
                    signer->access_key, signer->date, signer->region, names, signature, body.size);
    ensure(size > 0 && (size_t)size < capacity);
    return (size_t)size;
}
