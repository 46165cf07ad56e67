/*
 * A packet of virtio-vsock as it stands in a queue (virtio 1.2, 5.10.6).
 */
#ifndef GUESTS_SERVICE_VSOCK_WIRE_H
#define GUESTS_SERVICE_VSOCK_WIRE_H

#include <stdint.h>

#include "lib/bits.h"

#define VSOCK_CID_HOST    2u
#define VSOCK_TYPE_STREAM 1u

enum vsock_op {
	VSOCK_OP_REQUEST = 1,
	VSOCK_OP_RESPONSE,
	VSOCK_OP_RESET,
	VSOCK_OP_SHUTDOWN,
	VSOCK_OP_DATA,
	VSOCK_OP_CREDIT_UPDATE,
	VSOCK_OP_CREDIT_REQUEST,
};

/* Flags of a shutdown: what its sender does no more. */
#define VSOCK_SHUTDOWN_RECEIVE 1u
#define VSOCK_SHUTDOWN_SEND    2u

/* buffer, forwarded: how much the sender of the packet has room for, and how much it has taken out
   of there so far; modulo 2^32. */
struct vsock_header {
	uint64_t from_cid, to_cid;
	uint32_t from_port, to_port;
	uint32_t bytes;
	uint16_t type, op;
	uint32_t flags, buffer, forwarded;
} PACKED;

_Static_assert(sizeof(struct vsock_header) == 44, "virtio 1.2, 5.10.6");

#endif
