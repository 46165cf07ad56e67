/*
 * The hypervisor's own command line: words, each KEY=VALUE. Everything else about the system is in
 * its config.
 */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/cpu/cpu.h"
#include "lib/log.h"

struct options {
	enum log_level log; /* log=error|warn|info|debug */
	unsigned cpus;      /* cpus=N: start at most so many */
	/* without=NAME,NAME: optional features of the virtualization extension that are not used,
	   so that the path without them can be tested; in the command line, NULL: none. */
	const char *without;
	size_t without_bytes;
	/* with=NAME,NAME: those that are used although they are defective on this CPU; the same. */
	const char *with;
	size_t with_bytes;
	uint32_t trace;  /* trace=all|NAME,...: bits of enum hv_trace_event */
	bool trace_dump; /* dump among these names: printed when the machine ends */
};

/* Fills *o; an unknown word or value is a warning that says what would be right. */
void cmdline_parse(struct options *o, const char *cmdline);

#endif
