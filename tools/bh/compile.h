/*
 * From a configuration file to the blob that the hypervisor reads. Everything wrong is reported,
 * not only the first thing; then config_check, which the hypervisor runs too, has the last word.
 */
#ifndef TOOLS_BH_COMPILE_H
#define TOOLS_BH_COMPILE_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/bh/modules.h"
#include "vmm/config.h"

/* A checked configuration. */
struct system_image {
	struct config blob;
	struct modules modules;
	char cmdline[256]; /* the hypervisor's */
	char memory[16];   /* the emulated machine's, as QEMU takes it; empty: not given */
	char disk[512];    /* its disk, KIND:FILE; empty: none */
	char net[256];     /* its network card, as net_parse takes it; empty: none */
	unsigned cpus;     /* its CPUs; 0: not given */
};

/* False if anything was wrong; it has been reported then. */
bool compile(const char *file, struct system_image *out);

/* Prints what share of its CPU each vCPU in the cyclic table has. */
void schedule_print(const struct config *c);

#endif
