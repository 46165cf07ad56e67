/*
 * The paths that bench measures. A path is one thing done `rounds` times in a plain loop; what the
 * empty loop costs is taken off. Each file offers a table of its paths.
 */
#ifndef GUESTS_BENCH_BENCH_H
#define GUESTS_BENCH_BENCH_H

#include <stdint.h>

#include "lib/bits.h"

struct path {
	const char *name;
	/* Puts the machine into the state that run needs; NULL, or why the path is skipped. */
	const char *(*prepare)(void);
	void (*run)(unsigned rounds);
	unsigned rounds;      /* in one batch; 0: as many as usual */
	void (*settle)(void); /* before each batch, not counted; NULL: nothing */
};

/* Tables end with a NULL name. */
extern const struct path cpu_paths[], apic_paths[], device_paths[], net_paths[];

/* The vectors that bench uses. */
enum { VECTOR_IPI = 0x40, VECTOR_DISK = 0x41, VECTOR_NET = 0x42 };

#define CPUID_X2APIC BIT(21) /* leaf 1 ecx */

#endif
