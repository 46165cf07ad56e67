/*
 * An emulated machine that is ready to start: the words of its command line and how its serial
 * port is reached. qemu.c and bochs.c fill it in, run.c starts it.
 */
#ifndef TOOLS_BH_EMULATOR_H
#define TOOLS_BH_EMULATOR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"
#include "tools/bh/compile.h"
#include "tools/bh/net.h"
#include "tools/bh/options.h"

#define EMULATOR_ARGS 128

struct emulator {
	const char *name;
	char *argv[EMULATOR_ARGS]; /* NULL-terminated */
	unsigned argc;
	const char *scratch; /* a folder for its files */
	int listener;        /* its serial port connects to this socket; -1: it is bh's own standard
				input and output, and the emulator treats the terminal */
	int control;         /* likewise its control port; -1: there is none, or the emulator
				makes its socket itself */
	char log[PATH_MAX];  /* its own words, empty: among the others */
	char output[PATH_MAX]; /* where its standard output goes then */
};

/* Each call adds one word; the last slot stays NULL. */
PRINTF(2, 3) void emulator_add(struct emulator *e, const char *fmt, ...);

/* The machine's memory in MiB and its number of CPUs, by option, by file or by default. */
uint64_t emulator_memory(const struct system_image *s, const struct options *o);
unsigned emulator_cpus(const struct system_image *s, const struct options *o);

enum disk_kind { DISK_NONE, DISK_ANY, DISK_NVME, DISK_VIRTIO, DISK_AHCI, DISK_IDE };

/* The machine's network card, and what is forwarded to it (see net.h), by option or by file. */
enum net_kind emulator_net(const struct system_image *s, const struct options *o,
			   const char **forwards);

/* The machine's disk, [KIND:]FILE by option or by file: its kind, and `file` pointing into the
   text. False after reporting that the file cannot be used. */
bool emulator_disk(const struct system_image *s, const struct options *o, enum disk_kind *kind,
		   const char **file);

#endif
