/*
 * A domain: memory, vCPUs, a platform and rights. Domains are built once, at boot, from the config;
 * afterwards they start, stop, die and start again in the same memory. "boot": written while only
 * the boot CPU runs, constant afterwards.
 */
#ifndef VMM_DOMAIN_H
#define VMM_DOMAIN_H

#include "abi/hypercall.h"
#include "lib/addr.h"
#include "lib/bits.h"
#include "lib/spinlock.h"
#include "mm/ptab.h"
#include "vmm/config.h"
#include "vmm/timer.h"
#include "vmm/vcpu.h"

#define DOMAIN_EXTENTS 12
#define DOMAIN_CAPS    128

enum extent_kind { EXTENT_RAM, EXTENT_DMA, EXTENT_KEPT, EXTENT_MODULE, EXTENT_ROM };

/* A piece of a domain's own memory. */
struct extent {
	gpa_t gpa;
	hpa_t hpa;
	uint64_t bytes;
	uint8_t kind;    /* enum extent_kind */
	uint16_t module; /* EXTENT_MODULE */
};

struct vioapic;
struct vuart;
struct vpci;
struct vpc;
struct ioreq_set;
struct cap_table;
struct hv_boot;
struct start_info;

struct domain {
	/* boot */
	uint16_t id;
	const struct config_domain *config;
	const char *name;
	struct vcpu *vcpu[CONFIG_VCPUS];
	unsigned vcpus;
	struct extent extent[DOMAIN_EXTENTS];
	unsigned extents;
	struct vioapic *ioapic;
	struct vuart *uart;
	struct vpci *pci;
	struct vpc *pc;           /* platform: pc, else NULL */
	struct ioreq_set *ioreqs; /* ranges and pages of the back ends that serve this domain */
	struct cap_table *caps;
	struct hv_boot *boot; /* boot page, guests of ours only */
	uint64_t boot_gpa;
	uint64_t overhead; /* hypervisor bytes held */

	/* table_lock; the plain exit path never takes it */
	struct spinlock table_lock;
	struct ptab nested;
	struct pool pool;

	/* owner CPU of vCPU 0; read by others as hints */
	uint32_t state; /* enum hv_domain_state */
	uint32_t incarnation;
	uint32_t orders;   /* bits 1 << enum hv_domain_op and of lifecycle.c, set by any CPU before
			      REQUEST_ORDER */
	uint32_t holders;  /* atomic: domains that still hold memory of the last incarnation */
	bool wants_start;  /* to be started when nobody holds its memory */
	bool starting;     /* being scrubbed and loaded by its vCPU's turns */
	uint64_t scrubbed; /* bytes, while starting */
	char last_words[96];
	uint64_t tsc_offset;   /* of all its vCPUs at their start */
	uint32_t restarts;     /* within the last minute, from minute_start on */
	uint64_t minute_start; /* TSC */
	struct timer watchdog;
	struct timer patience; /* alive: how long it may take to stop; pausing: until its restart */
	bool pausing;
	uint64_t wall_base; /* wall clock seconds at TSC zero */

	/* any CPU, atomically */
	uint32_t button;      /* 1: the power button was pressed and not read yet (vpower.c) */
	uint32_t end;         /* lifecycle.c: a vCPU of another CPU has ended the domain */
	uint32_t watchdog_ms; /* as asked for last */
	uint32_t stop_ms;     /* likewise: of the last HV_DOMAIN_STOP, 0: as the config says */
	char end_words[96];   /* why: of who has set `end`, until the owner takes them */

	/* complaint_lock of domain.c */
	uint32_t said[32]; /* checksums of the complaints that were logged */
	uint32_t complaints;
};

/* Boot: builds every domain of the config. */
void domains_build(const struct config *c, const struct start_info *info);

unsigned domain_count(void);
struct domain *domain_get(unsigned id); /* NULL if there is none */

#define domain_for_each(d) for (struct domain *d = domain_get(0); d; d = domain_get(d->id + 1u))

/* Stops a domain for its own fault: logs "NAME: stopped: WHY", remembers the words, applies the
   restart policy. On one of its own vCPUs' CPU, without a lock: that vCPU does not run again after
   the handler returns VERDICT_KILL, which this returns. On the CPU of its first vCPU no other vCPU
   runs any more, either, on return; else soon. Of several faults at a time the first is told. */
PRINTF(2, 3) enum verdict domain_kill(struct domain *d, const char *fmt, ...);

/* The guest switched itself off or reset itself (ACPI, HV_EXIT). As domain_kill. */
enum verdict domain_power(struct domain *d, bool reset);

/* A holder of windows is done with all that it had of this domain's last incarnation (its
   controllers are quiet), or died: when the last one is, the domain may start again. Any CPU. */
void domain_released(struct domain *d, unsigned holder);

/* On return no CPU uses nested translations older than this call. Any CPU; waits for the others,
   so no lock is held. */
void domain_flush(struct domain *d);

/* Carries out enum hv_domain_op from any CPU; asynchronous. argument: of HV_DOMAIN_STOP.
   Errors: STATE, INVAL. */
must_check enum err domain_control(struct domain *d, uint32_t op, uint64_t argument);

/* True if [gpa, gpa+bytes) is this domain's own RAM. */
bool domain_owns(const struct domain *d, gpa_t gpa, uint64_t bytes);

/* A message about what the guest did, "NAME: ...": each text once, 32 texts for each domain. */
PRINTF(2, 3) void domain_complain(struct domain *d, const char *fmt, ...);

#endif
