/*
 * Page faults: each bit of the error code (SDM 3A 4.7, APM 2 8.4.2), for reads, writes and fetches
 * in both rings, by the rights of the entry and by WP, SMEP and SMAP.
 */
#include "guests/conform/case.h"
#include "guests/conform/control.h"
#include "guests/conform/machine.h"
#include "guests/conform/probe.h"
#include "lib/format.h"

extern const struct snippet pf_cases[], touch_cases[];

#define PAGE     2 /* of TEST_PAGES */
#define RESERVED BIT(51)

static void prepare(void)
{
	uint8_t *code = machine_frame(1);

	code[0] = 0xcd;
	code[1] = PROBE_DONE;
}

static void show(const char *what, const char *how, bool user, const struct probe *p)
{
	char name[80];

	format(name, sizeof(name), "%s, ring %d, %s", how, user ? 3 : 0, what);
	report(name, "%s", probe_text(p));
}

static void try_ring(const char *what, bool user, uint64_t rflags)
{
	for (unsigned i = 0; i <= 3; i++) {
		struct probe p = { .user = user,
				   .regs.rflags = rflags,
				   .regs.rdi = machine_page(PAGE) };

		if (i < 3)
			probe_run(&p, &pf_cases[i]);
		else
			probe_at(&p, machine_page(PAGE), 0);
		show(what, i < 3 ? pf_cases[i].name : "fetch", user, &p);
	}
}

static void entry(const char *what, uint64_t bits)
{
	machine_map(PAGE, bits ? machine_address(machine_frame(1)) | bits : 0);
	try_ring(what, false, 0);
	try_ring(what, true, 0);
}

static void with_control(const char *what, unsigned cr, uint64_t set, uint64_t clear, uint64_t bits,
			 uint64_t rflags)
{
	uint64_t old = control_read(cr);

	machine_map(PAGE, machine_address(machine_frame(1)) | bits);
	control_write(cr, (old & ~clear) | set);
	try_ring(what, false, rflags);
	control_write(cr, old);
}

static void protections(void)
{
	const uint64_t user = PTE_P | PTE_W | PTE_U;

	with_control("read-only page without WP", 0, 0, CR0_WP, PTE_P, 0);
	with_control("user page with SMEP", 4, CR4_SMEP, 0, user, 0);
	with_control("user page with SMAP", 4, CR4_SMAP, 0, user, 0);
	with_control("user page with SMAP and AC", 4, CR4_SMAP, 0, user, FLAG_AC);
}

/* The page behind PAGE is absent, PAGE itself is there. */
static void touches(void)
{
	machine_map(PAGE, machine_address(machine_frame(1)) | PTE_P | PTE_W);
	for (const struct snippet *s = touch_cases; s->name; s++) {
		struct probe p = { .regs.rdi = machine_page(PAGE + 1) };

		probe_run(&p, s);
		probe_report(&p, s);
	}
}

static void upper_levels(void)
{
	uint64_t *pde = machine_pde(0), old = *pde;
	struct probe p = { .regs.rdi = machine_page(PAGE) };

	*pde = 0;
	control_flush();
	probe_run(&p, &pf_cases[0]);
	report("read, directory entry absent", "%s", probe_text(&p));
	*pde = old & ~PTE_W;
	control_flush();
	p = (struct probe){ .regs.rdi = machine_page(PAGE) };
	probe_run(&p, &pf_cases[1]);
	report("write, directory entry read-only", "%s", probe_text(&p));
	*pde = old & ~PTE_U;
	control_flush();
	p = (struct probe){ .regs.rdi = machine_page(PAGE), .user = true };
	probe_run(&p, &pf_cases[0]);
	report("read, ring 3, directory entry of ring 0", "%s", probe_text(&p));
	*pde = old | PTE_NX;
	control_flush();
	p = (struct probe){ .user = true };
	probe_at(&p, machine_page(PAGE), 0);
	report("fetch, ring 3, directory entry without execution", "%s", probe_text(&p));
	*pde = BIT(13) | PTE_P | PTE_W | PTE_PS;
	control_flush();
	p = (struct probe){ .regs.rdi = machine_page(PAGE) };
	probe_run(&p, &pf_cases[0]);
	report("read, reserved bit of a 2 MiB entry", "%s", probe_text(&p));
	*pde = old;
	control_flush();
}

void area_pf(void)
{
	prepare();
	entry("absent", 0);
	entry("absent, other bits set", MASK(51, 12) | MASK(11, 1));
	entry("ring 0, read-only", PTE_P);
	entry("ring 0, writable", PTE_P | PTE_W);
	entry("ring 0, no execution", PTE_P | PTE_W | PTE_NX);
	entry("ring 3, read-only", PTE_P | PTE_U);
	entry("ring 3, writable", PTE_P | PTE_W | PTE_U);
	entry("ring 3, no execution", PTE_P | PTE_W | PTE_U | PTE_NX);
	entry("ring 3, reserved bit", PTE_P | PTE_W | PTE_U | RESERVED);
	protections();
	touches();
	machine_map(PAGE, machine_address(machine_frame(1)) | PTE_P | PTE_W | PTE_U);
	upper_levels();
}
