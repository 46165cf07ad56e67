/*
 * The random number back end: virtio-rng (virtio 1.2, 5.4), one queue of buffers to be filled. A
 * guest may ask for as much as it likes: each request gets at most VRNG_BYTES, which the device may
 * do, and each turn serves a few requests before the other devices have theirs.
 */
#ifndef GUESTS_SERVICE_VRNG_H
#define GUESTS_SERVICE_VRNG_H

#include "guests/service/virtio_device.h"

#define VRNG_BYTES 4096u

/* Sets v->model and v->offered. */
bool vrng_init(struct virtio_device *v);

#endif
