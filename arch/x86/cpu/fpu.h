/*
 * x87, SSE, AVX... state of guests: switched eagerly, never lazily. The hypervisor itself uses
 * none of it but in wide.c, which keeps it. Areas are in XSAVE's standard format (FXSAVE's where
 * there is no XSAVE).
 */
#ifndef ARCH_X86_CPU_FPU_H
#define ARCH_X86_CPU_FPU_H

#include <stddef.h>
#include <stdint.h>

/* Each CPU: CR0, CR4 and XCR0 = fpu_xcr0_mask(). The boot CPU's call also measures the area. */
void fpu_init_cpu(void);

/* Bytes of an area, which must be 64-aligned. */
size_t fpu_area_bytes(void);
/* The components that the machine has and we switch: the host's XCR0, and the most a guest may
   set. 0 where there is no XSAVE. */
uint64_t fpu_xcr0_mask(void);

/* Both work on all components of fpu_xcr0_mask(), so XCR0 must hold that value: the caller sets it
   before, and the guest's after, where they differ. */
void fpu_save(void *area);
void fpu_restore(const void *area);
/* Makes it the state after reset. */
void fpu_area_reset(void *area);

#endif
