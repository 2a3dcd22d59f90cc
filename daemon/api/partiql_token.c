/* NextToken of a SELECT, in base64:
 *
 *   size  field
 *      1  version     1
 *      4  condition   big endian
 *     16  digest      first half of SHA-256 over the statement, its parameters, the table's uid,
 * the condition and the key
 *      -  key image   possibly none
 *
 * The digest ties a token to its statement and finds damage. It holds no secret: who makes up a
 * token gets what an ExclusiveStartKey of his choice would give him. */
#include "daemon/api/partiql.h"

#include <openssl/evp.h>

enum {
    PARTIQL_TOKEN_VERSION = 1,
    PARTIQL_TOKEN_CONDITION = 1,
    PARTIQL_TOKEN_DIGEST = 5,
    PARTIQL_TOKEN_DIGEST_BYTES = 16,
    PARTIQL_TOKEN_HEAD_BYTES = 21,
    PARTIQL_TOKEN_BYTES_MAX = 32768, /* Of the base64, by the model. */
};

static void partiql_token_digest(const struct partiql_call *one,
                                 const struct partiql_place *place,
                                 struct arena *arena,
                                 uint8_t digest[static PARTIQL_TOKEN_DIGEST_BYTES])
{
    struct buffer all;
    uint8_t whole[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const struct json *parameters = json_get(one->asked, "Parameters");
    buffer_init(&all, arena, 512);
    buffer_append_slice(&all, shape_text(json_get(one->asked, "Statement")));
    buffer_append_byte(&all, 0);
    if (parameters != NULL) {
        json_write(&all, parameters);
    }
    buffer_append(&all, one->request.table->uid, TABLE_UID_BYTES);
    buffer_printf(&all, "%u/", place->condition);
    buffer_append_slice(&all, place->start);
    ensure(EVP_Digest(all.data, all.size, whole, &size, EVP_sha256(), NULL) == 1);
    ensure(size >= PARTIQL_TOKEN_DIGEST_BYTES);
    memcpy(digest, whole, PARTIQL_TOKEN_DIGEST_BYTES);
}

void partiql_token_write(struct buffer *to,
                         const struct partiql_call *one,
                         const struct partiql_place *place)
{
    struct buffer token;
    uint8_t head[PARTIQL_TOKEN_HEAD_BYTES] = {PARTIQL_TOKEN_VERSION};
    put_be32(head + PARTIQL_TOKEN_CONDITION, place->condition);
    partiql_token_digest(one, place, to->arena, head + PARTIQL_TOKEN_DIGEST);
    buffer_init(&token, to->arena, sizeof(head) + place->start.size);
    buffer_append(&token, head, sizeof(head));
    buffer_append_slice(&token, place->start);
    json_write_base64(to, buffer_slice(&token));
}

static bool partiql_token_decode(struct slice token,
                                 const struct partiql_call *one,
                                 struct arena *arena,
                                 struct partiql_place *place)
{
    struct error ignored = {0};
    struct slice bytes;
    if (token.size > PARTIQL_TOKEN_BYTES_MAX || !base64_decode(token, arena, &bytes, &ignored) ||
        bytes.size < PARTIQL_TOKEN_HEAD_BYTES || bytes.data[0] != PARTIQL_TOKEN_VERSION) {
        return false;
    }
    uint8_t digest[PARTIQL_TOKEN_DIGEST_BYTES];
    struct partiql_place made = {
        .condition = get_be32(bytes.data + PARTIQL_TOKEN_CONDITION),
        .start = {bytes.data + PARTIQL_TOKEN_HEAD_BYTES, bytes.size - PARTIQL_TOKEN_HEAD_BYTES},
    };
    partiql_token_digest(one, &made, arena, digest);
    uint32_t conditions = one->select.conditions_count;
    if (memcmp(digest, bytes.data + PARTIQL_TOKEN_DIGEST, sizeof(digest)) != 0 ||
        made.condition >= (conditions == 0 ? 1 : conditions)) {
        return false;
    }
    if (made.start.size > 0 && !item_check(made.start, &ignored)) {
        return false;
    }
    *place = made;
    return true;
}

bool partiql_token_read(struct slice token,
                        const struct partiql_call *one,
                        struct arena *arena,
                        struct partiql_place *place,
                        struct error *err)
{
    return partiql_token_decode(token, one, arena, place) ||
           error_set(err, ERROR_VALIDATION, "Invalid NextToken");
}
