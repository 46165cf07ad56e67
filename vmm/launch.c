/*
 * Bringing a domain up: its memory scrubbed, its image checked and loaded, its platform reset, its
 * first vCPU put into the state in which the boot protocol begins; the others wait for a STARTUP
 * message (startup.c). The preloaded images stay where GRUB put them, for this and every later
 * start; one that was staged (stage.c) goes first.
 */
#include "vmm/launch.h"

#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vmm/ending.h"
#include "vmm/event.h"
#include "vmm/guestmem.h"
#include "vmm/loader.h"
#include "vmm/sched.h"
#include "vmm/service.h"
#include "vmm/stage.h"
#include "vmm/vcpu_make.h"
#include "vmm/vioapic.h"
#include "vmm/vpc.h"
#include "vmm/vpci.h"
#include "vmm/vpower.h"
#include "vmm/vuart.h"
#include "vmm/watchdog.h"

#define SCRUB_BYTES_A_TURN (4ull << 20)

static const struct config *config;
static const struct start_info *images;

void launch_init(const struct config *c, const struct start_info *info)
{
	config = c;
	images = info;
}

/* Zeroes the next few MiB of what is reset at a start. True when all is done. */
static bool launch_scrub(struct domain *d)
{
	uint64_t skip = d->scrubbed;
	uint64_t left = SCRUB_BYTES_A_TURN;

	for (unsigned i = 0; i < d->extents && left; i++) {
		struct extent *x = &d->extent[i];
		bool keep =
			x->kind == EXTENT_MODULE || (x->kind != EXTENT_RAM && d->incarnation > 1);
		uint64_t bytes;

		if (keep)
			continue;
		if (skip >= x->bytes) {
			skip -= x->bytes;
			continue;
		}
		bytes = MIN(left, x->bytes - skip);
		if (!guest_zero(d, gpa(x->gpa.v + skip), bytes))
			panic("%s: its memory cannot be reached", d->name);
		d->scrubbed += bytes;
		left -= bytes;
		skip = 0;
	}
	return left != 0;
}

/* A config module as it lies in memory; checks size and checksum, the latter until it was found
   right: a large kernel's takes longer than the rest of its start. One that is an image is no RAM
   disk (config_served.c), so that nobody writes there but a device that nothing confines. */
static enum err launch_image(uint16_t module, struct span *out, char *why, size_t size)
{
	static bool right[CONFIG_MODULES];
	const struct config_module *m;

	*out = (struct span){ 0 };
	if (module == CONFIG_NONE)
		return OK;
	m = &config->module[module];
	for (size_t i = 0; i < images->count; i++) {
		const struct start_module *s = &images->modules[i];

		if (strcmp(s->name, m->name))
			continue;
		if (s->bytes != m->bytes) {
			format(why, size,
			       "module %s has %lu bytes, the config says %lu: make "
			       "the image again with `bh image`",
			       m->name, s->bytes, m->bytes);
			return ERR_RANGE;
		}
		if (!right[module] && crc32c(0, s->data, s->bytes) != m->crc) {
			format(why, size,
			       "module %s is damaged: its checksum differs from the "
			       "config's; make the image again with `bh image`",
			       m->name);
			return ERR_CHECKSUM;
		}
		right[module] = true;
		*out = (struct span){ s->data, s->bytes };
		return OK;
	}
	format(why, size, "module %s is missing: GRUB did not load it; check grub.cfg", m->name);
	return ERR_NOENT;
}

static enum err launch_load(struct domain *d, struct loader_entry *entry, char *why, size_t size)
{
	struct loader_images in;
	enum err e = OK;

	if (!stage_hold(d, &in.image))
		e = launch_image(d->config->image, &in.image, why, size);
	if (e == OK)
		e = launch_image(d->config->initrd, &in.initrd, why, size);
	entry->kept = (struct hv_note_state){ 0 };
	if (e == OK)
		e = loader_load(d, &in, entry, why, size);
	if (e == OK)
		stage_started(d, &entry->kept);
	stage_release(d);
	return e;
}

static void launch_say(const struct domain *d)
{
	char cpus[CONFIG_VCPUS * 5];
	size_t n = 0;

	for (unsigned i = 0; i < d->vcpus; i++)
		n += format(cpus + n, sizeof(cpus) - n, "%s%u", i ? ", " : "", d->vcpu[i]->cpu);
	log_info("%s: started, incarnation %u, %lu MiB on CPU %s", d->name, d->incarnation,
		 d->config->memory >> 20, cpus);
}

void launch_turn(struct domain *d)
{
	static struct loader_entry entries[CONFIG_DOMAINS];
	struct loader_entry *entry = &entries[d->id];
	struct vcpu *v = d->vcpu[0];
	char why[160];

	if (!launch_scrub(d))
		return;
	d->starting = false;
	if (launch_load(d, entry, why, sizeof(why)) != OK) {
		ending_give_up(d, why);
		return;
	}
	sched_off(v);
	/* The UART first: with its interrupts off it leaves its line alone, whoever types. */
	vuart_reset(d);
	vioapic_reset(d);
	vpci_reset(d);
	vpc_reset(d);
	vpower_reset(d);
	d->tsc_offset = -tsc_read();
	vcpu_reset(v, &entry->regs, &entry->state);
	event_reset(v);
	for (unsigned i = 1; i < d->vcpus; i++)
		vcpu_request(d->vcpu[i], REQUEST_RESET);
	service_starting(d);
	if (d->config->watchdog_ms)
		(void)!watchdog_ask(d, d->config->watchdog_ms);
	launch_say(d);
	sched_ready(v);
}
