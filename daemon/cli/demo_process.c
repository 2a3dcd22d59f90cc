#include "daemon/cli/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEMO_STOP_MS = 15000, DEMO_KILL_MS = 5000, DEMO_LOG_LINES = 8 };

bool demo_find_meridiand(char path[static DEMO_PATH_BYTES], struct error *err)
{
    char self[DEMO_PATH_BYTES];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 16);
    if (size < 0) {
        return error_set(err, ERROR_NOT_FOUND, "/proc/self/exe cannot be read: %s",
                         strerror(errno));
    }
    self[size] = 0;
    snprintf(path, DEMO_PATH_BYTES, "%s/meridiand", dirname(self));
    if (access(path, X_OK) != 0) {
        return error_set(err, ERROR_NOT_FOUND, "%s is not there: meridiand belongs beside meridian",
                         path);
    }
    return true;
}

/* --- A child to the end --------------------------------------------------------------------- */

static void demo_child(const char *const *argv, int out, int error_fd)
{
    dup2(out, STDOUT_FILENO);
    dup2(error_fd, STDERR_FILENO);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* All of a pipe; what does not fit is read and dropped, so that the writer never hangs. */
static void demo_drain(int fd, char *text, size_t text_bytes)
{
    char rest[512];
    size_t size = 0;
    for (;;) {
        size_t room = text_bytes - 1 - size;
        ssize_t got = room > 0 ? read(fd, text + size, room) : read(fd, rest, sizeof(rest));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        size += room > 0 ? (size_t)got : 0;
    }
    text[size] = 0;
}

bool demo_run(const char *const *argv, char *output, size_t output_bytes, struct error *err)
{
    int out[2];
    int status = 0;
    if (pipe2(out, O_CLOEXEC) != 0) {
        return error_set(err, ERROR_IO, "no pipe: %s", strerror(errno));
    }
    pid_t pid = fork();
    if (pid < 0) {
        int reason = errno;
        close(out[0]);
        close(out[1]);
        return error_set(err, ERROR_IO, "%s cannot be started: %s", argv[0], strerror(reason));
    }
    if (pid == 0) {
        demo_child(argv, out[1], out[1]); /* Complaints are wanted too. */
    }
    close(out[1]);
    demo_drain(out[0], output, output_bytes);
    close(out[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        output[strcspn(output, "\n")] = 0;
        return error_set(err, ERROR_CONFIG, "%s failed: %s", argv[0], output);
    }
    return true;
}

/* --- A node --------------------------------------------------------------------------------- */

/* In the child, between fork and exec: only what is safe there. exec closes `report`; when it fails
 * the reason goes there. */
static void
demo_detach(const char *meridiand, const char *config, int out, int error_fd, int report)
{
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);
    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(error_fd, STDERR_FILENO);
    /* A lock or a pipe of our caller is none of the daemon's business. */
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    execl(meridiand, meridiand, "--config", config, (char *)NULL);
    int reason = errno;
    if (write(report, &reason, sizeof(reason)) != sizeof(reason)) {
        _exit(126);
    }
    _exit(127);
}

/* Fork, and return only when the child is meridiand: until then its command line is ours, and it
 * would not be recognised. 0, or an errno. */
static int demo_fork(const char *meridiand, const char *config, int out, int log, pid_t *pid)
{
    int report[2];
    int reason = 0;
    if (pipe2(report, O_CLOEXEC) != 0) {
        return errno;
    }
    *pid = fork();
    if (*pid == 0) {
        demo_detach(meridiand, config, out, log, report[1]);
    }
    reason = *pid < 0 ? errno : 0;
    close(report[1]);
    ssize_t size;
    int told = 0;
    do {
        size = read(report[0], &told, sizeof(told));
    } while (size < 0 && errno == EINTR);
    close(report[0]);
    return size == sizeof(told) ? told : reason;
}

bool demo_spawn(const struct demo *demo,
                struct demo_node *node,
                const char *meridiand,
                struct error *err)
{
    char path[DEMO_PATH_BYTES];
    char config[DEMO_PATH_BYTES];
    pid_t pid = 0;
    demo_path(config, demo, node->region, ".yaml");
    demo_path(path, demo, node->region, ".out");
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    demo_path(path, demo, node->region, ".log");
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int reason = out < 0 || log < 0 ? errno : demo_fork(meridiand, config, out, log, &pid);
    if (out >= 0) {
        close(out);
    }
    if (log >= 0) {
        close(log);
    }
    if (reason != 0) {
        return error_set(err, ERROR_IO, "%s cannot be started: %s", node->region, strerror(reason));
    }
    node->pid = pid;
    demo_path(path, demo, node->region, ".pid");
    FILE *to = fopen(path, "we");
    bool written = to != NULL && fprintf(to, "%ld\n", (long)pid) > 0;
    written = (to == NULL || fclose(to) == 0) && written;
    if (!written) {
        return error_set(err, ERROR_IO, "%s cannot be written: %s", path, strerror(errno));
    }
    return true;
}

/* Does its command line name this demo's configuration of the region? A number alone may have been
 * given to another process since. */
static bool demo_is_ours(const struct demo *demo, const struct demo_node *node)
{
    char path[64];
    char config[DEMO_PATH_BYTES];
    char line[DEMO_PATH_BYTES * 2];
    demo_path(config, demo, node->region, ".yaml");
    snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)node->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t size = read(fd, line, sizeof(line));
    close(fd);
    return size > 0 && memmem(line, (size_t)size, config, strlen(config) + 1) != NULL;
}

bool demo_is_alive(const struct demo *demo, const struct demo_node *node)
{
    int status = 0;
    if (node->pid <= 0) {
        return false;
    }
    if (waitpid(node->pid, &status, WNOHANG) == node->pid) {
        return false; /* A child of ours that has ended. */
    }
    return kill(node->pid, 0) == 0 && demo_is_ours(demo, node);
}

static bool demo_wait_gone(int pidfd, int timeout_ms)
{
    struct pollfd poll_of = {.fd = pidfd, .events = POLLIN};
    int ready;
    do {
        ready = poll(&poll_of, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    return ready == 1;
}

bool demo_end(const struct demo *demo, struct demo_node *node)
{
    /* The descriptor means this very process, whatever becomes of the number. */
    int pidfd = node->pid <= 0 ? -1 : (int)syscall(SYS_pidfd_open, node->pid, 0);
    if (pidfd < 0 || !demo_is_ours(demo, node)) {
        if (pidfd >= 0) {
            close(pidfd);
        }
        return true;
    }
    syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
    bool gone = demo_wait_gone(pidfd, DEMO_STOP_MS);
    if (!gone) {
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
        gone = demo_wait_gone(pidfd, DEMO_KILL_MS);
    }
    close(pidfd);
    return gone;
}

void demo_show_log(const struct demo *demo, const struct demo_node *node, FILE *to)
{
    char path[DEMO_PATH_BYTES];
    char tail[4096];
    demo_path(path, demo, node->region, ".log");
    FILE *from = fopen(path, "re");
    if (from == NULL) {
        return;
    }
    if (fseek(from, -(long)(sizeof(tail) - 1), SEEK_END) != 0) {
        rewind(from); /* It is shorter than that. */
    }
    size_t size = fread(tail, 1, sizeof(tail) - 1, from);
    fclose(from);
    tail[size] = 0;
    const char *start = tail + size;
    unsigned lines = 0;
    while (start > tail && lines <= DEMO_LOG_LINES) {
        start--;
        lines += *start == '\n' ? 1 : 0;
    }
    start += *start == '\n' ? 1 : 0;
    fprintf(to, "the end of %s:\n%s", path, start);
}
