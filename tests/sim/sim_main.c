/* meridian_sim --seeds A..B [--jobs N] [--regions N] [--trace] [--expect-failure]
 *
 * Runs one simulated cluster per seed (see sim_world.h), `jobs` processes at a time. Each failing
 * seed prints what went wrong and the single command that repeats it; the last line is
 * "N passed, M failed". Exit status 0 when none failed; with --expect-failure (for mutants) when at
 * least one did, and the run ends at the first. */
#include "tests/sim/sim_world.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIM_JOBS_MAX = 64, SIM_REST_MS_MAX = 120000, SIM_REST_STEP_MS = 200 };

struct sim_options {
    const char *program;
    uint64_t first, last;
    uint32_t jobs;
    uint32_t regions;
    bool trace;
    bool expect_failure;
};

/* Shared with the worker processes. */
struct sim_board {
    uint64_t seed[SIM_JOBS_MAX]; /* What each works on, so that a crash can be blamed. */
    _Atomic uint64_t passed, failed;
    _Atomic uint64_t operations, messages, conflicts, crashes, resets;
};

static void sim_report(const struct sim_options *options, uint64_t seed, const char *why)
{
    printf("seed %llu failed: %s\n  %s --seeds %llu..%llu --regions %u --trace\n",
           (unsigned long long)seed, why, options->program, (unsigned long long)seed,
           (unsigned long long)seed, options->regions);
    fflush(stdout);
}

/* One seed from beginning to end. */
static bool sim_run(const struct sim_options *options, uint64_t seed, struct sim_board *board)
{
    struct sim_model *model = calloc(1, sizeof(*model));
    ensure(model != NULL);
    model->seed = seed;
    model->trace = options->trace;
    struct sim_world *world = sim_world_open(model, options->regions);
    while (world->now_us < world->plan.active_us && model->failure[0] == 0) {
        ensure(sim_world_step(world));
    }
    if (model->failure[0] == 0) {
        sim_heal(world);
    }
    uint64_t rest_us = world->now_us + (uint64_t)SIM_REST_MS_MAX * 1000;
    bool quiet = false;
    while (!quiet && world->now_us < rest_us && model->failure[0] == 0) {
        uint64_t until_us = world->now_us + (uint64_t)SIM_REST_STEP_MS * 1000;
        while (world->now_us < until_us && model->failure[0] == 0) {
            ensure(sim_world_step(world));
        }
        quiet = sim_check_quiet(world);
    }
    if (model->failure[0] == 0) {
        sim_check_end(world);
    }
    bool ok = model->failure[0] == 0;
    if (!ok) {
        sim_report(options, seed, model->failure);
    }
    board->operations += world->operations;
    board->messages += world->messages;
    board->conflicts += world->conflicts;
    board->crashes += world->crashes;
    board->resets += world->resets;
    sim_world_close(world);
    free(model);
    return ok;
}

static void
sim_work(const struct sim_options *options, struct sim_board *board, uint32_t job, uint64_t from)
{
    for (uint64_t seed = from; seed <= options->last; seed += options->jobs) {
        board->seed[job] = seed;
        if (options->expect_failure && board->failed > 0) {
            return;
        }
        if (sim_run(options, seed, board)) {
            board->passed++;
        } else {
            board->failed++;
        }
    }
    board->seed[job] = UINT64_MAX;
}

static pid_t
sim_spawn(const struct sim_options *options, struct sim_board *board, uint32_t job, uint64_t from)
{
    fflush(stdout);
    pid_t pid = fork();
    ensure(pid >= 0);
    if (pid == 0) {
        sim_work(options, board, job, from);
        fflush(stdout);
        _exit(0);
    }
    return pid;
}

/* A worker that dies has met a broken invariant: its seed failed, the rest goes on. */
static void sim_run_all(const struct sim_options *options, struct sim_board *board)
{
    pid_t workers[SIM_JOBS_MAX];
    uint32_t running = options->jobs;
    for (uint32_t job = 0; job < options->jobs; job++) {
        workers[job] = sim_spawn(options, board, job, options->first + job);
    }
    while (running > 0) {
        int status;
        pid_t pid = wait(&status);
        ensure(pid > 0);
        uint32_t job = 0;
        while (workers[job] != pid) {
            job++;
            ensure(job < options->jobs);
        }
        running--;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            uint64_t seed = board->seed[job];
            sim_report(options, seed, "the program stopped at a broken invariant");
            board->failed++;
            if (seed + options->jobs <= options->last && !options->expect_failure) {
                workers[job] = sim_spawn(options, board, job, seed + options->jobs);
                running++;
            }
        }
    }
}

static bool sim_parse_number(const char *text, char **end, uint64_t *number)
{
    *number = strtoull(text, end, 10);
    return *end != text;
}

static bool sim_parse(int argc, char **argv, struct sim_options *options)
{
    bool seeds = false;
    for (int i = 1; i < argc; i++) {
        char *end;
        uint64_t number = 0;
        const char *next = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--trace") == 0) {
            options->trace = true;
        } else if (strcmp(argv[i], "--expect-failure") == 0) {
            options->expect_failure = true;
        } else if (strcmp(argv[i], "--seeds") == 0) {
            seeds = sim_parse_number(next, &end, &options->first) && strncmp(end, "..", 2) == 0 &&
                    sim_parse_number(end + 2, &end, &options->last) && *end == 0 &&
                    options->first <= options->last;
            i++;
        } else if (strcmp(argv[i], "--jobs") == 0 && sim_parse_number(next, &end, &number) &&
                   number >= 1 && number <= SIM_JOBS_MAX) {
            options->jobs = (uint32_t)number;
            i++;
        } else if (strcmp(argv[i], "--regions") == 0 && sim_parse_number(next, &end, &number) &&
                   number >= 2 && number <= SIM_REGIONS_MAX) {
            options->regions = (uint32_t)number;
            i++;
        } else {
            return false;
        }
    }
    return seeds;
}

int main(int argc, char **argv)
{
    struct sim_options options = {.program = argv[0], .jobs = 1, .regions = 3};
    if (!sim_parse(argc, argv, &options)) {
        fprintf(stderr,
                "usage: %s --seeds A..B [--jobs 1..%d] [--regions 2..%d] [--trace] "
                "[--expect-failure]\n",
                argv[0], SIM_JOBS_MAX, SIM_REGIONS_MAX);
        return 2;
    }
    struct sim_board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ensure(board != MAP_FAILED);
    sim_run_all(&options, board);
    printf("%llu writes, %llu messages, %llu conflict records, %llu crashes, %llu ends closed\n",
           (unsigned long long)board->operations, (unsigned long long)board->messages,
           (unsigned long long)board->conflicts, (unsigned long long)board->crashes,
           (unsigned long long)board->resets);
    printf("%llu passed, %llu failed\n", (unsigned long long)board->passed,
           (unsigned long long)board->failed);
    bool failed = board->failed > 0;
    return failed == options.expect_failure ? 0 : 1;
}
