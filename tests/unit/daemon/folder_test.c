/* Goal: one process per folder, and refusals that name the reason. Method: a test directory; a
 * second lock in the same process conflicts too, because the lock belongs to the open file. */
#include "daemon/folder.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

Test(folder, is_made_with_its_parents_for_its_owner_alone)
{
    char *directory = test_directory_make();
    char path[FOLDER_PATH_BYTES];
    struct error err = {0};
    struct stat stat_of;
    folder_path(path, directory, "a/b/c");
    cr_assert(folder_check(path, &err), "%s", err.text);
    cr_assert(folder_make(path, &err), "%s", err.text);
    cr_assert(folder_make(path, &err), "a second time");
    cr_assert_eq(stat(path, &stat_of), 0);
    cr_assert_eq(stat_of.st_mode & 0777, 0700);
    cr_assert(folder_check(path, &err));
    test_directory_remove(directory);
}

Test(folder, is_locked_by_one)
{
    char *directory = test_directory_make();
    char wanted[512];
    struct error err = {0};
    int first = -1;
    int second = -1;
    cr_assert(folder_lock(directory, &first, &err), "%s", err.text);
    cr_assert_not(folder_lock(directory, &second, &err));
    cr_assert_eq(err.code, ERROR_REFUSED);
    snprintf(wanted, sizeof(wanted), "data folder %s is in use by process %ld", directory,
             (long)getpid());
    cr_assert_str_eq(err.text, wanted);
    folder_unlock(first);
    cr_assert(folder_lock(directory, &second, &err), "%s", err.text);
    folder_unlock(second);
    folder_unlock(-1);
    test_directory_remove(directory);
}

Test(folder, cannot_lie_in_a_file)
{
    char *directory = test_directory_make();
    char file[FOLDER_PATH_BYTES];
    char path[FOLDER_PATH_BYTES + 8];
    struct error err = {0};
    int fd = -1;
    folder_path(file, directory, "f");
    FILE *made = fopen(file, "w");
    cr_assert_not_null(made);
    fclose(made);
    snprintf(path, sizeof(path), "%s/x", file);
    cr_assert_not(folder_make(path, &err));
    cr_assert_eq(err.code, ERROR_IO);
    cr_assert_not(folder_check(path, &err));
    cr_assert_eq(err.code, ERROR_CONFIG);
    cr_assert_not(folder_check(file, &err));
    cr_assert_not_null(strstr(err.text, "is not a directory"), "%s", err.text);
    cr_assert_not(folder_lock(path, &fd, &err));
    cr_assert_eq(err.code, ERROR_IO);
    test_directory_remove(directory);
}

Test(folder, with_an_endless_name_is_refused)
{
    char *path = malloc(2 * FOLDER_PATH_BYTES);
    struct error err = {0};
    cr_assert_not_null(path);
    memset(path, 'a', 2 * FOLDER_PATH_BYTES - 1);
    path[2 * FOLDER_PATH_BYTES - 1] = 0;
    cr_assert_not(folder_make(path, &err));
    cr_assert_eq(err.code, ERROR_IO);
    free(path);
}
