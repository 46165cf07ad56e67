/*
 * How the boot code hands the machine over to the vendor-neutral hypervisor.
 */
#ifndef VMM_START_H
#define VMM_START_H

#include <stdbool.h>

#include "lib/addr.h"
#include "lib/bits.h"

/* A Multiboot2 module: its first word as name, mapped read-only at data, page-aligned. */
struct start_module {
	const char *name;
	hpa_t hpa;
	const void *data;
	uint64_t bytes;
};

struct start_info {
	const struct start_module *modules;
	size_t count;
	const char *cmdline;
	uint32_t trace;        /* bits of enum hv_trace_event, recorded from the start */
	bool trace_dump;       /* and printed at the end */
	uint64_t wall_seconds; /* since 1970 at TSC zero; 0 unknown */
};

/* Boot CPU, when all CPUs, timers and drivers are up: checks the config, takes all memory, builds
   every domain. A bad config is one log line and a machine that powers off. */
void start_domains(const struct start_info *info);

/* Every CPU, last: its scheduler loop. */
NORETURN void start_cpu(void);

#endif
