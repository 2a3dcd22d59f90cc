/* Goal: how bytes are cut into reads never changes what is parsed. Method: cut a stream of requests
 * at every place, and compare with the whole. */
#include "daemon/http/parser.h"

#include <criterion/criterion.h>

struct parser_fixture {
    struct arena arena;
    struct http_request request;
    struct http_parser parser;
};

static struct parser_fixture *fixture_open(void)
{
    struct parser_fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->request.arena = &fixture->arena;
    http_parser_init(&fixture->parser, &fixture->request);
    return fixture;
}

static void fixture_close(struct parser_fixture *fixture)
{
    arena_destroy(&fixture->arena);
    free(fixture);
}

/* Feed, running the parser; requests are described one per line in `told`. */
static bool fixture_feed(struct parser_fixture *fixture, const char *bytes, size_t size, char *told)
{
    size_t room = 0;
    uint8_t *to = http_parser_room(&fixture->parser, &room);
    cr_assert_leq(size, room);
    memcpy(to, bytes, size);
    http_parser_added(&fixture->parser, size);
    for (;;) {
        switch (http_parser_run(&fixture->parser)) {
        case HTTP_PARSED_MORE:
            return true;
        case HTTP_PARSED_REFUSED:
            sprintf(told + strlen(told), "refused %u\n", fixture->parser.refusal);
            return false;
        case HTTP_PARSED_DONE: {
            const struct http_request *request = &fixture->request;
            sprintf(told + strlen(told), "%.*s %.*s [%.*s] ", SLICE_ARGS(request->method),
                    SLICE_ARGS(request->path), SLICE_ARGS(request->query));
            for (uint32_t i = 0; i < request->headers_count; i++) {
                sprintf(told + strlen(told), "%.*s=<%.*s> ", SLICE_ARGS(request->headers[i].name),
                        SLICE_ARGS(request->headers[i].value));
            }
            sprintf(told + strlen(told), "{%.*s} %d\n", SLICE_ARGS(request->body),
                    fixture->parser.keep_alive);
            http_parser_next(&fixture->parser);
            arena_clear(&fixture->arena);
            break;
        }
        }
    }
}

static const char stream[] =
    "\r\nPOST /a?b=c&d HTTP/1.1\r\nHost: example \r\nEmpty:\r\nX-Pad:  two  words \t\r\n"
    "Content-Length: 5\r\n\r\nhello"
    "GET / HTTP/1.1\r\nConnection: keep-alive, x\r\n\r\n"
    "PUT /c HTTP/1.1\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nabc\r\n10;e=f\r\n0123456789abcdef\r\n"
    "0\r\nTrailer: x\r\n\r\n"
    "DELETE /d HTTP/1.0\r\n\r\n";

static const char expected[] =
    "POST /a [b=c&d] Host=<example> Empty=<> X-Pad=<two  words> Content-Length=<5> {hello} 1\n"
    "GET / [] Connection=<keep-alive, x> {} 1\n"
    "PUT /c [] Transfer-Encoding=<chunked> {abc0123456789abcdef} 1\n"
    "DELETE /d [] {} 0\n";

Test(parser, reads_a_stream_of_requests)
{
    struct parser_fixture *fixture = fixture_open();
    char told[4096] = "";
    cr_assert(fixture_feed(fixture, stream, sizeof(stream) - 1, told));
    cr_assert_str_eq(told, expected);
    fixture_close(fixture);
}

Test(parser, reads_the_same_from_every_cut_in_two)
{
    for (size_t cut = 0; cut < sizeof(stream); cut++) {
        struct parser_fixture *fixture = fixture_open();
        char told[4096] = "";
        cr_assert(fixture_feed(fixture, stream, cut, told));
        cr_assert(fixture_feed(fixture, stream + cut, sizeof(stream) - 1 - cut, told));
        cr_assert_str_eq(told, expected, "cut at %zu", cut);
        fixture_close(fixture);
    }
}

Test(parser, reads_the_same_in_pieces_of_every_size)
{
    for (size_t piece = 1; piece < 64; piece++) {
        struct parser_fixture *fixture = fixture_open();
        char told[4096] = "";
        for (size_t at = 0; at < sizeof(stream) - 1; at += piece) {
            size_t left = sizeof(stream) - 1 - at;
            cr_assert(fixture_feed(fixture, stream + at, left < piece ? left : piece, told));
        }
        cr_assert_str_eq(told, expected, "pieces of %zu", piece);
        fixture_close(fixture);
    }
}

Test(parser, always_has_room_for_more_of_a_request)
{
    struct parser_fixture *fixture = fixture_open();
    char told[4096] = "";
    char piece[1024];
    memset(piece, 'x', sizeof(piece));
    const char *head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffff0\r\n";
    cr_assert(fixture_feed(fixture, head, strlen(head), told));
    for (int i = 0; i < 1000; i++) {
        cr_assert(fixture_feed(fixture, piece, sizeof(piece), told));
    }
    cr_assert_eq(fixture->parser.body.size, 1024000);
    fixture_close(fixture);
}

Test(parser, blanks_count_as_part_of_the_head)
{
    char *text = malloc(HTTP_READ_BYTES + 1), told[4096];
    const size_t blanks[] = {200, HTTP_HEADER_BYTES_MAX - 46, HTTP_HEADER_BYTES_MAX - 45};
    for (size_t i = 0; i < ARRAY_COUNT(blanks); i++) {
        struct parser_fixture *fixture = fixture_open();
        told[0] = 0;
        int size = snprintf(text, HTTP_READ_BYTES,
                            "POST / HTTP/1.1\r\nContent-Length: %d\r\nA:", HTTP_READ_BYTES - 60);
        cr_assert_eq(size, 42);
        memset(text + size, ' ', HTTP_READ_BYTES - (size_t)size);
        memcpy(text + (size_t)size + blanks[i], "\r\n\r\n", 4);
        /* Head and body do not fit into the buffer together: the body is collected. */
        cr_assert_eq(fixture_feed(fixture, text, HTTP_READ_BYTES, told), i < 2);
        cr_assert_str_eq(told, i < 2 ? "" : "refused 400\n");
        cr_assert_eq(fixture->parser.collects, i < 2);
        fixture_close(fixture);
    }
    free(text);
}

Test(parser, finds_headers_whatever_their_case)
{
    struct parser_fixture *fixture = fixture_open();
    size_t room = 0;
    const char *text = "GET / HTTP/1.1\r\nX-AMZ-Target: t\r\nx-amz-targ: u\r\n\r\n";
    memcpy(http_parser_room(&fixture->parser, &room), text, strlen(text));
    http_parser_added(&fixture->parser, strlen(text));
    cr_assert_eq(http_parser_run(&fixture->parser), HTTP_PARSED_DONE);
    const struct http_header *found = http_find_header(&fixture->request, "x-amz-target");
    cr_assert_not_null(found);
    cr_assert(slice_is(found->value, "t"));
    cr_assert_null(http_find_header(&fixture->request, "x-amz"));
    fixture_close(fixture);
}
