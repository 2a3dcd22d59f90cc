/* Goal: a cluster file is taken exactly as written or refused with its line. Method: files in a
 * test directory, one mistake each. */
#include "daemon/cluster.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#define KEY_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_2 "abcdefABCDEF2222222222222222222222222222222222222222222222222222"
#define FIRST "regions:\n  - name: a\n    id: 1\n    peer: h:1\n    key: " KEY_1 "\n"
#define SECOND(name, id, peer, key)                                                                \
    "  - name: " name "\n    id: " id "\n    peer: " peer "\n    key: " key "\n"

static bool load(const char *text,
                 struct region_info regions[static REGIONS_MAX],
                 uint32_t *count,
                 struct error *err)
{
    char *directory = test_directory_make();
    char path[256];
    snprintf(path, sizeof(path), "%s/c.yaml", directory);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
    bool ok = cluster_load(path, regions, count, err);
    test_directory_remove(directory);
    return ok;
}

static void expect_refusal(const char *text, const char *wanted)
{
    struct region_info regions[REGIONS_MAX];
    uint32_t count = 0;
    struct error err = {0};
    cr_assert_not(load(text, regions, &count, &err), "taken:\n%s", text);
    cr_assert_eq(err.code, ERROR_CONFIG);
    const char *after_path = strstr(err.text, "c.yaml");
    cr_assert_not_null(after_path, "%s", err.text);
    cr_assert_str_eq(after_path + strlen("c.yaml"), wanted);
}

Test(cluster, reads_what_it_prints)
{
    struct region_info written = {.name = "eu-west-1", .id = 65535, .address = "[::1]:7000"};
    struct region_info regions[REGIONS_MAX];
    uint32_t count = 0;
    struct error err = {0};
    for (size_t i = 0; i < sizeof(written.public_key); i++) {
        written.public_key[i] = (uint8_t)(i * 37 + 5);
    }
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    fputs("regions:\n", to);
    cluster_print_entry(to, &written);
    fclose(to);
    cr_assert(load(text, regions, &count, &err), "%s", err.text);
    cr_assert_eq(count, 1);
    cr_assert_arr_eq(&regions[0], &written, sizeof(written));
    free(text);
}

Test(cluster, takes_two_regions_and_capital_hex)
{
    struct region_info regions[REGIONS_MAX];
    uint32_t count = 0;
    struct error err = {0};
    cr_assert(load(FIRST SECOND("b", "2", "h:2", KEY_2), regions, &count, &err), "%s", err.text);
    cr_assert_eq(count, 2);
    cr_assert_eq(regions[1].public_key[3], 0xab);
    cr_assert_eq(regions[1].public_key[0], 0xab);
}

Test(cluster, refuses_wrong_members_with_their_line)
{
    expect_refusal(FIRST SECOND("B", "2", "h:2", KEY_2),
                   ", line 6: a region's name is 1 to 32 of a-z, 0-9 and -, beginning with a "
                   "letter, not \"B\"");
    expect_refusal(FIRST SECOND("b", "0", "h:2", KEY_2),
                   ", line 7: an id is a number from 1 to 65535, not \"0\"");
    expect_refusal(FIRST SECOND("b", "2", "h", KEY_2),
                   ", line 8: a peer is HOST:PORT, such as 10.0.0.1:7000, not \"h\"");
    expect_refusal(FIRST SECOND("b", "2", "h:0", KEY_2),
                   ", line 8: a peer is HOST:PORT, such as 10.0.0.1:7000, not \"h:0\"");
    expect_refusal(FIRST SECOND("b", "2", "h:2", "12"),
                   ", line 9: a key is an Ed25519 public key of 64 hex digits, as `meridiand "
                   "--identity` prints it");
    expect_refusal(FIRST "    colour: red\n", ", line 6: there is no setting \"colour\"");
}

Test(cluster, refuses_what_is_there_twice)
{
    expect_refusal(FIRST SECOND("a", "2", "h:2", KEY_2),
                   ", line 6: the name of a is that of a too");
    expect_refusal(FIRST SECOND("b", "1", "h:2", KEY_2), ", line 7: the id of b is that of a too");
    expect_refusal(FIRST SECOND("b", "2", "h:1", KEY_2),
                   ", line 8: the peer of b is that of a too");
    expect_refusal(FIRST SECOND("b", "2", "h:2", KEY_1), ", line 9: the key of b is that of a too");
}

Test(cluster, refuses_a_file_without_regions)
{
    expect_refusal("", ", line 1: there is no list `regions`");
    expect_refusal("# nothing\n", ", line 1: there is no list `regions`");
}

Test(cluster, refuses_more_regions_than_fit)
{
    char *text = NULL;
    size_t size = 0;
    struct region_info regions[REGIONS_MAX];
    uint32_t count = 0;
    struct error err = {0};
    FILE *to = open_memstream(&text, &size);
    fputs("regions:\n", to);
    for (unsigned i = 1; i <= REGIONS_MAX + 1; i++) {
        struct region_info region = {.id = (uint16_t)i};
        region.public_key[0] = (uint8_t)i;
        snprintf(region.name, sizeof(region.name), "r%u", i);
        snprintf(region.address, sizeof(region.address), "h:%u", i);
        cluster_print_entry(to, &region);
    }
    fclose(to);
    cr_assert_not(load(text, regions, &count, &err));
    cr_assert_eq(err.code, ERROR_CONFIG);
    free(text);
}
