#include "tests/support/directory.h"

#include "proto/base/ensure.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

char *test_directory_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;
    ensure(asprintf(&path, "%s/meridian-test-XXXXXX", base == NULL ? "/tmp" : base) > 0);
    ensure(mkdtemp(path) != NULL);
    return path;
}

static int
test_directory_visit(const char *path, const struct stat *stat, int flag, struct FTW *ftw)
{
    (void)stat;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void test_directory_remove(char *path)
{
    ensure(strstr(path, "meridian-test-") != NULL);
    ensure(nftw(path, test_directory_visit, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(path);
}
