/*
 * Building domains from the config, once, at boot. What a domain gets: extents of memory, a pool
 * for its nested tables, its vCPUs and its platform. A domain that does not fit is dead from the
 * start, with the reason; the others go on.
 */
#include "vmm/domain.h"

#include "abi/boot.h"
#include "abi/platform.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/hvmap.h"
#include "vmm/backend.h"
#include "vmm/mailbox.h"
#include "vmm/place.h"
#include "vmm/sched.h"
#include "vmm/service.h"
#include "vmm/stage.h"
#include "vmm/start.h"
#include "vmm/vcpu_make.h"
#include "vmm/vioapic.h"
#include "vmm/vuart.h"

#define POOL_SLACK 19 /* table pages for splits and the local APIC; service_build adds to them */

static struct domain domains[CONFIG_DOMAINS];
static unsigned count;
static struct spinlock complaint_lock; /* guards said and complaints of every domain */

unsigned domain_count(void)
{
	return count;
}

struct domain *domain_get(unsigned id)
{
	return id < count ? &domains[id] : NULL;
}

bool domain_owns(const struct domain *d, gpa_t at, uint64_t bytes)
{
	for (unsigned i = 0; i < d->extents; i++) {
		const struct extent *x = &d->extent[i];

		if (at.v >= x->gpa.v && range_within(at.v - x->gpa.v, bytes, x->bytes))
			return true;
	}
	return false;
}

/* How many different texts d has been told of with this one; 0: it was one of them, or too many. */
static uint32_t domain_note(struct domain *d, uint32_t sum)
{
	uint32_t n = 0;

	spin_lock(&complaint_lock);
	while (n < d->complaints && d->said[n] != sum)
		n++;
	if (n == d->complaints && n < ARRAY_SIZE(d->said)) {
		d->said[n] = sum;
		d->complaints = ++n;
	} else {
		n = 0;
	}
	spin_unlock(&complaint_lock);
	return n;
}

PRINTF(2, 3) void domain_complain(struct domain *d, const char *fmt, ...)
{
	char text[128];
	va_list ap;
	uint32_t sum, told;

	if (__atomic_load_n(&d->complaints, __ATOMIC_RELAXED) == ARRAY_SIZE(d->said))
		return;
	va_start(ap, fmt);
	sum = crc32c(0, text, format_va(text, sizeof(text), fmt, ap));
	va_end(ap);
	told = domain_note(d, sum);
	if (!told)
		return;
	log_warn("%s: %s", d->name, text);
	if (told == ARRAY_SIZE(d->said))
		log_warn("%s: no more of these will be shown", d->name);
}

/* Adds memory. In a service domain it lies where the machine has it (contract.md section 1). */
static void domain_add_extent(struct domain *d, enum extent_kind kind, uint64_t at, hpa_t base,
			      uint64_t bytes)
{
	bool identity = d->config->flags & CONFIG_FLAG_SERVICE;

	assert(d->extents < DOMAIN_EXTENTS);
	d->extent[d->extents++] = (struct extent){
		.gpa = gpa(identity ? base.v : at), .hpa = base, .bytes = bytes, .kind = kind
	};
}

static bool domain_take(struct domain *d, enum extent_kind kind, uint64_t at, uint64_t bytes)
{
	uint64_t limit = kind == EXTENT_DMA ? HV_GUEST_HIGH : 0;
	uint64_t align = bytes >= GIB_1 ? GIB_1 : bytes >= MIB_2 ? MIB_2 : PAGE_SIZE;
	hpa_t base;

	if (!bytes)
		return true;
	if (frames_take(bytes, align, limit, &base) != OK &&
	    (align == PAGE_SIZE || frames_take(bytes, MIB_2, limit, &base) != OK)) {
		format(d->last_words, sizeof(d->last_words),
		       "memory: %lu KiB in one piece%s do not fit, the machine has %lu left: lower "
		       "it",
		       bytes >> 10, limit ? " below 4 GiB" : "",
		       frames_largest(PAGE_SIZE, limit) >> 10);
		return false;
	}
	domain_add_extent(d, kind, at, base, bytes);
	return true;
}

/* Firmware has its place up to 4 GiB, in memory of its own. */
static uint64_t domain_rom_bytes(const struct domain *d, const struct config *c)
{
	bool has = d->config->protocol == CONFIG_FIRMWARE;

	return has ? page_up(c->module[d->config->image].bytes) : 0;
}

static bool domain_take_memory(struct domain *d, const struct config *all)
{
	const struct config_domain *c = d->config;
	uint64_t low = MIN(c->memory, HV_GUEST_MEM32), rom = domain_rom_bytes(d, all);

	if (c->flags & CONFIG_FLAG_SERVICE)
		low = c->memory;
	return domain_take(d, EXTENT_RAM, 0, low) &&
	       domain_take(d, EXTENT_RAM, HV_GUEST_HIGH, c->memory - low) &&
	       domain_take(d, EXTENT_ROM, HV_GUEST_HIGH - rom, rom) &&
	       domain_take(d, EXTENT_DMA, 0, c->dma_pool) &&
	       domain_take(d, EXTENT_KEPT, 0, c->kept);
}

/* Modules that this domain serves as RAM disks become memory of its own. */
static void domain_add_module(struct domain *d, uint16_t module, const struct config *c,
			      const struct start_info *info)
{
	for (unsigned i = 0; i < d->extents; i++)
		if (d->extent[i].kind == EXTENT_MODULE && d->extent[i].module == module)
			return;
	for (size_t i = 0; i < info->count; i++) {
		const struct start_module *m = &info->modules[i];

		if (strcmp(m->name, c->module[module].name))
			continue;
		if (m->bytes != c->module[module].bytes || d->extents == DOMAIN_EXTENTS)
			break;
		domain_add_extent(d, EXTENT_MODULE, 0, m->hpa, page_up(m->bytes));
		d->extent[d->extents - 1].module = module;
		return;
	}
	log_error("%s: module %s, a RAM disk, is missing or has the wrong size", d->name,
		  c->module[module].name);
}

static void domain_add_modules(struct domain *d, const struct config *c,
			       const struct start_info *info)
{
	for (unsigned g = 0; g < c->domains; g++) {
		for (unsigned i = 0; i < c->domain[g].served; i++) {
			const struct config_served *s = &c->domain[g].serve[i];

			if (s->backend != d->id)
				continue;
			if (s->source_kind == HV_SOURCE_MODULE)
				domain_add_module(d, s->source, c, info);
			else if (s->source_kind == HV_SOURCE_DEVICE && s->fallback != CONFIG_NONE)
				domain_add_module(d, s->fallback, c, info);
		}
	}
}

static bool domain_may_fetch(const struct extent *x)
{
	return x->kind == EXTENT_RAM || x->kind == EXTENT_ROM;
}

static unsigned domain_table_pages(const struct domain *d, const struct ptab_format *f)
{
	unsigned pages = POOL_SLACK;

	for (unsigned i = 0; i < d->extents; i++) {
		pages += 5 + (d->extent[i].bytes >> 30);
		if (domain_may_fetch(&d->extent[i]) && f->max_exec_leaf == 1)
			pages += d->extent[i].bytes >> 21;
	}
	return pages;
}

static void domain_make_tables(struct domain *d)
{
	const struct ptab_format *format = backend->nested_format();
	unsigned pages = domain_table_pages(d, format);
	unsigned rights;

	pool_add(&d->pool, frames_hv(pages), pages);
	if (ptab_init(&d->nested, format, &d->pool) != OK)
		panic("%s: no page for its nested tables", d->name);
	for (unsigned i = 0; i < d->extents; i++) {
		const struct extent *x = &d->extent[i];

		rights = PTAB_READ | (x->kind == EXTENT_ROM ? 0 : PTAB_WRITE) |
			 (domain_may_fetch(x) ? PTAB_EXEC : 0);
		if (ptab_map(&d->nested, x->gpa.v, x->hpa, x->bytes, rights) != OK)
			panic("%s: %u pages are too few for its nested tables", d->name, pages);
	}
}

static void domain_make(struct domain *d, const struct config *c, const struct start_info *info)
{
	uint64_t before = frames_hv_bytes();

	domain_make_tables(d);
	d->wall_base = info->wall_seconds;
	for (unsigned i = 0; i < d->config->vcpus; i++)
		d->vcpu[i] = vcpu_make(d, i, place_of(d->id, i));
	d->vcpus = d->config->vcpus;
	vioapic_init(d);
	vuart_init(d);
	d->overhead = sizeof(*d) + frames_hv_bytes() - before;
}

void domains_build(const struct config *c, const struct start_info *info)
{
	count = c->domains;
	for (unsigned i = 0; i < count; i++) {
		domains[i].id = i;
		domains[i].config = &c->domain[i];
		domains[i].name = c->domain[i].name;
		timer_init(&domains[i].watchdog, NULL);
		timer_init(&domains[i].patience, NULL);
	}
	sched_plan(c);
	for (unsigned i = 0; i < count; i++) {
		struct domain *d = &domains[i];

		if (!domain_take_memory(d, c)) {
			d->extents = 0;
			d->state = HV_STATE_DEAD;
			log_error("%s: not built: %s", d->name, d->last_words);
		}
	}
	for (unsigned i = 0; i < count; i++)
		if (domains[i].extents)
			domain_add_modules(&domains[i], c, info);
	for (unsigned i = 0; i < count; i++)
		if (domains[i].extents)
			domain_make(&domains[i], c, info);
	sched_table_build(c);
	if (service_build() != OK)
		log_error("config %s: goes on without what this machine lacks", c->name);
	stage_build(); /* last: it does without where memory is short */
}

/* Each CPU serves the requests of its vCPUs while no guest runs there (mailbox.c). */
void domain_flush(struct domain *d)
{
	unsigned here = cpu_index();

	for (unsigned i = 0; i < d->vcpus; i++) {
		if (d->vcpu[i]->cpu == here)
			backend->flush(d->vcpu[i]);
		else
			vcpu_request(d->vcpu[i], REQUEST_FLUSH);
	}
	for (unsigned i = 0; i < d->vcpus; i++)
		if (d->vcpu[i]->cpu != here)
			mailbox_wait(d->vcpu[i], REQUEST_FLUSH);
}
