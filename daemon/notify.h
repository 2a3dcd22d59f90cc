/* systemd's readiness protocol: one datagram to the socket named in $NOTIFY_SOCKET. */
#pragma once

/* "READY=1", "STOPPING=1", "RELOADING=1"… Without NOTIFY_SOCKET nothing happens; a manager that
 * does not listen is its own problem, so failing is not reported. Main thread. */
void notify_send(const char *state);
