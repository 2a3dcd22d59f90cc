/* Goal: a long poll waits for what it asks for, no longer than it may, and costs nothing meanwhile.
 * Method: a real loop on a loopback port, with a stream whose newest seq is this test's own. */
#include "tests/unit/http/dispatch_fixture.h"

#include <criterion/criterion.h>

#include <sys/resource.h>
#include <unistd.h>

enum { LONG_MS = 600000, SHORT_MS = 60 };

static struct dispatch_fixture *park_started(uint32_t poll_ms)
{
    struct dispatch_fixture *fixture = dispatch_prepared();
    fixture->options.poll_ms = poll_ms;
    dispatch_start(fixture);
    return fixture;
}

static void park_rise(struct dispatch_fixture *fixture, uint64_t newest)
{
    atomic_store(&fixture->engine.newest, newest);
    loop_durable(&fixture->loop);
}

static void park_until_parked(struct dispatch_fixture *fixture, uint32_t count)
{
    while (loop_polls(&fixture->loop) != count) { /* The test's own time-out ends this. */
        sched_yield();
    }
}

Test(park, waits_for_the_stream_to_rise)
{
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    int fd = dispatch_connected(fixture);
    park_rise(fixture, 4);
    dispatch_ask(fd, "PutItem", "{\"Poll\":4}");
    park_until_parked(fixture, 1);
    loop_durable(&fixture->loop); /* Of something else. */
    cr_assert(dispatch_nothing_to_read(fd));
    park_rise(fixture, 5);
    dispatch_expect(fd, 200, NEWEST(5));
    cr_assert_eq(atomic_load(&fixture->engine.runs), 2, "it looked when there was something new");
    park_until_parked(fixture, 0);
    close(fd);
    dispatch_stopped(fixture);
}

Test(park, is_answered_at_once_when_there_is_something)
{
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    int fd = dispatch_connected(fixture);
    park_rise(fixture, 4);
    dispatch_ask(fd, "PutItem", "{\"Poll\":3}");
    dispatch_expect(fd, 200, NEWEST(4));
    cr_assert_eq(atomic_load(&fixture->engine.runs), 1);
    close(fd);
    dispatch_stopped(fixture);
}

Test(park, leaves_with_what_it_has_when_its_time_is_over)
{
    struct dispatch_fixture *fixture = park_started(SHORT_MS);
    int fd = dispatch_connected(fixture);
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t before_ns = uv_hrtime();
        dispatch_ask(fd, "PutItem", "{\"Poll\":4}");
        dispatch_expect(fd, 200, NEWEST(0));
        cr_assert_geq(uv_hrtime() - before_ns, (SHORT_MS - 2) * UINT64_C(1000000));
    }
    cr_assert_eq(atomic_load(&fixture->engine.runs), 3);
    close(fd);
    dispatch_stopped(fixture);
}

Test(park, can_be_switched_off)
{
    struct dispatch_fixture *fixture = park_started(0);
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Poll\":4}");
    dispatch_expect(fd, 200, NEWEST(0));
    close(fd);
    dispatch_stopped(fixture);
}

/* As the reader of a quiet shard of a busy stream. */
Test(park, looks_in_vain_and_waits_on)
{
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Poll\":100}");
    park_until_parked(fixture, 1);
    for (uint64_t newest = 1; newest <= 10; newest++) {
        uint32_t runs = atomic_load(&fixture->engine.runs);
        park_rise(fixture, newest);
        while (atomic_load(&fixture->engine.runs) == runs) {
            sched_yield();
        }
    }
    park_until_parked(fixture, 1);
    cr_assert(dispatch_nothing_to_read(fd));
    park_rise(fixture, 101);
    dispatch_expect(fd, 200, NEWEST(101));
    close(fd);
    dispatch_stopped(fixture);
}

Test(park, gives_up_after_so_many_looks)
{
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Poll\":1000}");
    for (uint64_t newest = 1; dispatch_nothing_to_read(fd); newest++) {
        cr_assert_lt(newest, 1000);
        uint32_t runs = atomic_load(&fixture->engine.runs);
        park_rise(fixture, newest);
        while (atomic_load(&fixture->engine.runs) == runs && dispatch_nothing_to_read(fd)) {
            sched_yield();
        }
    }
    cr_assert_eq(atomic_load(&fixture->engine.runs), HTTP_POLL_RUNS_MAX + 1);
    close(fd);
    dispatch_stopped(fixture);
}

Test(park, takes_a_cold_look_to_a_worker_and_comes_back)
{
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    int fd = dispatch_connected(fixture);
    dispatch_ask(fd, "PutItem", "{\"Poll\":4,\"Cold\":1}");
    park_until_parked(fixture, 1);
    cr_assert_eq(atomic_load(&fixture->engine.runs), 2);
    park_rise(fixture, 3);
    while (atomic_load(&fixture->engine.runs) < 4) {
        sched_yield();
    }
    park_until_parked(fixture, 1);
    cr_assert(dispatch_nothing_to_read(fd));
    park_rise(fixture, 9);
    dispatch_expect(fd, 200, NEWEST(9));
    close(fd);
    dispatch_stopped(fixture);
}

Test(park, ends_when_the_loop_ends)
{
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    int fds[3];
    for (size_t i = 0; i < ARRAY_COUNT(fds); i++) {
        fds[i] = dispatch_connected(fixture);
        dispatch_ask(fds[i], "PutItem", "{\"Poll\":4}");
    }
    park_until_parked(fixture, ARRAY_COUNT(fds));
    uint64_t before_ns = uv_hrtime();
    loop_drain(&fixture->loop, 30000);
    for (size_t i = 0; i < ARRAY_COUNT(fds); i++) {
        dispatch_expect(fds[i], 200, NEWEST(0));
        close(fds[i]);
    }
    dispatch_stopped(fixture);
    cr_assert_lt(uv_hrtime() - before_ns, UINT64_C(20000000000));
}

Test(park, survives_a_client_that_goes_away)
{
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    int gone = dispatch_connected(fixture);
    int stays = dispatch_connected(fixture);
    dispatch_ask(gone, "PutItem", "{\"Poll\":4}");
    dispatch_ask(stays, "PutItem", "{\"Poll\":4}");
    park_until_parked(fixture, 2);
    close(gone);
    park_rise(fixture, 5);
    dispatch_expect(stays, 200, NEWEST(5));
    park_until_parked(fixture, 0);
    while (atomic_load(&fixture->engine.releases) < 2) {
        sched_yield();
    }
    close(stays);
    dispatch_stopped(fixture);
}

Test(park, has_a_bound, .timeout = 60)
{
    struct rlimit files;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    static int fds[HTTP_CALLS_PARKED_MAX];
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    for (size_t i = 0; i < ARRAY_COUNT(fds); i++) {
        fds[i] = dispatch_connected(fixture);
        dispatch_ask(fds[i], "PutItem", "{\"Poll\":4}");
    }
    park_until_parked(fixture, HTTP_CALLS_PARKED_MAX);
    int one_more = dispatch_connected(fixture);
    dispatch_ask(one_more, "PutItem", "{\"Poll\":4}");
    dispatch_expect(one_more, 200, NEWEST(0));
    park_rise(fixture, 5);
    for (size_t i = 0; i < ARRAY_COUNT(fds); i++) {
        dispatch_expect(fds[i], 200, NEWEST(5));
        close(fds[i]);
    }
    close(one_more);
    dispatch_stopped(fixture);
}

/* Whatever rises between the look and the queue is noticed: hammer at that moment. */
Test(park, loses_no_wake_up, .timeout = 60)
{
    struct dispatch_fixture *fixture = park_started(LONG_MS);
    int fd = dispatch_connected(fixture);
    for (uint64_t newest = 0; newest < 2000; newest++) {
        char body[64];
        char answer[64];
        snprintf(body, sizeof(body), "{\"Poll\":%llu}", (unsigned long long)newest);
        snprintf(answer, sizeof(answer), "{\"Newest\":%llu}", (unsigned long long)newest + 1);
        uint32_t runs = atomic_load(&fixture->engine.runs);
        dispatch_ask(fd, "PutItem", body);
        while (newest % 2 == 0 && atomic_load(&fixture->engine.runs) == runs) {
            sched_yield();
        }
        park_rise(fixture, newest + 1);
        dispatch_expect(fd, 200, answer);
    }
    close(fd);
    dispatch_stopped(fixture);
}
