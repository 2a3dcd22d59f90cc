/* Goal: an identity is made once, kept private, and never guessed from damage. */
#include "replication/replication.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>

static char *directory;
static char path[256];

static void identity_setup(void)
{
    directory = test_directory_make();
    snprintf(path, sizeof(path), "%s/identity", directory);
}

static void identity_teardown(void)
{
    test_directory_remove(directory);
}

TestSuite(identity, .init = identity_setup, .fini = identity_teardown);

Test(identity, is_made_once_and_only_the_owner_reads_it)
{
    struct error err = {0};
    struct identity first;
    struct identity second;
    cr_assert(identity_load(directory, &first, &err), "%s", err.text);
    cr_assert(identity_load(directory, &second, &err), "%s", err.text);
    cr_assert_arr_eq(first.secret_key, second.secret_key, sizeof(first.secret_key));
    struct stat stat_of;
    cr_assert_eq(stat(path, &stat_of), 0);
    cr_assert_eq(stat_of.st_mode & 0777, 0600);
}

Test(identity, damage_is_refused)
{
    struct error err = {0};
    struct identity identity;
    cr_assert(identity_load(directory, &identity, &err));
    for (long at = 0; at < 44; at++) {
        FILE *file = fopen(path, "r+b");
        fseek(file, at, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0x10, file);
        fclose(file);
        cr_assert_not(identity_load(directory, &identity, &err), "byte %ld", at);
        cr_assert_eq(err.code, ERROR_CORRUPT);
        file = fopen(path, "r+b");
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
        fclose(file);
    }
}

Test(identity, a_folder_that_is_not_there_is_named)
{
    struct error err = {0};
    struct identity identity;
    cr_assert_not(identity_load("/nonexistent/folder", &identity, &err));
    cr_assert_eq(err.code, ERROR_IO);
    cr_assert_str_eq(err.text, "write /nonexistent/folder/identity: No such file or directory");
}
