/*
 * See watchdog.h. One for each guest. An access changes a copy of the registers; then the
 * hypervisor is told the time, and then the copy is stored, in the order that i6300esb.h asks for.
 */
#include "guests/service/watchdog.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/service/i6300esb.h"
#include "guests/service/kept_store.h"
#include "guests/service/pcibar.h"

#define REG_ID        0x00u
#define REG_COMMAND   0x04u
#define REG_CLASS     0x08u
#define REG_BAR0      0x10u
#define REG_INTERRUPT 0x3cu

#define PCI_ID    0x25ab8086u
#define PCI_CLASS 0x08800000u /* another base system peripheral */

struct watchdog {
	struct pcibar_owner bars; /* kept NULL: the guest has none */
	uint32_t domain_cap;
	uint16_t function;
};

static struct watchdog watchdogs[HV_BOOT_PEERS];

_Static_assert(sizeof(struct i6300esb) <= KEPT_MODEL, "the registers are kept");

static struct i6300esb *registers(const struct watchdog *w)
{
	return (struct i6300esb *)w->bars.kept->model;
}

/* See the order in i6300esb.h. */
static void commit(struct watchdog *w, const struct i6300esb *next, bool time)
{
	struct i6300esb *s = registers(w);

	if (time)
		(void)hv_watchdog_of(w->domain_cap, i6300esb_ms(next));
	kept_store32(&s->preload[0], next->preload[0]);
	kept_store32(&s->preload[1], next->preload[1]);
	kept_store32(&s->config, next->config);
	kept_store32(&s->lock, next->lock);
	kept_store32(&s->unlocked, next->unlocked);
}

/* The hypervisor's timer ended with the last incarnation. */
static void power_on(struct watchdog *w, uint32_t incarnation)
{
	struct i6300esb fresh;

	i6300esb_reset(&fresh);
	commit(w, &fresh, false);
	pcibar_power_on(&w->bars);
	kept_store32(&w->bars.kept->incarnation, incarnation);
}

static uint32_t word_read(const struct watchdog *w, unsigned reg)
{
	const struct kept_device *k = w->bars.kept;

	switch (reg) {
	case REG_ID: return PCI_ID;
	case REG_COMMAND: return k->command;
	case REG_CLASS: return PCI_CLASS;
	case REG_BAR0: return k->bar[PCIBAR_MEMORY];
	case REG_INTERRUPT: return k->interrupt_line;
	default: return i6300esb_word(registers(w), reg);
	}
}

static void word_write(struct watchdog *w, unsigned reg, uint32_t value)
{
	struct kept_device *k = w->bars.kept;
	struct i6300esb next = *registers(w);
	bool time;

	switch (reg) {
	case REG_COMMAND: kept_store32(&k->command, value & PCIBAR_COMMAND_WRITABLE); break;
	case REG_BAR0: kept_store32(&k->bar[PCIBAR_MEMORY], value & ~(I6300ESB_BYTES - 1)); break;
	case REG_INTERRUPT: kept_store32(&k->interrupt_line, value & 0xff); return;
	default:
		time = i6300esb_word_write(&next, reg, value);
		commit(w, &next, time);
		return;
	}
	pcibar_decode(&w->bars);
}

static bool config_access(struct watchdog *w, struct hv_ioreq *r)
{
	unsigned reg = r->address & 0xffc, shift = (r->address & 3) * 8;
	uint32_t mask = (uint32_t)(ones(r->size) << shift);
	uint32_t word;

	if (r->address >> 12 != w->function || r->size > 4 || r->address & (r->size - 1u))
		return false;
	word = word_read(w, reg);
	if (r->write)
		word_write(w, reg, (word & ~mask) | ((uint32_t)r->data << shift & mask));
	else
		r->data = (word & mask) >> shift;
	return true;
}

static bool bar_access(struct watchdog *w, struct hv_ioreq *r)
{
	struct i6300esb next = *registers(w);
	unsigned offset;
	bool time;

	if (!pcibar_hit(&w->bars, PCIBAR_MEMORY, r->address, r->size, &offset))
		return false;
	if (r->write) {
		time = i6300esb_write(&next, offset, (uint32_t)r->data);
		commit(w, &next, time);
	} else {
		r->data = i6300esb_read(&next, offset) & ones(r->size);
	}
	return true;
}

bool watchdog_access(uint32_t guest, struct hv_ioreq *r)
{
	struct watchdog *w = guest < HV_BOOT_PEERS ? &watchdogs[guest] : NULL;

	if (!w || !w->bars.kept || r->type == HV_IOREQ_PORT)
		return false;
	if (r->size != 1 && r->size != 2 && r->size != 4)
		return false;
	watchdog_started(guest, r->incarnation);
	return r->type == HV_IOREQ_PCI_CONFIG ? config_access(w, r) : bar_access(w, r);
}

void watchdog_started(uint32_t guest, uint32_t incarnation)
{
	struct watchdog *w = guest < HV_BOOT_PEERS ? &watchdogs[guest] : NULL;

	if (w && w->bars.kept && w->bars.kept->incarnation != incarnation)
		power_on(w, incarnation);
}

void watchdog_build(unsigned i, const struct hv_served *s)
{
	static const struct pcibar bars[KEPT_BARS] = {
		[PCIBAR_MEMORY] = { I6300ESB_BYTES, I6300ESB_BYTES },
	};
	const struct hv_cap *ioreq = boot_cap(HV_CAP_IOREQ, s->guest);
	const struct hv_cap *domain = boot_cap(HV_CAP_DOMAIN, s->guest);
	struct watchdog *w = &watchdogs[s->guest % HV_BOOT_PEERS];
	bool found;

	if (!ioreq || !domain || !(domain->rights & HV_RIGHT_USE)) {
		print("domain %u: no right to its watchdog: it is left out\n", s->guest);
		return;
	}
	w->function = s->function;
	w->domain_cap = domain->handle;
	w->bars = (struct pcibar_owner){
		.kept = kept_device(i, s, 0, &found),
		.bar = bars,
		.ioreq_cap = ioreq->handle,
		.ioreq_event = ioreq->event,
		.slot = (s->function >> 3) - 1u,
	};
	if (found)
		pcibar_recover(&w->bars);
	else
		kept_store32(&w->bars.kept->incarnation, 0);
}
