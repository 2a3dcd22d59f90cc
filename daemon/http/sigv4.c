#include "daemon/http/sigv4.h"

#include "daemon/http/sigv4_parts.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

enum {
    SIGV4_HASH_BYTES = 32,
    SIGV4_WINDOW_S = 15 * 60,
    SIGV4_EXPIRES_S_MAX = 7 * 24 * 3600,
    SIGV4_DAY_BYTES = 8,
    SIGV4_SECRET_BYTES_MAX = CREDENTIAL_FIELD_BYTES_MAX + 4,
};

/* An HMAC keyed for one credential and day. */
struct sigv4_key {
    const struct credential *credential; /* NULL: free. */
    char day[SIGV4_DAY_BYTES];
    EVP_MAC_CTX *mac;
};

struct sigv4 {
    const struct credentials *credentials;
    struct slice region, service;
    EVP_MD *sha256;
    EVP_MD_CTX *hash;
    EVP_MAC *hmac;
    struct sigv4_key keys[SIGV4_SIGNING_KEYS];
};

struct sigv4 *
sigv4_open(const struct credentials *credentials, const char *region, const char *service)
{
    struct sigv4 *sigv4 = calloc(1, sizeof(*sigv4));
    ensure(sigv4 != NULL);
    sigv4->credentials = credentials;
    sigv4->region = slice_text(region);
    sigv4->service = slice_text(service);
    sigv4->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    sigv4->hash = EVP_MD_CTX_new();
    sigv4->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ensure(sigv4->sha256 != NULL && sigv4->hash != NULL && sigv4->hmac != NULL);
    return sigv4;
}

void sigv4_use(struct sigv4 *sigv4, const struct credentials *credentials)
{
    sigv4->credentials = credentials;
    for (size_t i = 0; i < SIGV4_SIGNING_KEYS; i++) {
        sigv4->keys[i].credential = NULL; /* A new one may stand where an old one was. */
    }
}

void sigv4_close(struct sigv4 *sigv4)
{
    if (sigv4 == NULL) {
        return;
    }
    for (size_t i = 0; i < SIGV4_SIGNING_KEYS; i++) {
        EVP_MAC_CTX_free(sigv4->keys[i].mac);
    }
    EVP_MAC_free(sigv4->hmac);
    EVP_MD_CTX_free(sigv4->hash);
    EVP_MD_free(sigv4->sha256);
    free(sigv4);
}

/* --- Hashes ---------------------------------------------------------------------------------- */

static void sigv4_hex(const uint8_t hash[SIGV4_HASH_BYTES], char hex[2 * SIGV4_HASH_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SIGV4_HASH_BYTES; i++) {
        hex[2 * i] = digits[hash[i] >> 4];
        hex[2 * i + 1] = digits[hash[i] & 15];
    }
}

static void sigv4_hash_hex(struct sigv4 *sigv4, struct slice bytes, char hex[2 * SIGV4_HASH_BYTES])
{
    uint8_t hash[SIGV4_HASH_BYTES];
    ensure(EVP_DigestInit_ex2(sigv4->hash, sigv4->sha256, NULL) == 1);
    ensure(EVP_DigestUpdate(sigv4->hash, bytes.data, bytes.size) == 1);
    ensure(EVP_DigestFinal_ex(sigv4->hash, hash, NULL) == 1);
    sigv4_hex(hash, hex);
}

static void sigv4_key_mac(EVP_MAC_CTX *mac, const uint8_t *key, size_t size)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    ensure(EVP_MAC_init(mac, key, size, params) == 1);
}

static void sigv4_mac(EVP_MAC_CTX *mac, struct slice text, uint8_t hash[SIGV4_HASH_BYTES])
{
    size_t size = 0;
    ensure(EVP_MAC_update(mac, text.data, text.size) == 1);
    ensure(EVP_MAC_final(mac, hash, &size, SIGV4_HASH_BYTES) == 1 && size == SIGV4_HASH_BYTES);
}

/* The chain "AWS4" + secret, day, region, service, "aws4_request": leaves `mac` keyed with its
 * end, the signing key. */
static void sigv4_derive(struct sigv4 *sigv4,
                         const struct credential *credential,
                         struct slice day,
                         EVP_MAC_CTX *mac)
{
    uint8_t secret[SIGV4_SECRET_BYTES_MAX];
    ensure(credential->secret.size <= CREDENTIAL_FIELD_BYTES_MAX);
    static const uint8_t prefix[4] = {'A', 'W', 'S', '4'};
    memcpy(secret, prefix, sizeof(prefix));
    memcpy(secret + sizeof(prefix), credential->secret.data, credential->secret.size);
    sigv4_key_mac(mac, secret, credential->secret.size + sizeof(prefix));
    OPENSSL_cleanse(secret, sizeof(secret));
    const struct slice links[] = {day, sigv4->region, sigv4->service,
                                  SLICE_LITERAL("aws4_request")};
    uint8_t hash[SIGV4_HASH_BYTES];
    for (size_t i = 0; i < ARRAY_COUNT(links); i++) {
        sigv4_mac(mac, links[i], hash);
        sigv4_key_mac(mac, hash, sizeof(hash));
    }
    OPENSSL_cleanse(hash, sizeof(hash));
}

/* One entry per credential and day; the clock window lets through two days at most, so their lowest
 * bit tells them apart. A collision costs a derivation, nothing else. */
static EVP_MAC_CTX *
sigv4_signing_mac(struct sigv4 *sigv4, const struct credential *credential, struct slice day)
{
    ensure(day.size == SIGV4_DAY_BYTES);
    size_t at =
        (credential->number * 2 + (day.data[SIGV4_DAY_BYTES - 1] & 1)) & (SIGV4_SIGNING_KEYS - 1);
    struct sigv4_key *key = &sigv4->keys[at];
    if (key->credential == credential && memcmp(key->day, day.data, SIGV4_DAY_BYTES) == 0) {
        ensure(EVP_MAC_init(key->mac, NULL, 0, NULL) == 1); /* Keeps the key. */
        return key->mac;
    }
    if (key->mac == NULL) {
        key->mac = EVP_MAC_CTX_new(sigv4->hmac);
        ensure(key->mac != NULL);
    }
    sigv4_derive(sigv4, credential, day, key->mac);
    key->credential = credential;
    memcpy(key->day, day.data, SIGV4_DAY_BYTES);
    return key->mac;
}

/* --- Checks 7 to 12 -------------------------------------------------------------------------- */

static bool sigv4_check_scope(const struct sigv4 *sigv4,
                              const struct http_request *request,
                              const struct sigv4_parts *parts,
                              struct slice *message,
                              struct error *err)
{
    struct slice date_day = {parts->date.data, SIGV4_DAY_BYTES};
    bool region = slice_equal(parts->scope_region, sigv4->region);
    bool service = slice_equal(parts->scope_service, sigv4->service);
    bool terminator = slice_equal(parts->scope_terminator, SLICE_LITERAL("aws4_request"));
    bool day = slice_equal(parts->scope_date, date_day);
    if (region && service && terminator && day) {
        return true;
    }
    struct buffer text;
    buffer_init(&text, request->arena, 512);
    if (!region) {
        buffer_printf(&text, "Credential should be scoped to a valid region, not '%.*s'. ",
                      SLICE_ARGS(parts->scope_region));
    }
    if (!service) {
        buffer_printf(&text, "Credential should be scoped to correct service: '%.*s'. ",
                      SLICE_ARGS(sigv4->service));
    }
    if (!terminator) {
        buffer_printf(&text,
                      "Credential should be scoped with a valid terminator: 'aws4_request', "
                      "not '%.*s'. ",
                      SLICE_ARGS(parts->scope_terminator));
    }
    if (!day) {
        buffer_printf(&text,
                      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                      "date from HTTP: '%.*s' != '%.*s', from '%.*s'.",
                      SLICE_ARGS(parts->scope_date), SLICE_ARGS(date_day), SLICE_ARGS(parts->date));
    }
    return sigv4_fail(buffer_slice(&text), ERROR_INVALID_SIGNATURE, message, err);
}

/* How long after its date a request is good: X-Amz-Expires where the query form gives it. */
static uint64_t sigv4_lifetime_s(const struct sigv4_parts *parts)
{
    uint64_t seconds = 0;
    for (size_t i = 0; i < parts->expires.size; i++) {
        uint8_t digit = parts->expires.data[i];
        if (digit < '0' || digit > '9' || seconds > SIGV4_EXPIRES_S_MAX) {
            return SIGV4_WINDOW_S;
        }
        seconds = seconds * 10 + (uint64_t)(digit - '0');
    }
    return parts->expires.size == 0 || seconds > SIGV4_EXPIRES_S_MAX ? SIGV4_WINDOW_S : seconds;
}

static bool sigv4_check_clock(const struct http_request *request,
                              const struct sigv4_parts *parts,
                              uint64_t now_s,
                              struct slice *message,
                              struct error *err)
{
    uint64_t lifetime_s = sigv4_lifetime_s(parts);
    bool expired = now_s > parts->date_s && now_s - parts->date_s > lifetime_s;
    bool early = parts->date_s > now_s && parts->date_s - now_s > SIGV4_WINDOW_S;
    if (!expired && !early) {
        return true;
    }
    char now[SIGV4_DATE_BYTES + 1], bound[SIGV4_DATE_BYTES + 1];
    sigv4_write_date(now_s, now);
    char *text;
    if (early) {
        sigv4_write_date(now_s + SIGV4_WINDOW_S, bound);
        text = arena_printf(request->arena,
                            "Signature not yet current: %.*s is still later than %s (%s + 15 min.)",
                            SLICE_ARGS(parts->date), bound, now);
    } else {
        sigv4_write_date(now_s - lifetime_s, bound);
        bool minutes = lifetime_s % 60 == 0;
        text = arena_printf(
            request->arena, "Signature expired: %.*s is now earlier than %s (%s - %u %s.)",
            SLICE_ARGS(parts->date), bound, now, (unsigned)(minutes ? lifetime_s / 60 : lifetime_s),
            minutes ? "min" : "sec");
    }
    return sigv4_fail(slice_text(text), ERROR_INVALID_SIGNATURE, message, err);
}

static bool sigv4_check_credential(const struct credential *credential,
                                   const struct sigv4_parts *parts,
                                   uint64_t now_s,
                                   struct slice *message,
                                   struct error *err)
{
    struct slice token = credential == NULL ? (struct slice){0} : credential->session_token;
    bool known =
        credential != NULL &&
        (token.size == 0 || (token.size == parts->token.size &&
                             CRYPTO_memcmp(token.data, parts->token.data, token.size) == 0));
    if (!known) {
        return sigv4_fail(SLICE_LITERAL("The security token included in the request is invalid."),
                          ERROR_UNRECOGNIZED_CLIENT, message, err);
    }
    if (credential->expires_s != 0 && now_s >= credential->expires_s) {
        return sigv4_fail(SLICE_LITERAL("The security token included in the request is expired"),
                          ERROR_EXPIRED_TOKEN, message, err);
    }
    return true;
}

static bool sigv4_fail_signature(const struct http_request *request,
                                 struct slice canonical,
                                 struct slice to_sign,
                                 struct slice *message,
                                 struct error *err)
{
    struct buffer text;
    buffer_init(&text, request->arena, 512 + canonical.size + to_sign.size);
    buffer_append_text(
        &text, "The request signature we calculated does not match the signature you provided. "
               "Check your AWS Secret Access Key and signing method. Consult the service "
               "documentation for details.\n\nThe Canonical String for this request should have "
               "been\n'");
    buffer_append_slice(&text, canonical);
    buffer_append_text(&text, "'\n\nThe String-to-Sign should have been\n'");
    buffer_append_slice(&text, to_sign);
    buffer_append_text(&text, "'\n");
    return sigv4_fail(buffer_slice(&text), ERROR_INVALID_SIGNATURE, message, err);
}

static bool sigv4_check_signature(struct sigv4 *sigv4,
                                  const struct http_request *request,
                                  const struct sigv4_parts *parts,
                                  const struct credential *credential,
                                  struct slice *message,
                                  struct error *err)
{
    char hex[2 * SIGV4_HASH_BYTES];
    sigv4_hash_hex(sigv4, request->body, hex);
    struct slice canonical = sigv4_canonical(request, parts, slice_of(hex, sizeof(hex)));
    sigv4_hash_hex(sigv4, canonical, hex);
    struct buffer to_sign;
    buffer_init(&to_sign, request->arena, 128 + parts->scope.size);
    buffer_append_slice(&to_sign, SLICE_LITERAL("AWS4-HMAC-SHA256\n"));
    buffer_append_slice(&to_sign, parts->date);
    buffer_append_byte(&to_sign, '\n');
    buffer_append_slice(&to_sign, parts->scope);
    buffer_append_byte(&to_sign, '\n');
    buffer_append(&to_sign, hex, sizeof(hex));
    uint8_t hash[SIGV4_HASH_BYTES];
    sigv4_mac(sigv4_signing_mac(sigv4, credential, parts->scope_date), buffer_slice(&to_sign),
              hash);
    sigv4_hex(hash, hex);
    if (parts->signature.size != sizeof(hex) ||
        CRYPTO_memcmp(parts->signature.data, hex, sizeof(hex)) != 0) {
        return sigv4_fail_signature(request, canonical, buffer_slice(&to_sign), message, err);
    }
    return true;
}

bool sigv4_verify(struct sigv4 *sigv4,
                  const struct http_request *request,
                  uint64_t now_s,
                  const struct credential **credential,
                  struct slice *message,
                  struct error *err)
{
    struct sigv4_parts parts;
    if (!sigv4_parse(request, &parts, message, err) ||
        !sigv4_check_scope(sigv4, request, &parts, message, err)) {
        return false;
    }
    if (!sigv4_signs(&parts, "host")) {
        return sigv4_fail(
            SLICE_LITERAL("'Host' must be a 'SignedHeader' in the AWS Authorization."),
            ERROR_INVALID_SIGNATURE, message, err);
    }
    if (!sigv4_check_clock(request, &parts, now_s, message, err)) {
        return false;
    }
    const struct credential *found = credentials_find(sigv4->credentials, parts.id);
    if (!sigv4_check_credential(found, &parts, now_s, message, err) ||
        !sigv4_check_signature(sigv4, request, &parts, found, message, err)) {
        return false;
    }
    *credential = found;
    return true;
}
