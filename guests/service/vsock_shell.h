/*
 * The management shell for a guest, at port VSOCK_SHELL_PORT of the host's address: a line of words
 * in, its answer out, and a prompt. One guest at a time is connected; when it has gone the next one
 * may come. Pure: vsock.c carries the packets, and knows which guest may.
 */
#ifndef GUESTS_SERVICE_VSOCK_SHELL_H
#define GUESTS_SERVICE_VSOCK_SHELL_H

#include <stdbool.h>

#include "guests/service/verb.h"
#include "guests/service/vsock_wire.h"

#define VSOCK_SHELL_PORT  1u
#define VSOCK_SHELL_BYTES 1024u /* of what a guest has sent and nobody has read yet */

void vsock_shell_init(const struct verb *verbs);

/* A packet for the shell's port, h->bytes of data with it: at most VSOCK_SHELL_BYTES. False: it is
   to be refused with a reset. */
bool vsock_shell_take(const struct vsock_header *h, const char *data);

/* The packet that the guest with this address is sent next, with its data. False: none. */
bool vsock_shell_next(uint64_t cid, struct vsock_header *h, const char **data);

/* It is sent, with so many bytes of its data. */
void vsock_shell_sent(const struct vsock_header *h, uint32_t bytes);

/* That guest's sockets are gone. */
void vsock_shell_gone(uint64_t cid);

#endif
