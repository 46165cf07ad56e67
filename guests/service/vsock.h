/*
 * Sockets between guests: virtio-vsock (virtio 1.2, 5.10), streams. Packets go from one guest's
 * transmit queue to the receive queue of the guest whose address they bear; connections and credit
 * are the two drivers' matter. A packet waits in its sender's queue until the receiver has a
 * buffer. What goes nowhere is answered with a reset. When this domain is restarted every guest is
 * told that its connections are gone (transport reset), and so are those who have spoken with a
 * guest that is. The host's address has one port, the management shell's (vsock_shell.h).
 */
#ifndef GUESTS_SERVICE_VSOCK_H
#define GUESTS_SERVICE_VSOCK_H

#include "guests/service/virtio_device.h"

/* Sets v->model, v->offered, v->backend. False, with a line, when all are taken. */
bool vsock_init(struct virtio_device *v, const struct hv_served *served);

#endif
