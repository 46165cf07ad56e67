/*
 * What the device models ask of the hypervisor and of the console, answered with nothing: for the
 * targets that drive them. Included by one file each.
 */
#ifndef TESTS_FUZZ_VIRTIO_FAKES_H
#define TESTS_FUZZ_VIRTIO_FAKES_H

#include "guests/lib/print.h"
#include "guests/service/virtio_port.h"

void print(const char *fmt, ...)
{
}

void virtio_port_irq(uint32_t cap, uint64_t address, uint32_t data)
{
}

int64_t virtio_port_add(uint32_t cap, unsigned kind, uint64_t base, uint64_t bytes, unsigned event)
{
	return 0;
}

int64_t virtio_port_remove(uint32_t cap, unsigned kind, uint64_t base)
{
	return 0;
}

uint64_t virtio_port_now(void)
{
	return 0;
}

void virtio_port_hold(struct timer *t, unsigned event, uint64_t until)
{
}

void virtio_port_again(unsigned event)
{
}

#endif
