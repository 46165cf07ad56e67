/*
 * A physical PCI function in this domain's hands: configuration space through the hypervisor's
 * allow-list, BARs through BAR_MAP, interrupts as events.
 */
#ifndef GUESTS_SERVICE_DRIVERS_PCIFN_H
#define GUESTS_SERVICE_DRIVERS_PCIFN_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/boot.h"

#define PCIFN_CAP_VENDOR 0x09u

/* "nvme 00:04.0" */
void pcifn_name(const struct hv_device *d, const char *driver, char *buf, unsigned bytes);

/* 0 for a register that may not be read. */
uint32_t pcifn_read(const struct hv_device *d, unsigned reg, unsigned bytes);

/* Memory decoding on, where it has memory; bus mastering as said. */
void pcifn_enable(const struct hv_device *d, bool master);

/* The next capability with this id behind `after` (0: the first), 0 if there is none. */
unsigned pcifn_capability(const struct hv_device *d, unsigned id, unsigned after);

/* BAR's registers, uncached; NULL if the function has no such memory BAR. */
volatile uint8_t *pcifn_bar(const struct hv_device *d, unsigned bar);

/* The first of BAR's I/O ports; 0 if the function has no such ports. */
uint16_t pcifn_ports(const struct hv_device *d, unsigned bar);

/* Waits until (*reg & mask) == value, for at most `ns`; false: time is up. For controllers at start
   and reset only: it spins. */
bool pcifn_wait32(volatile void *reg, uint32_t mask, uint32_t value, uint64_t ns);

#endif
