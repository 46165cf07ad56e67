/* See probe.h. probe.asm enters the code by IRETQ; every trap comes back through take(). */
#include "guests/conform/probe.h"

#include "guests/conform/case.h"
#include "guests/conform/machine.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "lib/format.h"
#include "lib/string.h"

#define STACK_BYTES 8192
#define INT_BYTES   2 /* of the INT that ends a snippet */
#define CODE_MAX    256
#define HAS_ERROR   (BIT(8) | MASK(14, 10) | BIT(17))

extern const uint8_t probe_landing[];
extern uint64_t probe_saved_rsp;
void probe_enter(const struct trap_frame *f);

static struct probe *running;
static uint64_t started_at, expected_end;
static uint8_t stack[STACK_BYTES] ALIGNED(16);

static const char *const names[] = { "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD",
				     "#NM", "#DF", NULL,  "#TS", "#NP", "#SS", "#GP",
				     "#PF", NULL,  "#MF", "#AC", "#MC", "#XM" };

const char *probe_vector_name(unsigned vector)
{
	return vector < ARRAY_SIZE(names) ? names[vector] : NULL;
}

/* Any trap while a probe runs ends it; without one it is a mistake of the guest. */
static void take(struct trap_frame *f, void *arg)
{
	struct probe *p = running;

	if (!p)
		panic("vector %lu, error %#lx at rip %#lx, cr2 %#lx, outside a probe", f->vector,
		      f->error, f->rip, read_cr2());
	running = NULL;
	p->regs = *f;
	p->cr2 = read_cr2();
	p->rip = (int64_t)(f->rip - started_at);
	p->done = f->vector == PROBE_DONE && f->rip == expected_end;
	f->rip = machine_address(probe_landing);
	f->cs = SELECTOR_CODE;
	f->ss = SELECTOR_DATA;
	f->rsp = probe_saved_rsp;
	f->rflags = 2;
}

void probe_catch(unsigned vector)
{
	trap_bind(vector, take, NULL);
}

void probe_init(void)
{
	for (unsigned v = 0; v < 256; v++)
		probe_catch(v);
	machine_gate(PROBE_DONE)[0] |= 3ull << 45; /* DPL 3 */
}

uint64_t probe_stack(bool user)
{
	return (user ? machine_user(stack) : machine_address(stack)) + STACK_BYTES;
}

void probe_at(struct probe *p, uint64_t code, uint64_t length)
{
	struct trap_frame *f = &p->regs;

	f->cs = p->user ? SELECTOR_USER_CODE : SELECTOR_CODE;
	f->ss = p->user ? SELECTOR_USER_DATA : SELECTOR_DATA;
	f->rsp = f->rsp ? f->rsp : probe_stack(p->user);
	f->rip = started_at = code;
	f->rflags |= 2;
	expected_end = code + length + INT_BYTES;
	running = p;
	probe_enter(f);
}

void probe_run(struct probe *p, const struct snippet *s)
{
	probe_at(p, p->user ? machine_user(s->code) : machine_address(s->code), s->length);
}

void probe_plain(struct probe *p, const struct snippet *s, bool user)
{
	memset(p, 0, sizeof(*p));
	p->user = user;
	probe_run(p, s);
}

const char *probe_text(const struct probe *p)
{
	static char text[96];
	unsigned vector = p->regs.vector;
	size_t n;

	if (p->done)
		return "ok";
	if (probe_vector_name(vector))
		n = format(text, sizeof(text), "%s", names[vector]);
	else
		n = format(text, sizeof(text), "vector %#x", vector);
	if (vector < 32 && BIT(vector) & HAS_ERROR)
		n += format(text + n, sizeof(text) - n, "(%#lx)", p->regs.error);
	if (vector == TRAP_PF)
		n += format(text + n, sizeof(text) - n, " at %#lx", p->cr2);
	if (p->rip >= CODE_MAX || p->rip < 0)
		format(text + n, sizeof(text) - n, " rip elsewhere");
	else if (p->rip)
		format(text + n, sizeof(text) - n, " rip+%ld", p->rip);
	return text;
}

void probe_report(const struct probe *p, const struct snippet *s)
{
	report(s->name, "%s", probe_text(p));
}

void probe_table(const struct snippet *table, bool user)
{
	struct probe p;

	for (; table->name; table++) {
		probe_plain(&p, table, user);
		probe_report(&p, table);
	}
}
