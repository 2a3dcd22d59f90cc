/* Goal: what AWS's own clients sign is taken; what is wrong gets the service's words, in its order
 * of checks. Method: AWS's published vectors, and requests signed by an independent signer. */
#include "daemon/http/parser.h"
#include "daemon/http/sigv4.h"
#include "tests/unit/http/signer.h"

#include <criterion/criterion.h>

#define NOW_TEXT "20130609T002500Z"
#define SCOPE "20130609/us-east-1/dynamodb/aws4_request"
enum { NOW_S = 1370737500, VECTORS_S = 1440938160 };

static const char file[] = "[default]\naws_access_key_id = AKIDEXAMPLE\n"
                           "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n"
                           "[token]\naws_access_key_id = AKIDTOKEN\n"
                           "aws_secret_access_key = other\naws_session_token = tok/en\n"
                           "[old]\naws_access_key_id = AKIDOLD\naws_secret_access_key = old\n"
                           "aws_credential_expiration = 2013-06-09T00:20:00Z\n";

struct sigv4_fixture {
    struct arena arena;
    struct http_request request;
    struct http_parser parser;
    struct credentials *credentials;
    struct sigv4 *sigv4;
    struct slice message;
    struct error err;
};

static struct sigv4_fixture *opened(const char *service)
{
    struct sigv4_fixture *fixture = calloc(1, sizeof(*fixture));
    cr_assert(credentials_parse("file", slice_text(file), &fixture->credentials, &fixture->err),
              "%s", fixture->err.text);
    fixture->sigv4 = sigv4_open(fixture->credentials, "us-east-1", service);
    return fixture;
}

static void closed(struct sigv4_fixture *fixture)
{
    sigv4_close(fixture->sigv4);
    credentials_close(fixture->credentials);
    arena_destroy(&fixture->arena);
    free(fixture);
}

/* Parse one whole request and check it. */
static bool verify_bytes(struct sigv4_fixture *fixture, struct slice text, uint64_t now_s)
{
    arena_clear(&fixture->arena);
    fixture->request.arena = &fixture->arena;
    http_parser_init(&fixture->parser, &fixture->request);
    size_t room = 0;
    uint8_t *to = http_parser_room(&fixture->parser, &room);
    cr_assert_lt(text.size, room);
    memcpy(to, text.data, text.size);
    http_parser_added(&fixture->parser, text.size);
    cr_assert_eq(http_parser_run(&fixture->parser), HTTP_PARSED_DONE, "%.*s", SLICE_ARGS(text));
    const struct credential *credential = NULL;
    error_clear(&fixture->err);
    fixture->message = (struct slice){0};
    bool ok = sigv4_verify(fixture->sigv4, &fixture->request, now_s, &credential, &fixture->message,
                           &fixture->err);
    cr_assert_eq(ok, credential != NULL);
    cr_assert_eq(ok, fixture->err.code == ERROR_NONE);
    return ok;
}

static bool verify(struct sigv4_fixture *fixture, const char *text, uint64_t now_s)
{
    return verify_bytes(fixture, slice_text(text), now_s);
}

static void expect_failure(const char *text, enum error_code code, const char *message)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    cr_assert_not(verify(fixture, text, NOW_S), "%s", text);
    cr_assert_eq(fixture->err.code, code, "%s", fixture->err.text);
    cr_assert(slice_is(fixture->message, message), "%.*s", SLICE_ARGS(fixture->message));
    cr_assert_eq(strncmp(fixture->err.text, message, ERROR_TEXT_BYTES - 1), 0);
    closed(fixture);
}

/* --- AWS's vectors --------------------------------------------------------------------------- */

#define VECTOR_HEADERS "Host:example.amazonaws.com\r\nX-Amz-Date:20150830T123600Z\r\n"
#define VECTOR_AUTHORIZATION(names, signature)                                                     \
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"           \
    "aws4_request, SignedHeaders=" names ", Signature=" signature "\r\n"

static const struct {
    const char *name, *request;
} vectors[] = {
    {"get-vanilla", "GET / HTTP/1.1\r\n" VECTOR_HEADERS VECTOR_AUTHORIZATION(
                        "host;x-amz-date",
                        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31") "\r\n"},
    {"get-vanilla-query-order-key-case",
     "GET /?Param2=value2&Param1=value1 HTTP/1.1\r\n" VECTOR_HEADERS VECTOR_AUTHORIZATION(
         "host;x-amz-date",
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500") "\r\n"},
    {"get-vanilla-empty-query-key",
     "GET /?Param1=value1 HTTP/1.1\r\n" VECTOR_HEADERS VECTOR_AUTHORIZATION(
         "host;x-amz-date",
         "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb") "\r\n"},
    {"get-vanilla-utf8-query",
     "GET /?%E1%88%B4=bar HTTP/1.1\r\n" VECTOR_HEADERS VECTOR_AUTHORIZATION(
         "host;x-amz-date",
         "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04") "\r\n"},
    {"post-vanilla",
     "POST / HTTP/1.1\r\n" VECTOR_HEADERS VECTOR_AUTHORIZATION(
         "host;x-amz-date",
         "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b") "\r\n"},
    {"get-header-key-duplicate",
     "GET / HTTP/1.1\r\nHost:example.amazonaws.com\r\nMy-Header1:value2\r\nMy-Header1:value2\r\n"
     "My-Header1:value1\r\nX-Amz-Date:20150830T123600Z\r\n" VECTOR_AUTHORIZATION(
         "host;my-header1;x-amz-date",
         "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea") "\r\n"},
    {"get-header-value-trim",
     "GET / HTTP/1.1\r\nHost:example.amazonaws.com\r\nMy-Header1: value1\r\n"
     "My-Header2: \"a   b   c\" \r\nX-Amz-Date:20150830T123600Z\r\n" VECTOR_AUTHORIZATION(
         "host;my-header1;my-header2;x-amz-date",
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736") "\r\n"},
    {"post-header-key-sort",
     "POST / HTTP/1.1\r\nHost:example.amazonaws.com\r\nMy-Header1:value1\r\n"
     "X-Amz-Date:20150830T123600Z\r\n" VECTOR_AUTHORIZATION(
         "host;my-header1;x-amz-date",
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c") "\r\n"},
    {"post-x-www-form-urlencoded",
     "POST / HTTP/1.1\r\nContent-Type:application/x-www-form-urlencoded\r\n"
     "Content-Length: 13\r\n" VECTOR_HEADERS VECTOR_AUTHORIZATION(
         "content-type;host;x-amz-date",
         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a") "\r\n"
                                                                             "Param1=value1"},
};

Test(sigv4, takes_the_published_vectors)
{
    struct sigv4_fixture *fixture = opened("service");
    for (size_t i = 0; i < ARRAY_COUNT(vectors); i++) {
        cr_expect(verify(fixture, vectors[i].request, VECTORS_S), "%s: %.*s", vectors[i].name,
                  SLICE_ARGS(fixture->message));
    }
    closed(fixture);
}

/* --- Requests as SDKs make them --------------------------------------------------------------- */

static struct signer signer_default(void)
{
    return (struct signer){
        .id = "AKIDEXAMPLE",
        .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        .region = "us-east-1",
        .service = "dynamodb",
        .date = NOW_TEXT,
        .target = "/",
        .headers = "host:localhost:8000\nx-amz-date:" NOW_TEXT
                   "\nx-amz-target:DynamoDB_20120810.GetItem\n",
        .names = "host;x-amz-date;x-amz-target",
        .method = "POST",
        .query = "",
        .body = SLICE_LITERAL("{}"),
    };
}

/* The request of a signer, with an Authorization header of the caller's. */
static char *request_with(const struct signer *signer, const char *authorization, const char *more)
{
    char *text = NULL;
    cr_assert_gt(asprintf(&text,
                          "POST %s HTTP/1.1\r\nHost: localhost:8000\r\nX-Amz-Date: %s\r\n"
                          "X-Amz-Target: DynamoDB_20120810.GetItem\r\n%s%s%s%s"
                          "Content-Length: %zu\r\n\r\n%.*s",
                          signer->target, signer->date,
                          authorization[0] == 0 ? "" : "Authorization: ", authorization,
                          authorization[0] == 0 ? "" : "\r\n", more, signer->body.size,
                          SLICE_ARGS(signer->body)),
                 0);
    return text;
}

static char *request_signed(const struct signer *signer)
{
    char *authorization = signer_authorization(signer);
    char *text = request_with(signer, authorization, "");
    free(authorization);
    return text;
}

static bool
verify_signed(struct sigv4_fixture *fixture, const struct signer *signer, uint64_t now_s)
{
    char *text = request_signed(signer);
    bool ok = verify(fixture, text, now_s);
    free(text);
    return ok;
}

Test(sigv4, takes_requests_of_several_days_and_keys_in_turn)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    struct signer one = signer_default(), two = signer_default();
    two.date = "20130610T002500Z";
    two.headers = "host:localhost:8000\nx-amz-date:20130610T002500Z\n"
                  "x-amz-target:DynamoDB_20120810.GetItem\n";
    struct signer three = two;
    three.id = "AKIDOLD";
    three.secret = "old";
    for (int i = 0; i < 3; i++) {
        cr_assert(verify_signed(fixture, &one, NOW_S), "%.*s", SLICE_ARGS(fixture->message));
        cr_assert(verify_signed(fixture, &one, NOW_S), "with a cached key");
        cr_assert(verify_signed(fixture, &two, NOW_S + 86400));
        cr_assert_not(verify_signed(fixture, &three, NOW_S + 86400));
        cr_assert_eq(fixture->err.code, ERROR_EXPIRED_TOKEN);
    }
    closed(fixture);
}

Test(sigv4, takes_an_authorization_without_blanks_and_in_another_order)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    struct signer signer = signer_default();
    char *signature = signer_signature(&signer), authorization[512];
    snprintf(authorization, sizeof(authorization),
             "AWS4-HMAC-SHA256 Signature=%s,SignedHeaders=%s,Credential=AKIDEXAMPLE/" SCOPE,
             signature, signer.names);
    char *text = request_with(&signer, authorization, "");
    cr_assert(verify(fixture, text, NOW_S), "%.*s", SLICE_ARGS(fixture->message));
    free(text);
    free(signature);
    closed(fixture);
}

Test(sigv4, every_changed_bit_of_signature_body_or_header_is_noticed)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    struct signer signer = signer_default();
    char *text = request_signed(&signer);
    size_t size = strlen(text), refused = 0;
    for (const char *part = "\x1"; *part != 0; part++) {
        char *at = strstr(text, "Signature=") + strlen("Signature=");
        for (int i = 0; i < 64; i++) {
            at[i] = (char)(at[i] ^ 1);
            cr_assert_not(verify(fixture, text, NOW_S));
            cr_assert_eq(fixture->err.code, ERROR_INVALID_SIGNATURE);
            at[i] = (char)(at[i] ^ 1);
            refused++;
        }
    }
    text[size - 1] = ']';
    cr_assert_not(verify(fixture, text, NOW_S), "another body");
    text[size - 1] = '}';
    *strstr(text, "GetItem") = 'S';
    cr_assert_not(verify(fixture, text, NOW_S), "another target");
    cr_assert_eq(refused, 64);
    free(text);
    closed(fixture);
}

Test(sigv4, a_signed_body_hash_that_is_not_the_bodys_fails)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    struct signer signer = signer_default();
    signer.headers = "host:localhost:8000\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"
                     "x-amz-date:" NOW_TEXT "\n";
    signer.names = "host;x-amz-content-sha256;x-amz-date";
    char *authorization = signer_authorization(&signer);
    char *text = request_with(&signer, authorization, "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n");
    cr_assert(verify(fixture, text, NOW_S), "the header is one like any other");
    text[strlen(text) - 1] = ']';
    cr_assert_not(verify(fixture, text, NOW_S), "the body counts all the same");
    free(text);
    free(authorization);
    closed(fixture);
}

static char *query_request(const struct signer *signer, const char *query)
{
    char *signature, *text = NULL;
    struct signer copy = *signer;
    copy.query = query;
    copy.headers = "host:localhost:8000\n";
    copy.names = "host";
    signature = signer_signature(&copy);
    cr_assert_gt(asprintf(&text,
                          "POST /?X-Amz-Signature=%s&%s HTTP/1.1\r\nHost: localhost:8000\r\n"
                          "Content-Length: 2\r\n\r\n{}",
                          signature, query),
                 0);
    free(signature);
    return text;
}

#define QUERY(expires)                                                                             \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20130609%2Fus-east-1%2F"      \
    "dynamodb%2Faws4_request&X-Amz-Date=" NOW_TEXT expires "&X-Amz-SignedHeaders=host"

Test(sigv4, takes_the_query_form)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    struct signer signer = signer_default();
    char *text = query_request(&signer, QUERY(""));
    cr_assert(verify(fixture, text, NOW_S), "%.*s", SLICE_ARGS(fixture->message));
    cr_assert(verify(fixture, text, NOW_S + 900));
    cr_assert_not(verify(fixture, text, NOW_S + 901));
    free(text);
    text = query_request(&signer, QUERY("&X-Amz-Expires=3600"));
    cr_assert(verify(fixture, text, NOW_S + 3600), "%.*s", SLICE_ARGS(fixture->message));
    cr_assert_not(verify(fixture, text, NOW_S + 3601));
    cr_assert(slice_is(fixture->message, "Signature expired: 20130609T002500Z is now earlier than "
                                         "20130609T002501Z (20130609T012501Z - 60 min.)"),
              "%.*s", SLICE_ARGS(fixture->message));
    free(text);
    closed(fixture);
}

Test(sigv4, session_tokens_count_only_where_the_key_has_one)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    struct signer signer = signer_default();
    char *authorization = signer_authorization(&signer);
    char *text = request_with(&signer, authorization, "X-Amz-Security-Token: whatever\r\n");
    cr_assert(verify(fixture, text, NOW_S));
    free(text);
    free(authorization);
    signer.id = "AKIDTOKEN";
    signer.secret = "other";
    authorization = signer_authorization(&signer);
    text = request_with(&signer, authorization, "X-Amz-Security-Token: tok/en\r\n");
    cr_assert(verify(fixture, text, NOW_S), "%.*s", SLICE_ARGS(fixture->message));
    free(text);
    const char *const wrong[] = {"X-Amz-Security-Token: tok/eN\r\n", ""};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        text = request_with(&signer, authorization, wrong[i]);
        cr_assert_not(verify(fixture, text, NOW_S));
        cr_assert_eq(fixture->err.code, ERROR_UNRECOGNIZED_CLIENT);
        free(text);
    }
    free(authorization);
    closed(fixture);
}

Test(sigv4, new_credentials_replace_the_old_ones_at_once)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    struct signer signer = signer_default();
    cr_assert(verify_signed(fixture, &signer, NOW_S));
    struct credentials *next = NULL;
    cr_assert(credentials_parse("file",
                                SLICE_LITERAL("[a]\naws_access_key_id=AKIDEXAMPLE\n"
                                              "aws_secret_access_key=new\n"),
                                &next, &fixture->err));
    sigv4_use(fixture->sigv4, next);
    credentials_close(fixture->credentials);
    fixture->credentials = next;
    cr_assert_not(verify_signed(fixture, &signer, NOW_S));
    signer.secret = "new";
    cr_assert(verify_signed(fixture, &signer, NOW_S));
    closed(fixture);
}

/* --- The list of checks ----------------------------------------------------------------------- */

#define HEAD "POST / HTTP/1.1\r\nHost: localhost\r\n"
#define DATED "X-Amz-Date: " NOW_TEXT "\r\n"
#define TAIL "Content-Length: 0\r\n\r\n"
#define AUTHORIZATION(credential)                                                                  \
    "AWS4-HMAC-SHA256 Credential=" credential ", SignedHeaders=host, Signature=00"
#define REQUEST(credential) HEAD DATED "Authorization: " AUTHORIZATION(credential) "\r\n" TAIL

Test(sigv4, check_1_refuses_both_forms_together)
{
    expect_failure("POST /?X-Amz-Algorithm=x HTTP/1.1\r\nAuthorization: y\r\n" TAIL,
                   ERROR_INVALID_SIGNATURE,
                   "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as "
                   "HTTP header.");
}

Test(sigv4, check_2_wants_one_of_them)
{
    const char *message = "Request is missing Authentication Token";
    expect_failure(HEAD TAIL, ERROR_MISSING_TOKEN, message);
    expect_failure(HEAD "Authorization:\r\n" TAIL, ERROR_MISSING_TOKEN, message);
    expect_failure(HEAD "Authorization: Bearer x\r\n" TAIL, ERROR_MISSING_TOKEN, message);
    expect_failure("POST /?a=b&X-Amz-Signature=1 HTTP/1.1\r\n" TAIL, ERROR_MISSING_TOKEN, message);
}

Test(sigv4, check_3_names_the_missing_parts)
{
    expect_failure(HEAD "Authorization: AWS4-x\r\n" TAIL, ERROR_INCOMPLETE_SIGNATURE,
                   "Authorization header requires 'Credential' parameter. "
                   "Authorization header requires 'Signature' parameter. "
                   "Authorization header requires 'SignedHeaders' parameter. "
                   "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                   "header. Authorization=AWS4-x");
    expect_failure(HEAD DATED "Authorization: AWS4-HMAC-SHA256 Credential=a, Signature=\r\n" TAIL,
                   ERROR_INCOMPLETE_SIGNATURE,
                   "Authorization header requires 'Signature' parameter. "
                   "Authorization header requires 'SignedHeaders' parameter. "
                   "Authorization=AWS4-HMAC-SHA256 Credential=a, Signature=");
    expect_failure("POST /?X-Amz-Algorithm=x HTTP/1.1\r\n" TAIL, ERROR_INCOMPLETE_SIGNATURE,
                   "AWS query-string parameters must include 'X-Amz-Credential'. "
                   "AWS query-string parameters must include 'X-Amz-Signature'. "
                   "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
                   "AWS query-string parameters must include 'X-Amz-Date'. "
                   "Re-examine the query-string parameters.");
    expect_failure("POST /?X-Amz-Algorithm HTTP/1.1\r\n" TAIL, ERROR_INCOMPLETE_SIGNATURE,
                   "AWS query-string parameters must include 'X-Amz-Algorithm'. "
                   "AWS query-string parameters must include 'X-Amz-Credential'. "
                   "AWS query-string parameters must include 'X-Amz-Signature'. "
                   "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
                   "AWS query-string parameters must include 'X-Amz-Date'. "
                   "Re-examine the query-string parameters.");
}

Test(sigv4, check_4_knows_one_algorithm)
{
    expect_failure(HEAD DATED
                   "Authorization: AWS4-MD5 Credential=a,Signature=b,SignedHeaders=c\r\n" TAIL,
                   ERROR_INCOMPLETE_SIGNATURE,
                   "Unsupported AWS 'algorithm': 'AWS4-MD5' (only AWS4-HMAC-SHA256 for now). "
                   "Authorization=AWS4-MD5 Credential=a,Signature=b,SignedHeaders=c");
    expect_failure("POST /?X-Amz-Algorithm=x&X-Amz-Credential=a&X-Amz-Signature=b&"
                   "X-Amz-SignedHeaders=c&X-Amz-Date=d HTTP/1.1\r\n" TAIL,
                   ERROR_INCOMPLETE_SIGNATURE,
                   "Unsupported AWS 'algorithm': 'x' (only AWS4-HMAC-SHA256 for now). "
                   "Re-examine the query-string parameters.");
}

Test(sigv4, check_5_wants_five_elements)
{
    const char *message = "Credential must have exactly 5 slash-delimited elements, e.g. "
                          "keyid/date/region/service/term, got ";
    const char *const wrong[] = {"a", "a/b/c/d", "a/b/c/d/e/f", "////////"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        char text[512], wanted[256];
        snprintf(text, sizeof(text),
                 HEAD DATED "Authorization: AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=host, "
                            "Signature=00\r\n" TAIL,
                 wrong[i]);
        snprintf(wanted, sizeof(wanted), "%s'%s'", message, wrong[i]);
        expect_failure(text, ERROR_INCOMPLETE_SIGNATURE, wanted);
    }
}

Test(sigv4, check_6_reads_dates_in_one_form)
{
    const char *const wrong[] = {"yesterday",
                                 "20130609T002500",
                                 "20130609T002500Zx",
                                 "20131309T002500Z",
                                 "20130600T002500Z",
                                 "20130609T242500Z",
                                 "20130609T006000Z",
                                 "2013060xT002500Z",
                                 "20130609 002500Z",
                                 "00000609T002500Z",
                                 "Sun, 09 Jun 2013 00:25:00 GMT"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        char text[512], wanted[256];
        snprintf(text, sizeof(text),
                 HEAD "Date: %s\r\nAuthorization: " AUTHORIZATION("a/b/c/d/e") "\r\n" TAIL,
                 wrong[i]);
        snprintf(wanted, sizeof(wanted),
                 "Date must be in ISO-8601 'basic format'. Got '%s'. See "
                 "http://en.wikipedia.org/wiki/ISO_8601",
                 wrong[i]);
        expect_failure(text, ERROR_INCOMPLETE_SIGNATURE, wanted);
    }
}

Test(sigv4, check_7_wants_this_scope)
{
    expect_failure(REQUEST("a/b/c/d/e"), ERROR_INVALID_SIGNATURE,
                   "Credential should be scoped to a valid region, not 'c'. "
                   "Credential should be scoped to correct service: 'dynamodb'. "
                   "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. "
                   "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                   "from HTTP: 'b' != '20130609', from '20130609T002500Z'.");
    expect_failure(REQUEST("a/20130609/us-east-2/dynamodb/aws4_request"), ERROR_INVALID_SIGNATURE,
                   "Credential should be scoped to a valid region, not 'us-east-2'. ");
    expect_failure(REQUEST("a/20130608/us-east-1/dynamodb/aws4_request"), ERROR_INVALID_SIGNATURE,
                   "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                   "from HTTP: '20130608' != '20130609', from '20130609T002500Z'.");
}

Test(sigv4, check_8_wants_the_host_signed)
{
    expect_failure(HEAD DATED "Authorization: AWS4-HMAC-SHA256 Credential=a/" SCOPE
                              ", SignedHeaders=x-amz-date;hos, Signature=00\r\n" TAIL,
                   ERROR_INVALID_SIGNATURE,
                   "'Host' must be a 'SignedHeader' in the AWS Authorization.");
}

Test(sigv4, check_9_wants_a_clock_within_a_quarter_of_an_hour)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    struct signer signer = signer_default();
    cr_assert(verify_signed(fixture, &signer, NOW_S + 900));
    cr_assert(verify_signed(fixture, &signer, NOW_S - 900));
    cr_assert_not(verify_signed(fixture, &signer, NOW_S + 901));
    cr_assert_eq(fixture->err.code, ERROR_INVALID_SIGNATURE);
    cr_assert_str_eq(fixture->err.text, "Signature expired: 20130609T002500Z is now earlier than "
                                        "20130609T002501Z (20130609T004001Z - 15 min.)");
    cr_assert_not(verify_signed(fixture, &signer, NOW_S - 901));
    cr_assert_eq(fixture->err.code, ERROR_INVALID_SIGNATURE);
    cr_assert_str_eq(fixture->err.text,
                     "Signature not yet current: 20130609T002500Z is still later than "
                     "20130609T002459Z (20130609T000959Z + 15 min.)");
    closed(fixture);
}

Test(sigv4, check_10_wants_a_known_key)
{
    expect_failure(REQUEST("AKIDNOBODY/" SCOPE), ERROR_UNRECOGNIZED_CLIENT,
                   "The security token included in the request is invalid.");
}

Test(sigv4, check_11_wants_one_that_has_not_expired)
{
    expect_failure(REQUEST("AKIDOLD/" SCOPE), ERROR_EXPIRED_TOKEN,
                   "The security token included in the request is expired");
}

Test(sigv4, check_12_shows_what_should_have_been_signed)
{
    expect_failure(
        REQUEST("AKIDEXAMPLE/" SCOPE), ERROR_INVALID_SIGNATURE,
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n"
        "host:localhost\n\nhost\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\n"
        "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20130609T002500Z\n"
        "20130609/us-east-1/dynamodb/aws4_request\n"
        "6b4c7b3009bb319edf356cc497dac3c3894814d5c1f9765adea53272fcda48ba'\n");
}

Test(sigv4, a_message_longer_than_an_errors_text_comes_whole)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    char *text = calloc(1, 8192), *pad = calloc(1, 4096);
    memset(pad, 'x', 4000);
    snprintf(text, 8192,
             HEAD DATED "X-Pad: %s\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" SCOPE
                        ", SignedHeaders=host;x-pad, Signature=00\r\n" TAIL,
             pad);
    cr_assert_not(verify(fixture, text, NOW_S));
    cr_assert_gt(fixture->message.size, 4000);
    cr_assert_eq(fixture->message.data[fixture->message.size - 2], '\'');
    cr_assert_eq(strlen(fixture->err.text), ERROR_TEXT_BYTES - 1);
    free(pad);
    free(text);
    closed(fixture);
}

Test(sigv4, refuses_a_query_of_too_many_parameters)
{
    struct sigv4_fixture *fixture = opened("dynamodb");
    char *text = calloc(1, 8192);
    strcpy(text, "POST /?X-Amz-Algorithm=x");
    for (int i = 0; i < SIGV4_QUERY_PARAMETERS_MAX; i++) {
        strcat(text, "&a=b");
    }
    strcat(text, " HTTP/1.1\r\n" TAIL);
    cr_assert_not(verify(fixture, text, NOW_S));
    cr_assert_eq(fixture->err.code, ERROR_INCOMPLETE_SIGNATURE);
    free(text);
    closed(fixture);
}
