/*
 * The virtio devices that the hostile guest is served, of whatever kind: where their registers and
 * doorbells were at its start.
 */
#ifndef GUESTS_HOSTILE_DEVICE_H
#define GUESTS_HOSTILE_DEVICE_H

#include <stdint.h>

#define DEVICES     8u
#define DEVICE_BARS 6u

struct device {
	unsigned function;
	uint32_t command, bar[DEVICE_BARS];
	volatile uint8_t *common;   /* virtio's common configuration */
	volatile uint8_t *doorbell; /* in memory; NULL: none */
	uint16_t port;              /* of the doorbells; 0: none */
};

extern struct device devices[DEVICES];
extern unsigned device_count;

/* Command register and BARs as they were at the start. */
void device_repair(const struct device *d);

#endif
