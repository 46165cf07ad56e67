/*
 * The table of served devices: building them from boot->serve, and finding them by what a guest
 * touches.
 */
#ifndef GUESTS_SERVICE_SERVE_DEVICE_H
#define GUESTS_SERVICE_SERVE_DEVICE_H

#include "guests/service/ioreq.h"
#include "guests/service/virtio_device.h"

/* Number of entries of boot->serve. */
unsigned serve_count(void);

/* Device number i; NULL where the config's entry could not be served. */
struct virtio_device *serve_device(unsigned i);

/* Builds device i. Windows, disks and kept pages must be there. A line says what is wrong. */
void serve_device_build(unsigned i);

/* After all are built and kept_count_death(): registers ranges and goes on where the last instance
   stopped, or starts anew where the guest is another one. */
void serve_device_start(struct virtio_device *v);

/* An access of a guest, from the ioreq front. Nothing there: ones. */
void serve_device_access(uint32_t guest, struct hv_ioreq *r);

/* The guest's RAM as boot->region says. */
const struct window *serve_window(uint32_t guest);
void serve_windows_init(void);

#endif
