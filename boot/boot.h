/*
 * Between the files of boot/: the steps that main.c calls, in the order of their calls.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "boot/boot_info.h"
#include "boot/cmdline.h"
#include "vmm/backend.h"
#include "vmm/start.h"

/* entry.asm's only calls. info: physical address of Multiboot2's information. */
NORETURN void boot_main(uint32_t info);
NORETURN void boot_ap_main(struct cpu *c);
NORETURN void boot_on_stack(uint64_t top, void (*fn)(void));

/* The verdict on the hardware: logs it and returns the backend; if this machine can't run guests,
   says what is missing and what to do, and stops. */
const struct backend *verdict_on_hardware(void);
/* Tells the backend which features not to use, and which to use all the same. */
void verdict_wishes(const struct options *o);
/* Stops without a panic: the user has read what to do. */
NORETURN void verdict_stop(void);

/* Gives the free memory to frames.c. */
void memory_init(const struct boot_info *info);
/* A page below 1 MiB where application processors may start; 0: none. */
hpa_t memory_trampoline(const struct boot_info *info);
/* Maps the modules: start_domains' view of them. */
size_t memory_modules(const struct boot_info *info, struct start_module *modules);

/* Stacks of a CPU, with guard pages, into its block. */
void smp_make_stacks(struct cpu *c);
/* Starts the other CPUs, at most `limit` with this one. They wait until smp_release. */
void smp_start(hpa_t trampoline, unsigned limit);
void smp_release(void);
/* An application processor waits here for smp_release. */
void smp_wait_for_release(struct cpu *c);

#endif
