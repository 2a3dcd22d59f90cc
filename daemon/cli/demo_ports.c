#include "daemon/cli/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEMO_PORTS_EACH = 3, DEMO_PORTS_APART = 10 };

static int demo_bind(uint16_t port, uint16_t *bound)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    *bound = ntohs(address.sin_port);
    return fd;
}

static void demo_set_ports(struct demo_node *node, const uint16_t ports[static DEMO_PORTS_EACH])
{
    snprintf(node->endpoint, sizeof(node->endpoint), "http://127.0.0.1:%u", ports[0]);
    snprintf(node->peer, sizeof(node->peer), "127.0.0.1:%u", ports[1]);
    snprintf(node->admin, sizeof(node->admin), "http://127.0.0.1:%u", ports[2]);
}

/* All are bound before the first is given back: so they differ, and none is taken. */
bool demo_choose_ports(struct demo *demo, uint32_t base_port, struct error *err)
{
    int fds[DEMO_REGIONS_MAX * DEMO_PORTS_EACH];
    uint32_t fds_count = 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i < demo->nodes_count; i++) {
        uint16_t ports[DEMO_PORTS_EACH];
        for (uint32_t j = 0; ok && j < DEMO_PORTS_EACH; j++) {
            uint32_t wanted = base_port == 0 ? 0 : base_port + i * DEMO_PORTS_APART + j;
            int fd = demo_bind((uint16_t)wanted, &ports[j]);
            if (fd < 0) {
                ok = error_set(err, ERROR_IO, "port %u cannot be had: %s; give another --base-port",
                               wanted, strerror(errno));
            } else {
                fds[fds_count++] = fd;
            }
        }
        if (ok) {
            demo_set_ports(&demo->nodes[i], ports);
        }
    }
    for (uint32_t i = 0; i < fds_count; i++) {
        close(fds[i]);
    }
    return ok;
}

bool demo_ports_are_free(const struct demo *demo)
{
    bool free = true;
    for (uint32_t i = 0; i < demo->nodes_count; i++) {
        const char *const addresses[DEMO_PORTS_EACH] = {demo->nodes[i].endpoint,
                                                        demo->nodes[i].peer, demo->nodes[i].admin};
        for (uint32_t j = 0; j < DEMO_PORTS_EACH; j++) {
            const char *colon = strrchr(addresses[j], ':');
            unsigned long port = colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);
            uint16_t bound = 0;
            int fd = port == 0 || port > 65535 ? -1 : demo_bind((uint16_t)port, &bound);
            free = free && fd >= 0;
            if (fd >= 0) {
                close(fd);
            }
        }
    }
    return free;
}
