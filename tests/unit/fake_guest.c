/*
 * See fake_guest.h. this_cpu() reads gs:0, so gs gets a base here.
 */
#include "tests/unit/fake_guest.h"

#include <asm/prctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/cpu/wide.h"
#include "lib/assert.h"
#include "mm/hvmap.h"
#include "vmm/backend.h"
#include "vmm/guestmem.h"

#define HOST_BASE 0x40000000ull /* host-physical address of the buffer */

struct domain fake_domain;
struct config_domain fake_config;
struct vcpu fake_vcpu;
struct vcpu_mode fake_mode;
struct vcpu_segment fake_segment[SEG_COUNT];
uint8_t *fake_ram;
int fake_vector;
uint64_t fake_error, fake_address;
unsigned fake_complaints, fake_mappings, fake_windows;
bool fake_window_open;

static struct cpu cpu;

void panic(const char *fmt, ...)
{
	puts(fmt);
	abort();
}

void *hvmap_slot(unsigned n, hpa_t frame)
{
	fake_mappings++;
	return fake_ram + (frame.v - HOST_BASE);
}

void *hvmap_window(hpa_t base)
{
	fake_windows++;
	fake_window_open = true;
	return fake_ram + (base.v - HOST_BASE);
}

void hvmap_window_clear(void)
{
	fake_window_open = false;
}

void wide_put(void *to, const void *from, size_t bytes)
{
	if (from)
		memcpy(to, from, bytes);
	else
		memset(to, 0, bytes);
}

void hvmap_slot_clear(unsigned n)
{
	fake_mappings--;
}

static void get_mode(struct vcpu *v, struct vcpu_mode *m)
{
	*m = fake_mode;
}

static void get_segment(struct vcpu *v, enum vcpu_seg n, struct vcpu_segment *s)
{
	*s = fake_segment[n];
}

static uint64_t code_root(const struct vcpu *v)
{
	bool usual = fake_mode.code_bytes == 8 && !(fake_mode.cr4 & CR4_LA57);

	return usual ? fake_mode.cr3 : CODE_ROOT_NONE;
}

static const struct backend fake_backend = { .code_root = code_root,
					     .get_mode = get_mode,
					     .get_segment = get_segment };
const struct backend *backend = &fake_backend;

static void record(int vector, uint64_t error, uint64_t address)
{
	fake_vector = vector;
	fake_error = error;
	fake_address = address;
}

void vcpu_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
{
	record(vector, error, 0);
}

void vcpu_inject_ud(struct vcpu *v)
{
	record(VECTOR_UD, 0, 0);
}

void vcpu_inject_gp(struct vcpu *v)
{
	record(VECTOR_GP, 0, 0);
}

void vcpu_inject_pf(struct vcpu *v, uint64_t address, uint32_t error)
{
	record(VECTOR_PF, error, address);
}

void domain_complain(struct domain *d, const char *fmt, ...)
{
	fake_complaints++;
}

enum verdict domain_kill(struct domain *d, const char *fmt, ...)
{
	return VERDICT_KILL;
}

bool domain_owns(const struct domain *d, gpa_t at, uint64_t bytes)
{
	return range_within(at.v, bytes, FAKE_RAM);
}

/* Two other guests take the mappings of all before. */
void fake_drop(void)
{
	static const struct domain one, two;

	guestmem_enter(&one);
	guestmem_enter(&two);
	guestmem_enter(&fake_domain);
}

void fake_reset(void)
{
	if (!fake_ram) {
		fake_ram = aligned_alloc(PAGE_SIZE, FAKE_RAM + PAGE_SIZE);
		cpu.self = &cpu;
		syscall(SYS_arch_prctl, ARCH_SET_GS, &cpu);
	}
	fake_drop();
	memset(fake_ram, 0, FAKE_RAM + PAGE_SIZE);
	memset(&fake_domain, 0, sizeof(fake_domain));
	memset(&fake_config, 0, sizeof(fake_config));
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	fake_domain.config = &fake_config;
	fake_domain.vcpu[0] = &fake_vcpu;
	fake_domain.vcpus = 1;
	fake_domain.extents = 2;
	fake_domain.extent[0] = (struct extent){ gpa(0), hpa(HOST_BASE), FAKE_RAM, EXTENT_RAM, 0 };
	fake_domain.extent[1] = (struct extent){ gpa(FAKE_HIGH), hpa(HOST_BASE + FAKE_RAM),
						 PAGE_SIZE, EXTENT_RAM, 0 };
	fake_vcpu.domain = &fake_domain;
	fake_vcpu.regs.rflags = RFLAGS_FIXED;
	fake_mode = (struct vcpu_mode){ .cr0 = CR0_PE, .code_bytes = 8 };
	for (unsigned n = 0; n < SEG_COUNT; n++)
		fake_segment[n] = (struct vcpu_segment){ 8, 0xc093, UINT32_MAX, 0 };
	record(-1, 0, 0);
	fake_complaints = 0;
}

void fake_long_mode(uint64_t bits)
{
	fake_mode.cr0 |= CR0_PG | CR0_WP;
	fake_mode.cr4 = CR4_PAE;
	fake_mode.efer = BIT(8) | BIT(10) | BIT(11);
	fake_mode.cr3 = 0x1000;
	*fake_word(0x1000) = 0x2000 | PTE_PRESENT | PTE_WRITE | PTE_USER;
	*fake_word(0x2000) = 0x3000 | PTE_PRESENT | PTE_WRITE | PTE_USER;
	for (unsigned n = 0; n < 512; n++)
		*fake_word(0x3000 + n * 8) = n * MIB_2 | PTE_PRESENT | PTE_WRITE | PTE_LARGE | bits;
}
