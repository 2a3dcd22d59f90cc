/* Goal: an answer is compressed for those who take it, comes back the same, and the compressor is
 * as good as new each time. Method: zlib's own inflate as the client. */
#include "daemon/http/gzip.h"

#include "daemon/http/inflate.h"

#include <criterion/criterion.h>

Test(gzip, reads_what_a_client_accepts)
{
    static const struct {
        const char *accepts;
        bool gzip;
    } cases[] = {
        {"gzip", true},
        {"GZip", true},
        {"x-gzip", true},
        {"gzip, deflate, br", true},
        {"deflate , gzip", true},
        {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
        {"gzip;level=1;q=0.001", true},
        {"*", true},
        {"", false},
        {" ", false},
        {",;,", false},
        {"identity", false},
        {"deflate, br", false},
        {"gzip;q=0", false},
        {"gzip; q=0.000", false},
        {"gzip;q=0, *", false},
        {"*;Q=0", false},
        {"gzipped", false},
        {"identity;q=1, x-gzip ; q=0", false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        cr_assert_eq(gzip_is_accepted(slice_text(cases[i].accepts)), cases[i].gzip, "%s",
                     cases[i].accepts);
    }
}

static void expect_round_trip(struct gzip *gzip, struct slice bytes)
{
    struct arena arena = {0};
    struct error err = {0};
    struct slice packed = {0}, back = {0};
    cr_assert(gzip_pack(gzip, bytes, &arena, &packed));
    cr_assert_lt(packed.size, bytes.size);
    cr_assert(inflate_gzip(packed, bytes.size, &arena, &back, &err), "%s", err.text);
    cr_assert(slice_equal(bytes, back));
    arena_destroy(&arena);
}

Test(gzip, packs_one_answer_after_the_other)
{
    enum { BYTES = 300000 };
    struct arena arena = {0};
    struct gzip gzip = {0}, in_arena = {0};
    uint8_t *text = malloc(BYTES), *noise = malloc(BYTES);
    uint32_t random = 12345;
    for (size_t i = 0; i < BYTES; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = (uint8_t) "{\"pk\":{\"S\":\"item\"}},"[i % 19];
        noise[i] = (uint8_t)(random >> 24);
    }
    gzip_init(&gzip, NULL);
    gzip_init(&in_arena, &arena);
    for (size_t size = 100; size <= BYTES; size *= 7) {
        struct slice packed;
        expect_round_trip(&gzip, slice_of(text, size));
        expect_round_trip(&in_arena, slice_of(text, size));
        cr_assert_not(gzip_pack(&gzip, slice_of(noise, size), &arena, &packed));
    }
    gzip_clear(&gzip);
    gzip_clear(&in_arena);
    gzip_clear(&gzip); /* Twice is fine. */
    arena_destroy(&arena);
    free(text);
    free(noise);
}
