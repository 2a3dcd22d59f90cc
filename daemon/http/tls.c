#include "daemon/http/tls.h"

#include "daemon/http/tls_stream.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TLS_DAY_BYTES = 11 };

struct tls {
    char *certificate, *key;   /* Paths. */
    pthread_mutex_t replacing; /* Guards `context`: held to swap it, and to begin a session. */
    SSL_CTX *context;
    BIO_METHOD *method;
    char expires[TLS_DAY_BYTES];
};

/* The reason OpenSSL gives, "PEM lib" and the like, or the system's. */
static const char *tls_reason(void)
{
    unsigned long code = ERR_peek_error();
    const char *reason =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    return reason == NULL ? "unknown" : reason;
}

/* A daemon has nobody to ask. */
static int tls_no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    *(bool *)context = true;
    return -1;
}

static int tls_choose_protocol(SSL *session,
                               const unsigned char **chosen,
                               unsigned char *chosen_size,
                               const unsigned char *offered,
                               unsigned offered_size,
                               void *context)
{
    static const unsigned char ours[] = "\x08http/1.1\x08http/1.0";
    (void)session;
    (void)context;
    unsigned char *found = NULL;
    if (SSL_select_next_proto(&found, chosen_size, ours, sizeof(ours) - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static void tls_set_up(SSL_CTX *context)
{
    ensure(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    /* Of TLS 1.2 only what has forward secrecy and authenticated encryption. */
    ensure(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    /* Tickets keep the state with the client; a cache would keep it here. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    ensure(SSL_CTX_set_num_tickets(context, 1) == 1);
    SSL_CTX_set_alpn_select_cb(context, tls_choose_protocol, NULL);
}

static bool tls_load(const struct tls *tls, SSL_CTX *context, struct error *err)
{
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(context, tls_no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    if (SSL_CTX_use_certificate_chain_file(context, tls->certificate) != 1) {
        return error_set(err, ERROR_CONFIG, "certificate %s: %s", tls->certificate, tls_reason());
    }
    /* Loads the key; whether it fits is asked apart, for a clearer message. */
    FILE *file = fopen(tls->key, "re");
    if (file == NULL) {
        return error_set(err, ERROR_CONFIG, "key %s: %s", tls->key, strerror(errno));
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, tls_no_passphrase, &asked);
    fclose(file);
    if (key == NULL) {
        return error_set(err, ERROR_CONFIG, "key %s: %s", tls->key,
                         asked ? "it has a passphrase, and nobody can be asked for it"
                               : tls_reason());
    }
    bool fits = X509_check_private_key(SSL_CTX_get0_certificate(context), key) == 1;
    bool used = fits && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    if (!fits) {
        return error_set(err, ERROR_CONFIG, "key %s is not that of the certificate %s", tls->key,
                         tls->certificate);
    }
    return used || error_set(err, ERROR_CONFIG, "key %s: %s", tls->key, tls_reason());
}

static SSL_CTX *tls_context(const struct tls *tls, struct error *err)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    ensure(context != NULL);
    tls_set_up(context);
    if (!tls_load(tls, context, err)) {
        ERR_clear_error();
        SSL_CTX_free(context);
        return NULL;
    }
    /* The callback's context was of the stack. */
    SSL_CTX_set_default_passwd_cb(context, NULL);
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    return context;
}

static void tls_note_expiry(struct tls *tls)
{
    struct tm end = {0};
    const X509 *certificate = SSL_CTX_get0_certificate(tls->context);
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1 ||
        strftime(tls->expires, sizeof(tls->expires), "%Y-%m-%d", &end) == 0) {
        snprintf(tls->expires, sizeof(tls->expires), "?");
    }
}

bool tls_open(const char *certificate, const char *key, struct tls **tls, struct error *err)
{
    struct tls *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->certificate = strdup(certificate);
    made->key = strdup(key);
    ensure(made->certificate != NULL && made->key != NULL);
    ensure(pthread_mutex_init(&made->replacing, NULL) == 0);
    made->method = tls_stream_method();
    made->context = tls_context(made, err);
    if (made->context == NULL) {
        tls_close(made);
        return false;
    }
    tls_note_expiry(made);
    *tls = made;
    return true;
}

bool tls_reload(struct tls *tls, struct error *err)
{
    SSL_CTX *next = tls_context(tls, err);
    if (next == NULL) {
        return false;
    }
    ensure(pthread_mutex_lock(&tls->replacing) == 0);
    SSL_CTX *old = tls->context;
    tls->context = next;
    ensure(pthread_mutex_unlock(&tls->replacing) == 0);
    SSL_CTX_free(old); /* Its sessions hold it on. */
    tls_note_expiry(tls);
    return true;
}

void tls_close(struct tls *tls)
{
    if (tls == NULL) {
        return;
    }
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    ensure(pthread_mutex_destroy(&tls->replacing) == 0);
    free(tls->certificate);
    free(tls->key);
    free(tls);
}

const char *tls_expires(const struct tls *tls)
{
    return tls->expires;
}

bool tls_is_outdated(const struct tls *tls)
{
    const X509 *certificate = SSL_CTX_get0_certificate(tls->context);
    return X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0 ||
           X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0;
}

SSL *tls_session(struct tls *tls)
{
    ensure(pthread_mutex_lock(&tls->replacing) == 0);
    SSL *session = SSL_new(tls->context);
    ensure(pthread_mutex_unlock(&tls->replacing) == 0);
    ensure(session != NULL);
    return session;
}

BIO_METHOD *tls_method(const struct tls *tls)
{
    return tls->method;
}
