/* Bytes of a connection, cut into reads as the input itself says: the same requests must come out
 * however they are cut, every slice must lie where it may, and there must always be room for more.
 *
 * Layout of an input: 2 bytes seed for the cuts, then the stream. */
#include "daemon/http/parser.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_told {
    uint64_t hash;
    unsigned requests, refusal;
};

static void fuzz_mix(struct fuzz_told *told, struct slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        told->hash = (told->hash ^ bytes.data[i]) * 0x100000001b3u;
    }
    told->hash = (told->hash ^ bytes.size) * 0x100000001b3u;
}

/* Every byte is read, so that the sanitizer sees slices that point astray. */
static void fuzz_tell(struct fuzz_told *told, const struct http_parser *parser)
{
    const struct http_request *request = parser->request;
    ensure(request->headers_count <= HTTP_HEADERS_MAX);
    ensure(request->body.size <= HTTP_BODY_BYTES_MAX);
    ensure(request->path.size <= request->target.size);
    fuzz_mix(told, request->method);
    fuzz_mix(told, request->target);
    fuzz_mix(told, request->path);
    fuzz_mix(told, request->query);
    fuzz_mix(told, request->body);
    for (uint32_t i = 0; i < request->headers_count; i++) {
        fuzz_mix(told, request->headers[i].name);
        fuzz_mix(told, request->headers[i].value);
        ensure(
            request->headers[i].value.size == 0 ||
            (memchr(request->headers[i].value.data, '\n', request->headers[i].value.size) == NULL &&
             memchr(request->headers[i].value.data, '\r', request->headers[i].value.size) ==
                 NULL)); /* Values are echoed into answers. */
    }
    told->requests++;
}

/* The next piece: `seed` 0 takes all that fits. */
static size_t fuzz_cut(uint32_t *seed, size_t most)
{
    if (*seed == 0 || most <= 1) {
        return most;
    }
    *seed = *seed * 1664525u + 1013904223u;
    uint32_t bits = *seed >> 8;
    size_t piece = (bits & 3) == 0 ? 1 : 1 + (bits >> 2) % (bits & 4 ? most : 64);
    return piece < most ? piece : most;
}

static void fuzz_run(struct http_parser *parser,
                     struct arena *arena,
                     struct slice stream,
                     uint32_t seed,
                     struct fuzz_told *told)
{
    *told = (struct fuzz_told){.hash = 0xcbf29ce484222325u};
    http_parser_init(parser, parser->request);
    size_t at = 0;
    while (at < stream.size && told->refusal == 0) {
        size_t room = 0;
        uint8_t *to = http_parser_room(parser, &room);
        ensure(room > 0);
        size_t left = stream.size - at;
        size_t piece = fuzz_cut(&seed, left < room ? left : room);
        memcpy(to, stream.data + at, piece);
        http_parser_added(parser, piece);
        at += piece;
        for (bool more = false; !more && told->refusal == 0;) {
            switch (http_parser_run(parser)) {
            case HTTP_PARSED_MORE:
                (void)http_parser_expects_continue(parser);
                more = true;
                break;
            case HTTP_PARSED_DONE:
                fuzz_tell(told, parser);
                http_parser_next(parser);
                arena_clear(arena);
                break;
            case HTTP_PARSED_REFUSED:
                ensure(parser->refusal == 400 || parser->refusal == 413);
                told->refusal = parser->refusal;
                break;
            }
        }
    }
    arena_clear(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct arena arena = {0};
    struct http_request *request = malloc(sizeof(*request));
    struct http_parser *parser = malloc(sizeof(*parser));
    ensure(request != NULL && parser != NULL);
    request->arena = &arena;
    parser->request = request;
    struct slice stream = {data + 2, size - 2};
    uint32_t seed = (uint32_t)data[0] << 8 | data[1] | 1;
    struct fuzz_told whole, cut;
    fuzz_run(parser, &arena, stream, 0, &whole);
    fuzz_run(parser, &arena, stream, seed, &cut);
    ensure(whole.requests == cut.requests && whole.hash == cut.hash);
    ensure((whole.refusal == 0) == (cut.refusal == 0));
    arena_destroy(&arena);
    free(parser);
    free(request);
    return 0;
}
