/*
 * The console back end: virtio-console with one port. What the guest writes goes to one output
 * function, what is typed comes in through vcon_input; the console multiplexer hooks both. Without
 * one, output is printed by lines with the guest's name in front.
 */
#ifndef GUESTS_SERVICE_VCON_H
#define GUESTS_SERVICE_VCON_H

#include <stddef.h>

#include "guests/service/virtio_device.h"

#define VCON_DEVICES 16

typedef void vcon_output_fn(unsigned guest, const char *text, size_t bytes);

/* Where all consoles' output goes from now on; NULL: printed by lines. */
void vcon_set_output(vcon_output_fn *output);

/* Input for guest's console; returns the bytes taken, fewer when its buffer is full or there is no
   such console. */
size_t vcon_input(unsigned guest, const char *buf, size_t bytes);

/* Sets v->model, v->offered, v->backend. False, with a line, when all are taken. */
bool vcon_init(struct virtio_device *v);

#endif
