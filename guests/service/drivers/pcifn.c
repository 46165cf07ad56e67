/*
 * See pcifn.h.
 */
#include "guests/service/drivers/pcifn.h"

#include <stddef.h>

#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/paging.h"
#include "guests/lib/time.h"
#include "lib/format.h"

#define REG_COMMAND    0x04u
#define REG_STATUS     0x06u
#define REG_CAPS       0x34u
#define STATUS_CAPS    0x10u
#define COMMAND_MEMORY 2u
#define COMMAND_MASTER 4u
#define CAPS_MAX       48 /* that fit into 256 bytes: the end of a list that loops */

void pcifn_name(const struct hv_device *d, const char *driver, char *buf, unsigned bytes)
{
	format(buf, bytes, "%s %02x:%02x.%u", driver, d->slot >> 8, d->slot >> 3 & 31, d->slot & 7);
}

uint32_t pcifn_read(const struct hv_device *d, unsigned reg, unsigned bytes)
{
	int64_t v = hv_cfg_read(d->cap, reg, bytes);

	return v < 0 ? 0 : (uint32_t)v;
}

void pcifn_enable(const struct hv_device *d, bool master)
{
	uint32_t command = pcifn_read(d, REG_COMMAND, 2) & ~COMMAND_MASTER;

	for (unsigned bar = 0; bar < 6; bar++)
		if (d->bar_bytes[bar] && !(d->bar_ports & 1u << bar))
			command |= COMMAND_MEMORY;
	(void)hv_cfg_write(d->cap, REG_COMMAND, 2, command | (master ? COMMAND_MASTER : 0));
}

unsigned pcifn_capability(const struct hv_device *d, unsigned id, unsigned after)
{
	unsigned at = after ? pcifn_read(d, after + 1, 1) : pcifn_read(d, REG_CAPS, 1);

	if (!(pcifn_read(d, REG_STATUS, 2) & STATUS_CAPS))
		return 0;
	for (unsigned i = 0; i < CAPS_MAX && (at & ~3u) >= 0x40; i++) {
		at &= ~3u;
		if (pcifn_read(d, at, 1) == id)
			return at;
		at = pcifn_read(d, at + 1, 1);
	}
	return 0;
}

volatile uint8_t *pcifn_bar(const struct hv_device *d, unsigned bar)
{
	int64_t base;

	if (bar >= 6 || !d->bar_bytes[bar] || d->bar_ports & 1u << bar)
		return NULL;
	base = hv_bar_map(d->cap, bar);
	if (base <= 0)
		return NULL;
	return paging_map_device((uint64_t)base, d->bar_bytes[bar]);
}

uint16_t pcifn_ports(const struct hv_device *d, unsigned bar)
{
	int64_t base;

	if (bar >= 6 || !(d->bar_ports & 1u << bar))
		return 0;
	base = hv_bar_map(d->cap, bar);
	return base > 0 ? (uint16_t)base : 0;
}

bool pcifn_wait32(volatile void *reg, uint32_t mask, uint32_t value, uint64_t ns)
{
	uint64_t end = time_ns() + ns;

	while ((readl(reg) & mask) != value) {
		if (time_ns() >= end)
			return false;
		cpu_relax();
	}
	return true;
}
