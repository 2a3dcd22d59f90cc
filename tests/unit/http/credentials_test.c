/* Goal: files that the AWS CLI takes are taken, and a broken one is refused with its line. */
#include "daemon/http/credentials.h"

#include "proto/base/limits.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <sys/stat.h>
#include <unistd.h>

static struct credentials *parsed(const char *text)
{
    struct credentials *credentials = NULL;
    struct error err = {0};
    cr_assert(credentials_parse("file", slice_text(text), &credentials, &err), "%s", err.text);
    return credentials;
}

static void expect_secret(const struct credentials *credentials, const char *id, const char *secret)
{
    const struct credential *found = credentials_find(credentials, slice_text(id));
    cr_assert_not_null(found, "%s", id);
    cr_assert(slice_is(found->secret, secret), "%.*s", SLICE_ARGS(found->secret));
}

Test(credentials, reads_several_sections_and_leaves_alone_what_is_not_its_own)
{
    struct credentials *credentials = parsed("# a comment\n"
                                             "[default]\r\n"
                                             "aws_access_key_id = AKIAONE\r\n"
                                             "aws_secret_access_key=one/+=secret\r\n"
                                             "region = eu-west-1\n"
                                             "s3 =\n"
                                             "  max_concurrent_requests = 20\n"
                                             "  nonsense\n"
                                             "\n"
                                             "; another comment\n"
                                             "[role]\n"
                                             "role_arn = arn:aws:iam::1:role/x\n"
                                             "[profile two]\n"
                                             "AWS_ACCESS_KEY_ID =  AKIATWO \n"
                                             "aws_secret_access_key = two\n"
                                             "aws_session_token = tok\n"
                                             "aws_credential_expiration = 2026-11-22T08:57:38Z\n"
                                             "[again]\n"
                                             "aws_access_key_id = AKIAONE\n"
                                             "aws_secret_access_key = one/+=secret");
    cr_assert_eq(credentials_count(credentials), 2);
    expect_secret(credentials, "AKIAONE", "one/+=secret");
    expect_secret(credentials, "AKIATWO", "two");
    const struct credential *two = credentials_find(credentials, SLICE_LITERAL("AKIATWO"));
    cr_assert(slice_is(two->session_token, "tok"));
    cr_assert_eq(two->expires_s, 1795337858);
    cr_assert_null(credentials_find(credentials, SLICE_LITERAL("AKIA")));
    cr_assert_null(credentials_find(credentials, SLICE_LITERAL("")));
    credentials_close(credentials);
}

Test(credentials, finds_each_of_many_keys)
{
    enum { KEYS = 3000 };
    char *text = calloc(KEYS, 100), *to = text;
    for (int i = 0; i < KEYS; i++) {
        to += sprintf(to, "[p%d]\naws_access_key_id=ID%d\naws_secret_access_key=S%d\n", i, i, i);
    }
    struct credentials *credentials = parsed(text);
    cr_assert_eq(credentials_count(credentials), KEYS);
    for (int i = 0; i < KEYS; i++) {
        char id[16], secret[16];
        snprintf(id, sizeof(id), "ID%d", i);
        snprintf(secret, sizeof(secret), "S%d", i);
        expect_secret(credentials, id, secret);
    }
    cr_assert_null(credentials_find(credentials, SLICE_LITERAL("ID3000")));
    credentials_close(credentials);
    free(text);
}

static void expect_refused(const char *text, const char *why)
{
    struct credentials *credentials = NULL;
    struct error err = {0};
    cr_assert_not(credentials_parse("file", slice_text(text), &credentials, &err), "%s", text);
    cr_assert_eq(err.code, ERROR_CONFIG);
    cr_assert_not_null(strstr(err.text, why), "said: %s", err.text);
    cr_assert_null(credentials);
}

Test(credentials, says_on_which_line_a_file_is_broken)
{
    expect_refused("", "file: no access key");
    expect_refused("[default]\nregion = x\n", "file: no access key");
    expect_refused("[a]\nnonsense\n", "file:2: neither");
    expect_refused("[a]\n= x\n", "file:2: neither");
    expect_refused("\n\naws_access_key_id = A\n", "file:3: a setting before");
    expect_refused("[a\n", "file:1: a section is written");
    expect_refused("[]\n", "file:1: a section is written");
    expect_refused("[a]\naws_access_key_id = A\n[b]\n", "file:1: the section has no aws_secret");
    expect_refused("[b]\naws_secret_access_key = A\n", "file:1: the section has no aws_access");
    expect_refused("[a]\naws_access_key_id =\n", "file:2: aws_access_key_id is empty");
    expect_refused("[a]\naws_access_key_id = A\naws_access_key_id = B\n", "file:3: a second");
    expect_refused("[a]\naws_access_key_id=A\naws_secret_access_key=B\n"
                   "[b]\naws_access_key_id=A\naws_secret_access_key=C\n",
                   "file:4: access key A is in the file already");
    expect_refused("[a]\naws_credential_expiration = tomorrow\n", "file:2: aws_credential");
    expect_refused("[a]\naws_credential_expiration = 2026-11-22T08:57:38.000Z\n", "file:2");
}

Test(credentials, refuses_what_is_too_long_or_no_text)
{
    char *text = malloc(CREDENTIALS_BYTES_MAX + 2);
    memset(text, '#', CREDENTIALS_BYTES_MAX + 1);
    text[CREDENTIALS_BYTES_MAX + 1] = 0;
    expect_refused(text, "more than");
    text[CREDENTIALS_BYTES_MAX] = 0;
    expect_refused(text, "no access key");
    int size = sprintf(text, "[a]\naws_secret_access_key=");
    memset(text + size, 'x', CREDENTIAL_FIELD_BYTES_MAX + 1);
    text[size + CREDENTIAL_FIELD_BYTES_MAX + 1] = 0;
    expect_refused(text, "file:2: aws_secret_access_key is too long");
    free(text);
    struct credentials *credentials = NULL;
    struct error err = {0};
    cr_assert_not(credentials_parse("file", SLICE_LITERAL("[a]\0"), &credentials, &err));
    cr_assert_not_null(strstr(err.text, "not a text file"), "%s", err.text);
}

Test(credentials, makes_one_key_where_there_is_no_file_and_reads_it_the_next_time)
{
    char *directory = test_directory_make();
    char path[512];
    snprintf(path, sizeof(path), "%s/credentials", directory);
    struct credentials *first = NULL, *second = NULL;
    struct error err = {0};
    bool made = false;
    cr_assert(credentials_open(path, true, &first, &made, &err), "%s", err.text);
    cr_assert(made);
    struct stat stat_;
    cr_assert_eq(stat(path, &stat_), 0);
    cr_assert_eq(stat_.st_mode & 0777, 0600);
    cr_assert_eq(stat_.st_nlink, 1);
    cr_assert_eq(credentials_count(first), 1);
    FILE *file = fopen(path, "r");
    char id[64], secret[64];
    cr_assert_eq(fscanf(file, "[default]\naws_access_key_id = %63s\naws_secret_access_key = %63s",
                        id, secret),
                 2);
    fclose(file);
    cr_assert_eq(strlen(id), 20);
    cr_assert_eq(strncmp(id, "AKIA", 4), 0);
    cr_assert_eq(strlen(secret), 40);
    expect_secret(first, id, secret);
    cr_assert(credentials_open(path, true, &second, &made, &err), "%s", err.text);
    cr_assert_not(made);
    expect_secret(second, id, secret);
    credentials_close(first);
    credentials_close(second);
    test_directory_remove(directory);
}

Test(credentials, makes_nothing_where_a_file_was_named_or_the_place_is_wrong)
{
    char *directory = test_directory_make();
    char path[512], long_path[5000];
    snprintf(path, sizeof(path), "%s/none", directory);
    struct credentials *credentials = NULL;
    struct error err = {0};
    bool made = false;
    cr_assert_not(credentials_open(path, false, &credentials, &made, &err));
    cr_assert_eq(err.code, ERROR_CONFIG);
    cr_assert_not_null(strstr(err.text, path), "%s", err.text);
    cr_assert_neq(access(path, F_OK), 0);
    snprintf(path, sizeof(path), "%s/no/such/place", directory);
    cr_assert_not(credentials_open(path, true, &credentials, &made, &err));
    cr_assert_eq(err.code, ERROR_IO);
    cr_assert_not(made);
    cr_assert_not(credentials_open(directory, true, &credentials, &made, &err));
    cr_assert_eq(err.code, ERROR_IO, "a directory is no file: %s", err.text);
    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = 0;
    cr_assert_not(credentials_open(long_path, true, &credentials, &made, &err));
    test_directory_remove(directory);
}
