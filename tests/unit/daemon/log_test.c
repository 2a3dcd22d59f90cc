/* Goal: a line an event, whole and in form, and repeats bounded. Method: log into a pipe under a
 * clock that the test steps. */
#include "daemon/log.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

struct bench {
    struct log *log;
    int read_fd, write_fd;
    uint64_t wall_ms;
    char out[65536];
};

static uint64_t bench_wall_ms(void *context)
{
    return ((struct bench *)context)->wall_ms;
}

static void bench_open(struct bench *bench, bool json, enum log_level level)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    cr_assert_neq(fcntl(fds[0], F_SETFL, O_NONBLOCK), -1);
    bench->read_fd = fds[0];
    bench->write_fd = fds[1];
    bench->wall_ms = 1763801857123;
    bench->log = log_open(&(struct log_options){
        .fd = fds[1], .json = json, .level = level, .wall_ms = bench_wall_ms, .context = bench});
}

static const char *bench_take(struct bench *bench)
{
    ssize_t size = read(bench->read_fd, bench->out, sizeof(bench->out) - 1);
    bench->out[size < 0 ? 0 : size] = 0;
    return bench->out;
}

static void bench_close(struct bench *bench)
{
    log_close(bench->log);
    close(bench->read_fd);
    close(bench->write_fd);
}

static unsigned lines_of(const char *text)
{
    unsigned lines = 0;
    for (; *text != 0; text++) {
        lines += *text == '\n';
    }
    return lines;
}

Test(log, writes_text_and_quotes_only_where_needed)
{
    struct bench bench;
    bench_open(&bench, false, LOG_INFO);
    log_event(bench.log, LOG_WARNING, "peer.lost", log_text("region", "eu-west-1"),
              log_text("why", "it \"hung\"\nup"), log_integer("left", -3),
              log_unsigned("seq", UINT64_MAX), log_real("lag", 0.25), log_text("none", ""));
    cr_assert_str_eq(bench_take(&bench),
                     "2025-11-22T08:57:37.123Z warning peer.lost region=eu-west-1 "
                     "why=\"it \\\"hung\\\"\\nup\" left=-3 seq=18446744073709551615 lag=0.25 "
                     "none=\"\"\n");
    bench_close(&bench);
}

Test(log, writes_json)
{
    struct bench bench;
    bench_open(&bench, true, LOG_INFO);
    log_event(bench.log, LOG_ERROR, "disk", log_text("why", "a\x01\\b"), log_real("nan", NAN),
              log_unsigned("n", 7));
    cr_assert_str_eq(
        bench_take(&bench),
        "{\"time\":\"2025-11-22T08:57:37.123Z\",\"level\":\"error\",\"event\":\"disk\","
        "\"why\":\"a\\u0001\\\\b\",\"nan\":null,\"n\":7}\n");
    log_event(bench.log, LOG_INFO, "bare");
    cr_assert_str_eq(
        bench_take(&bench),
        "{\"time\":\"2025-11-22T08:57:37.123Z\",\"level\":\"info\",\"event\":\"bare\"}\n");
    bench_close(&bench);
}

Test(log, drops_what_is_below_its_level)
{
    struct bench bench;
    bench_open(&bench, false, LOG_WARNING);
    cr_assert_not(log_wants(bench.log, LOG_INFO));
    cr_assert(log_wants(bench.log, LOG_ERROR));
    log_event(bench.log, LOG_INFO, "quiet");
    cr_assert_str_eq(bench_take(&bench), "");
    log_event(NULL, LOG_ERROR, "no log at all");
    bench_close(&bench);
}

Test(log, cuts_a_long_line_but_ends_it_properly)
{
    struct bench bench;
    static char text[10000];
    memset(text, 'x', sizeof(text) - 1);
    bench_open(&bench, true, LOG_INFO);
    log_event(bench.log, LOG_INFO, "long", log_text("text", text));
    const char *line = bench_take(&bench);
    cr_assert_lt(strlen(line), 4097);
    cr_assert_str_eq(line + strlen(line) - 6, "...\"}\n");
    bench_close(&bench);
}

Test(log, bounds_repeats_and_says_how_many_were_left_out)
{
    struct bench bench;
    bench_open(&bench, false, LOG_INFO);
    for (int i = 0; i < 50; i++) {
        log_event(bench.log, LOG_INFO, "again", log_integer("i", i));
    }
    cr_assert_eq(lines_of(bench_take(&bench)), 20);
    log_event(bench.log, LOG_INFO, "other");
    cr_assert_eq(lines_of(bench_take(&bench)), 1, "another event is not held back");
    bench.wall_ms += 1000;
    log_event(bench.log, LOG_INFO, "again", log_integer("i", 50));
    cr_assert_not_null(strstr(bench_take(&bench), " again i=50 suppressed=30\n"));
    for (int i = 0; i < 25; i++) {
        log_event(bench.log, LOG_INFO, "again");
    }
    cr_assert_eq(lines_of(bench_take(&bench)), 19);
    log_close(bench.log);
    cr_assert_not_null(strstr(bench_take(&bench), " info again suppressed=6\n"));
    close(bench.read_fd);
    close(bench.write_fd);
}
