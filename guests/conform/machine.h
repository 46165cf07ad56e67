/*
 * What the cases run on beyond guests/lib: a GDT with segments for both rings and some that are
 * wrong, a TSS, gates that ring 3 may use, and pages of the guest's own choice at fixed addresses:
 *
 *   USER_IMAGE  this image again, for ring 3: readable, writable, executable
 *   TEST_PAGES  512 pages whose entries a case writes itself, none present at first
 */
#ifndef GUESTS_CONFORM_MACHINE_H
#define GUESTS_CONFORM_MACHINE_H

#include <stdint.h>

#include "lib/bits.h"

enum {
	SELECTOR_CODE = 0x08,
	SELECTOR_DATA = 0x10,
	SELECTOR_USER_CODE32 = 0x18 | 3,
	SELECTOR_USER_DATA = 0x20 | 3,
	SELECTOR_USER_CODE = 0x28 | 3,
	SELECTOR_TSS = 0x30, /* two entries */
	SELECTOR_ABSENT_DATA = 0x40,
	SELECTOR_ABSENT_CODE = 0x48,
	SELECTOR_READ_ONLY = 0x50,
	SELECTOR_CODE32 = 0x58,
	SELECTOR_EXECUTE_ONLY = 0x60,
	SELECTOR_BUSY_TSS = 0x70,   /* two entries */
	SELECTOR_ABSENT_LDT = 0xa0, /* two entries */
	SELECTOR_PAST_GDT = 0xb0,
};

#define USER_IMAGE 0x600000000000ull
#define TEST_PAGES 0x600000200000ull

#define PTE_P   BIT(0)
#define PTE_W   BIT(1)
#define PTE_U   BIT(2)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_A   BIT(5)
#define PTE_D   BIT(6)
#define PTE_PS  BIT(7)
#define PTE_G   BIT(8)
#define PTE_NX  BIT(63)

/* Loads GDT, TSS and IDT, maps the two ranges and switches SSE on. */
void machine_init(void);

/* LTR, whatever was done to the TSS's descriptor before. */
void machine_load_tss(void);

/* Entries: page n of TEST_PAGES; the directory entry above them, and the one beside it, for a page
   of 2 MiB at TEST_PAGES + 2 MiB; the entry of 1 GiB at USER_IMAGE + 1 GiB. */
uint64_t *machine_pte(unsigned page);
uint64_t *machine_pde(unsigned n);
uint64_t *machine_pdpte(unsigned n);

static inline uint64_t machine_page(unsigned n)
{
	return TEST_PAGES + n * 4096ull;
}

/* Page n of TEST_PAGES becomes `entry`; the translation is flushed. */
void machine_map(unsigned n, uint64_t entry);

/* Where ring 3 sees something of this image. */
uint64_t machine_user(const void *p);
static inline uint64_t machine_address(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* The IDT entry of a vector, two words. */
uint64_t *machine_gate(unsigned vector);

/* A frame of RAM for a case: 16 of them, zero at first. */
uint8_t *machine_frame(unsigned n);

/* Gives the TSS an I/O permission map of `bytes` bytes, 0 for none, then the byte of ones that must
   follow: its first 8 ports are open, the others closed. */
void machine_io_map(unsigned bytes);

#endif
