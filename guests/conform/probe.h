/*
 * Runs a piece of code with chosen registers in ring 0 or 3 and tells how it ended: at its end, or
 * by which exception, with which error code, where. Interrupts are off unless rflags says else.
 */
#ifndef GUESTS_CONFORM_PROBE_H
#define GUESTS_CONFORM_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "guests/lib/trap.h"

/* A line of a table made by case.inc: what it does, and its code. */
struct snippet {
	const char *name;
	const uint8_t *code;
	uint64_t length;
};

#define PROBE_DONE 0x81 /* the vector that ends a snippet */

#define FLAG_CF      BIT(0)
#define FLAG_AC      BIT(18)
#define FLAGS_STATUS (BIT(0) | BIT(2) | BIT(4) | BIT(6) | BIT(7) | BIT(11))

struct probe {
	/* In: registers and rflags; rsp 0 takes the probe's own stack, cs is chosen by `user`.
	   Out: what the trap found. */
	struct trap_frame regs;
	bool user;
	bool done;    /* out: it came to its end */
	uint64_t cr2; /* out */
	int64_t rip;  /* out: from the start of the code */
};

void probe_init(void);

/* Code in this image. */
void probe_run(struct probe *p, const struct snippet *s);

/* Code at any address, which ring 3 sees there as well. */
void probe_at(struct probe *p, uint64_t code, uint64_t length);

/* Runs a snippet with all registers zero: ring 0 or 3. */
void probe_plain(struct probe *p, const struct snippet *s, bool user);

/* Makes a trap or interrupt of this vector the end of a probe: all are at first. Undoes
   trap_bind(). */
void probe_catch(unsigned vector);

/* "ok", or as "#GP(0x0)", "#PF(0x2) at 0x600000200000"; the address of the instruction follows if
   it is not the snippet's first: "#BP rip+1". Valid until the next call. */
const char *probe_text(const struct probe *p);

/* Reports the snippet's line with probe_text(). */
void probe_report(const struct probe *p, const struct snippet *s);

/* Runs and reports each snippet of a table, which a line without a name ends. */
void probe_table(const struct snippet *table, bool user);

/* The name of exception `vector`, or NULL. */
const char *probe_vector_name(unsigned vector);

/* Top of the stack that probes run on. */
uint64_t probe_stack(bool user);

#endif
