/*
 * What hypercalls reach beside the files that fuzz_hypercall.c links: CPUs, chips, the fate of
 * domains and of the machine. The fakes demand what they are promised.
 */
#ifndef TESTS_FUZZ_HYPERCALL_FAKES_H
#define TESTS_FUZZ_HYPERCALL_FAKES_H

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "abi/platform.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/tsc.h"
#include "drivers/acpi.h"
#include "drivers/ioapic.h"
#include "drivers/uart.h"
#include "mm/frames.h"
#include "mm/hvmap.h"
#include "tests/unit/fake_domains.h"
#include "vmm/backend.h"
#include "vmm/device.h"
#include "vmm/ending.h"
#include "vmm/event.h"
#include "vmm/hypercall.h"
#include "vmm/kvm_call.h"
#include "vmm/loader.h"
#include "vmm/run.h"
#include "vmm/trace.h"
#include "vmm/vioapic.h"
#include "vmm/vlapic.h"
#include "vmm/vline.h"

#define RIG_MEMORY 0x1800u /* bytes of each domain's RAM for its hypercalls */
#define RIG_BAR    0xfeb00000ull
#define RIG_TABLE  0x2000u       /* of messages, in the BAR: the hypervisor's */
#define RIG_RAM    0x40000000ull /* host address of each guest's RAM as windows show it, and */
#define RIG_BYTES  0x1000000ull  /* its size */

static struct pci_function function;
static uint8_t space[256];
static uint32_t message_table[16 * 4];
static jmp_buf machine_ends;

static inline void demand(bool holds)
{
	if (!holds)
		abort();
}

static inline uint64_t rig_ram(unsigned guest)
{
	return RIG_RAM * guest;
}

/* --- domains and the machine ---------------------------------------------------------------- */

enum verdict domain_kill(struct domain *d, const char *fmt, ...)
{
	return VERDICT_KILL;
}

enum verdict domain_power(struct domain *d, bool reset)
{
	return VERDICT_KILL;
}

void domain_complain(struct domain *d, const char *fmt, ...)
{
}

enum err domain_control(struct domain *d, uint32_t op, uint64_t argument)
{
	return op ? OK : ERR_INVAL;
}

void system_power_off(void)
{
	longjmp(machine_ends, 1);
}

void system_reboot(void)
{
	longjmp(machine_ends, 1);
}

/* Page-aligned and kept: consoles are made once. */
void *frames_hv(size_t pages)
{
	void *p = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);

	return memset(p, 0, pages * PAGE_SIZE);
}

uint64_t frames_largest(uint64_t align, uint64_t limit)
{
	return MIB_2;
}

uint64_t hvmap_chunk_limit(void)
{
	return 0;
}

enum err loader_check(struct domain *d, const struct span *image, struct hv_note_state *state,
		      char *why, size_t why_size)
{
	*state = (struct hv_note_state){ 0 };
	*why = 0;
	return image->at[0] & 1 ? ERR_FORMAT : OK;
}

uint64_t frames_free_bytes(void)
{
	return 0;
}

uint64_t frames_hv_bytes(void)
{
	return 0;
}

/* --- CPUs ----------------------------------------------------------------------------------- */

static struct cpu cpu = { .apic_id = 3 };

unsigned cpu_count(void)
{
	return 1;
}

struct cpu *cpu_by_index(unsigned index)
{
	return &cpu;
}

uint64_t tsc_from_ns(uint64_t ns)
{
	return 1ull << 60; /* no batch ends early */
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
}

void timer_set(struct timer *t, uint64_t at)
{
}

bool run_may_wake(struct vcpu *v)
{
	return false;
}

static void get_mode(struct vcpu *v, struct vcpu_mode *m)
{
	*m = (struct vcpu_mode){ .code_bytes = 8 };
}

static const struct backend rig_backend = { .get_mode = get_mode };
const struct backend *backend = &rig_backend;

unsigned vlapic_send_set(struct vcpu *v, uint32_t icr, uint32_t set)
{
	demand(set < 1u << v->domain->vcpus);
	return 0;
}

bool vlapic_deliver(struct domain *d, const struct vlapic_message *m)
{
	demand(m->vector >= 32 && m->mode <= DELIVER_LOWEST && !m->level);
	return true;
}

void vioapic_set_line(struct domain *d, unsigned gsi, bool level)
{
	demand(gsi < HV_GSI_COUNT);
}

void vioapic_raise(struct domain *d, unsigned gsi, struct domain *by, unsigned event)
{
	demand(gsi < HV_GSI_COUNT && event < HV_EVENTS && by);
}

bool vline_waits(const struct domain *d, unsigned line)
{
	demand(line < HV_GSI_COUNT);
	return line & 1;
}

size_t trace_read(unsigned n, uint64_t *at, struct hv_trace_record *to, size_t count)
{
	demand(n < cpu_count());
	memset(to, 0, count * sizeof(*to));
	*at += count;
	return count;
}

enum err trace_set_mask(uint32_t mask)
{
	return mask & ~HV_TRACE_ALL ? ERR_INVAL : OK;
}

/* --- chips ---------------------------------------------------------------------------------- */

void uart_log(const char *line, size_t bytes)
{
}

void uart_write(const char *buf, size_t bytes)
{
}

size_t uart_put(enum uart u, const char *buf, size_t bytes)
{
	return MIN(bytes, 16);
}

size_t uart_read(enum uart u, char *buf, size_t bytes)
{
	static bool more;

	more = !more;
	memset(buf, 'k', more ? bytes : 0);
	return more ? bytes : 0;
}

enum err uart_irq_enable(enum uart u, irq_handler_fn *fn, void *arg)
{
	return OK;
}

unsigned pci_count(void)
{
	return 1;
}

const struct pci_function *pci_get(unsigned i)
{
	return &function;
}

uint32_t pci_read(uint16_t bdf, unsigned reg, unsigned size)
{
	uint32_t value = ~0u;

	demand(reg % size == 0 && reg + size <= 0x1000);
	if (reg + size <= sizeof(space))
		memcpy(&value, space + reg, size);
	return value;
}

/* Beside what the hypervisor itself writes to make messages: command and status. */
void pci_write(uint16_t bdf, unsigned reg, uint32_t value, unsigned size)
{
	demand(size == 2 &&
	       (reg == PCI_COMMAND || reg == PCI_STATUS || reg == function.cap_msix + 2u));
	memcpy(space + reg, &value, size);
}

void pci_quiesce(const struct pci_function *f)
{
}

volatile void *hvmap_device(hpa_t base, uint64_t bytes)
{
	demand(base.v == RIG_BAR + RIG_TABLE && bytes == sizeof(message_table));
	return message_table;
}

int irq_alloc(irq_handler_fn *fn, void *arg)
{
	return 0x55;
}

struct acpi_override acpi_isa_irq(uint8_t irq)
{
	return (struct acpi_override){ .irq = irq, .gsi = irq };
}

enum err ioapic_route(uint32_t gsi, const struct ioapic_route *r)
{
	return OK;
}

void ioapic_mask(uint32_t gsi)
{
}

void ioapic_unmask(uint32_t gsi)
{
}

#endif
