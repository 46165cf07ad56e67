/*
 * Private to emulate*.c: one memory operand of the instruction in hand, read or written piece by
 * piece, RAM or device. An instruction may have to begin again after it has slept for a back end's
 * answer; v->emulate then holds how many pieces were done and what they read, and those are not
 * repeated: a device sees each access once, and RAM is read once.
 */
#ifndef VMM_EMULATE_MEMORY_H
#define VMM_EMULATE_MEMORY_H

#include "vmm/decode.h"
#include "vmm/emulate.h"

struct emulation {
	struct vcpu *v;
	const struct insn *insn;
	struct vcpu_mode mode;
	uint64_t device_page; /* guest-physical: the one that faulted, which is no RAM */
	unsigned pieces;      /* of this pass, done now or before */
	bool goes_on;         /* a repeated string that traps (TF) before its next element */
};

struct operand {
	gva_t at;       /* linear */
	uint8_t number; /* 0 or 1: which of v->emulate.value is its */
	uint8_t bytes;  /* 1, 2, 4, 8 */
	bool write;     /* it will be written: a read already checks for that */
};

/* DONE, or RETRY (#PF or #GP injected), BLOCK, KILL. */
enum verdict emulate_read(struct emulation *m, const struct operand *o, uint64_t *value);
enum verdict emulate_write(struct emulation *m, const struct operand *o, uint64_t value);

/* False if writing it would fault: the fault was injected. */
must_check bool emulate_can_write(struct emulation *m, const struct operand *o);

/* Fetches and decodes into m->insn. DONE; RETRY when a fault was injected; KILL. emulate_fetch.c */
enum verdict emulate_fetch(struct emulation *m, const struct vm_exit *e);

/* Strings: emulate_string.c. */
enum verdict emulate_string(struct emulation *m);

#endif
