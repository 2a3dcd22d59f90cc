#include "tests/unit/storage/crash_fixture.h"

#include "tests/support/directory.h"
#include "tests/unit/storage/sample.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void report_send(int to, struct report report)
{
    ensure(write(to, &report, sizeof(report)) == (ssize_t)sizeof(report));
}

static bool report_take(int from, struct reports *reports)
{
    struct report report;
    ssize_t got = 0;
    do {
        got = read(from, &report, sizeof(report));
    } while (got < 0 && errno == EINTR);
    ensure(got == 0 || got == (ssize_t)sizeof(report));
    if (got > 0) {
        ensure(reports->count < REPORTS_MAX);
        reports->list[reports->count++] = report;
    }
    return got > 0;
}

/* Run `work` in a child until it has made `enough` reports, kill it, take what it still had sent.
 */
static void crash(const char *directory,
                  uint64_t round,
                  size_t enough,
                  void (*work)(const char *directory, uint64_t round, int to),
                  struct reports *reports)
{
    int ends[2];
    ensure(pipe(ends) == 0);
    pid_t child = fork();
    ensure(child >= 0);
    if (child == 0) {
        close(ends[0]);
        work(directory, round, ends[1]);
        _exit(1); /* It writes until it is killed. */
    }
    close(ends[1]);
    size_t before = reports->count;
    while (reports->count - before < enough && report_take(ends[0], reports)) {
    }
    ensure(kill(child, SIGKILL) == 0);
    while (report_take(ends[0], reports)) {
    }
    close(ends[0]);
    int status;
    ensure(waitpid(child, &status, 0) == child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the child ended by itself: %d",
              status);
}

static void check(const char *directory,
                  void (*work)(const char *directory, const void *reports),
                  const struct reports *reports)
{
    pid_t child = fork();
    ensure(child >= 0);
    if (child == 0) {
        work(directory, reports);
        _exit(0);
    }
    int status;
    ensure(waitpid(child, &status, 0) == child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "the folder does not hold what was acknowledged: %d", status);
}

struct reports *run_rounds(uint64_t rounds,
                           uint64_t reports_max,
                           void (*work)(const char *directory, uint64_t round, int to),
                           void (*inspect)(const char *directory, const void *reports))
{
    char *directory = test_directory_make();
    struct reports *reports = calloc(1, sizeof(*reports));
    uint64_t seed = sample_seed();
    uint64_t state = seed;
    ensure(reports != NULL);
    fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    for (uint64_t round = 0; round < rounds; round++) {
        crash(directory, round, 1 + (size_t)(sample_next(&state) % reports_max), work, reports);
        check(directory, inspect, reports);
    }
    test_directory_remove(directory);
    return reports;
}
