/*
 * Carries bytes between an emulator's serial port, which connects to a socket of ours, and the
 * clients of a socket with a path: for Bochs, whose own sockets have port numbers and one client.
 */
#ifndef TOOLS_BH_RELAY_H
#define TOOLS_BH_RELAY_H

#include <poll.h>
#include <stdbool.h>

#define RELAY_POLLS 2

struct relay {
	int listener, port;  /* the emulator's; -1: none */
	int clients, client; /* of the path; likewise */
	const char *path;
};

/* Listens at the path; `listener` is where the emulator will connect. False after reporting. */
bool relay_open(struct relay *r, const char *path, int listener);
/* When the emulator has ended: carries what it said last to the client. */
void relay_drain(struct relay *r);
void relay_close(struct relay *r);

/* What to poll for, and what to do when poll has returned. Without a relay (path NULL) nothing. */
void relay_poll(const struct relay *r, struct pollfd p[RELAY_POLLS]);
void relay_turn(struct relay *r, const struct pollfd p[RELAY_POLLS]);

#endif
