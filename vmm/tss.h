/*
 * Task-state segments and the descriptors that a task switch loads (SDM 3A 8.2, 8.3): layouts and
 * checks, without any guest. Used by task_switch.c; tested on the host.
 */
#ifndef VMM_TSS_H
#define VMM_TSS_H

#include "lib/bits.h"
#include "vmm/vcpu.h"

#define TSS_BYTES      104 /* what the CPU uses of a 32-bit one */
#define TSS_LINK_BYTES 2   /* the back link, at offset 0 of either */

/* Where a TSS keeps what the CPU saves in it when a task is left: this range and no more. */
struct tss_form {
	uint16_t bytes; /* the least that a TSS must have */
	uint16_t saved_at, saved_end;
};

const struct tss_form *tss_form(bool wide);

/* What a TSS holds of a task, whichever form it has. */
struct tss_task {
	uint32_t eip, eflags, gpr[8], cr3;
	uint16_t selector[SEG_LDTR + 1];
	bool trap; /* #DB when the task begins */
};

/* wide: a 32-bit TSS. tss_save leaves all else in `bytes` as it is. tss_load gives flags that the
   CPU can have; a 16-bit TSS has no CR3, FS and GS: 0. */
void tss_save(uint8_t bytes[TSS_BYTES], bool wide, const struct tss_task *t);
void tss_load(const uint8_t bytes[TSS_BYTES], bool wide, struct tss_task *t);

/* A descriptor of the GDT or LDT as a segment. */
struct vcpu_segment tss_segment(uint16_t selector, uint64_t descriptor);
/* The segment that this selector stands for in virtual-8086 mode. */
struct vcpu_segment tss_segment_v86(uint16_t selector);
/* What is in a register whose selector is null or could not be loaded. */
struct vcpu_segment tss_segment_none(enum vcpu_seg n, uint16_t selector, unsigned cpl);

/* Whether a segment register may take this segment at a task switch to privilege level cpl (SDM 3A
   table 8-1): 0, or the vector of the fault, whose error code is the selector. A null selector is
   the caller's matter: tss_null_fault. */
unsigned tss_segment_fault(enum vcpu_seg n, const struct vcpu_segment *s, unsigned cpl);
unsigned tss_null_fault(enum vcpu_seg n);

/* The same for the TSS that is switched to: busy if it is returned to (IRET), else available. */
unsigned tss_fault(const struct vcpu_segment *tss, bool returns);

#define TSS_BUSY BIT(1) /* of the descriptor's type */

static inline bool tss_is_wide(const struct vcpu_segment *tss)
{
	return tss->attributes & BIT(3);
}

#endif
