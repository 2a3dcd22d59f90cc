/* A directory of a test's own, removed with all it holds. Any thread. */
#pragma once

/* Made under $TMPDIR or /tmp; free the path with test_directory_remove. */
char *test_directory_make(void);
/* Remove it with everything in it, and free the path. */
void test_directory_remove(char *path);
