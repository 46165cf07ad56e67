/*
 * A guest for host unit tests: one vCPU whose modes and segments a test sets, RAM that is a host
 * buffer, exceptions that are recorded. It takes the place of the backend, of the CPU layer and of
 * mm/hvmap.c; vmm/guestmem.c and what stands on it are the real ones.
 */
#ifndef TESTS_UNIT_FAKE_GUEST_H
#define TESTS_UNIT_FAKE_GUEST_H

#include "vmm/domain.h"

#define FAKE_RAM  0x1000000ull   /* bytes of RAM from guest-physical 0 on */
#define FAKE_HIGH 0x100000000ull /* and one page here */

extern struct domain fake_domain;
extern struct config_domain fake_config;
extern struct vcpu fake_vcpu;
extern struct vcpu_mode fake_mode;
extern struct vcpu_segment fake_segment[SEG_COUNT];
extern uint8_t *fake_ram;

/* What was injected or said since fake_reset. */
extern int fake_vector; /* -1: nothing */
extern uint64_t fake_error, fake_address;
extern unsigned fake_complaints, fake_mappings;
extern unsigned fake_windows; /* opened, those closed again as well */
extern bool fake_window_open;

/* RAM zero, long mode without paging tricks: paging off, 64-bit code, segments flat. */
void fake_reset(void);

/* Empties this CPU's mapping caches; fake_domain is the one that runs. */
void fake_drop(void);

/* Identity-maps the first GiB with 2 MiB pages, 4-level tables at 0x1000; extra entry bits. */
void fake_long_mode(uint64_t bits);

static inline uint64_t *fake_word(uint64_t at)
{
	return (uint64_t *)(fake_ram + at);
}

#endif
