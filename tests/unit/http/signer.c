#include "tests/unit/http/signer.h"

#include "proto/base/ensure.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static void signer_hex(const unsigned char hash[32], char hex[65])
{
    for (int i = 0; i < 32; i++) {
        sprintf(hex + 2 * i, "%02x", hash[i]);
    }
}

static void signer_hash(const void *bytes, size_t size, char hex[65])
{
    unsigned char hash[32];
    ensure(EVP_Digest(bytes, size, hash, NULL, EVP_sha256(), NULL) == 1);
    signer_hex(hash, hex);
}

static void signer_mac(unsigned char key[32], int key_bytes, const char *text)
{
    unsigned char out[32];
    ensure(HMAC(EVP_sha256(), key, key_bytes, (const unsigned char *)text, strlen(text), out,
                NULL) != NULL);
    memcpy(key, out, 32);
}

char *signer_signature(const struct signer *signer)
{
    char body[65], request[65], day[9] = {0};
    char *canonical = NULL, *text = NULL, *hex = malloc(65);
    signer_hash(signer->body.data, signer->body.size, body);
    ensure(asprintf(&canonical, "%s\n/\n%s\n%s\n%s\n%s", signer->method, signer->query,
                    signer->headers, signer->names, body) > 0);
    signer_hash(canonical, strlen(canonical), request);
    memcpy(day, signer->date, 8);
    ensure(asprintf(&text, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s", signer->date, day,
                    signer->region, signer->service, request) > 0);
    unsigned char key[256];
    int key_bytes = snprintf((char *)key, sizeof(key), "AWS4%s", signer->secret);
    signer_mac(key, key_bytes, day);
    signer_mac(key, 32, signer->region);
    signer_mac(key, 32, signer->service);
    signer_mac(key, 32, "aws4_request");
    signer_mac(key, 32, text);
    signer_hex(key, hex);
    free(canonical);
    free(text);
    return hex;
}

char *signer_authorization(const struct signer *signer)
{
    char *signature = signer_signature(signer), *text = NULL;
    ensure(asprintf(&text,
                    "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, "
                    "Signature=%s",
                    signer->id, signer->date, signer->region, signer->service, signer->names,
                    signature) > 0);
    free(signature);
    return text;
}
