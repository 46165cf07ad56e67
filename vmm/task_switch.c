/*
 * The task switch (SDM 3A 8.3), in the order of the manual's steps: check the new TSS, save the old
 * task, mark both descriptors, commit the new task's state, then load its segments. A fault before
 * the commit finds the old task unchanged; one after it belongs to the new task, whose registers
 * that were not reached yet hold their selectors and nothing else. The event that came through a
 * task gate stays in v->inject until the switch is done, so that faults combine with it.
 */
#include "vmm/task_switch.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/regs.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/emulate.h"
#include "vmm/guestmem.h"
#include "vmm/tss.h"

#define EFER_LMA    BIT(10)
#define LDT         BIT(2) /* of a selector */
#define INDEX       MASK(15, 3)
#define EXT         BIT(0) /* of an error code: an event from outside the program */
#define TYPE_BYTE   5      /* of a descriptor */
#define ACCESSED    BIT(0)
#define DR6_BT      BIT(15)
#define DR7_LOCAL   (BIT(0) | BIT(2) | BIT(4) | BIT(6) | BIT(8))
#define PDPTE_FIXED (MASK(2, 1) | MASK(8, 5)) /* must be zero */

struct task_switch {
	struct vcpu *v;
	uint8_t source; /* enum task_source */
	bool nested;    /* CALL or event: the new task returns to the old one */
	uint32_t ext;
	struct vcpu_state s;
	struct tss_task task; /* the new one */
};

static bool refuse(struct task_switch *t, unsigned vector, uint16_t selector)
{
	vcpu_inject_exception(t->v, vector, true, (selector & ~3u) | t->ext);
	return false;
}

static bool read_system(struct vcpu *v, uint64_t at, void *to, size_t bytes)
{
	return guest_read_virt(v, gva((uint32_t)at), to, bytes, ACCESS_SYSTEM);
}

static bool write_system(struct vcpu *v, uint64_t at, const void *from, size_t bytes)
{
	return guest_write_virt(v, gva((uint32_t)at), from, bytes, ACCESS_SYSTEM);
}

/* Step 3 and 4: the new TSS is there, long enough, and free or, for IRET, busy. */
static bool find_tss(struct task_switch *t, uint16_t selector, struct vcpu_segment *tss)
{
	bool returns = t->source == TASK_IRET;
	uint64_t descriptor;
	unsigned vector;

	if (selector & LDT || !(selector & INDEX) || (selector | 7u) > t->s.gdtr.limit)
		return refuse(t, returns ? VECTOR_TS : VECTOR_GP, selector);
	if (!read_system(t->v, t->s.gdtr.base + (selector & INDEX), &descriptor, 8))
		return false;
	*tss = tss_segment(selector, descriptor);
	vector = tss_fault(tss, returns);
	return vector ? refuse(t, vector, selector) : true;
}

/* Steps 7 and 8: the old task's registers, as they are after the instruction. */
static bool save_old(struct task_switch *t, unsigned insn_len)
{
	const struct vcpu_regs *r = &t->v->regs;
	const struct vcpu_segment *tss = &t->s.segment[SEG_TR];
	bool wide = tss_is_wide(tss);
	const struct tss_form *form = tss_form(wide);
	struct tss_task old = { .eip = r->rip + insn_len, .eflags = r->rflags };
	uint8_t bytes[TSS_BYTES] = { 0 };

	if (tss->limit + 1ull < form->saved_end)
		return refuse(t, VECTOR_TS, tss->selector);
	if (t->source == TASK_IRET)
		old.eflags &= ~(uint32_t)RFLAGS_NT;
	for (unsigned n = 0; n < ARRAY_SIZE(old.gpr); n++)
		old.gpr[n] = r->gpr[n];
	for (unsigned n = 0; n < SEG_LDTR; n++)
		old.selector[n] = t->s.segment[n].selector;
	if (!read_system(t->v, tss->base, bytes, form->saved_end))
		return false;
	tss_save(bytes, wide, &old);
	return write_system(t->v, tss->base + form->saved_at, bytes + form->saved_at,
			    form->saved_end - form->saved_at);
}

/* Sets and clears bits of a descriptor's type. */
static bool mark_type(struct vcpu *v, uint64_t at, uint8_t clear, uint8_t set)
{
	uint8_t type;

	if (!read_system(v, at + TYPE_BYTE, &type, 1))
		return false;
	type = (type & ~clear) | set;
	return write_system(v, at + TYPE_BYTE, &type, 1);
}

/* The back link and the busy bits: steps 6, 9 and 10. */
static bool link_tasks(struct task_switch *t, const struct vcpu_segment *tss)
{
	const struct vcpu_segment *old = &t->s.segment[SEG_TR];
	uint64_t gdt = t->s.gdtr.base;

	if (t->nested && !write_system(t->v, tss->base, &old->selector, TSS_LINK_BYTES))
		return false;
	if (!t->nested && !mark_type(t->v, gdt + (old->selector & INDEX), TSS_BUSY, 0))
		return false;
	return mark_type(t->v, gdt + (tss->selector & INDEX), 0, TSS_BUSY);
}

/* The new task's page tables, if it has some of its own. */
static bool load_cr3(struct task_switch *t, bool wide)
{
	struct vcpu_state *s = &t->s;
	uint64_t reserved = PDPTE_FIXED | ~(BIT(cpu_physical_bits()) - 1);

	if (!wide || !(s->cr0 & CR0_PG))
		return true;
	s->cr3 = t->task.cr3;
	if (!(s->cr4 & CR4_PAE) || (s->efer & EFER_LMA))
		return true;
	if (!guest_read(t->v->domain, gpa(s->cr3 & MASK(31, 5)), s->pdpte, sizeof(s->pdpte)))
		s->pdpte[0] = ~0ull;
	for (unsigned n = 0; n < ARRAY_SIZE(s->pdpte); n++)
		if ((s->pdpte[n] & PTE_PRESENT) && (s->pdpte[n] & reserved)) {
			vcpu_inject_gp(t->v);
			return false;
		}
	return true;
}

/* Steps 11 and 12, the commit: all but what the segments' descriptors say. */
static void commit(struct task_switch *t, const struct vcpu_segment *tss)
{
	struct vcpu_regs *r = &t->v->regs;
	struct vcpu_state *s = &t->s;
	bool v86 = t->task.eflags & RFLAGS_VM;
	unsigned cpl = v86 ? 3 : t->task.selector[SEG_CS] & 3;

	s->segment[SEG_TR] = *tss;
	s->segment[SEG_TR].attributes |= TSS_BUSY;
	for (unsigned n = 0; n <= SEG_LDTR; n++)
		s->segment[n] = v86 && n != SEG_LDTR
					? tss_segment_v86(t->task.selector[n])
					: tss_segment_none(n, t->task.selector[n], cpl);
	s->cr0 |= CR0_TS;
	s->dr7 &= ~DR7_LOCAL;
	s->irq_shadow = false;
	if (t->source == TASK_IRET)
		s->nmi_blocked = false;
	else if (t->v->inject.kind == INJECT_NMI)
		s->nmi_blocked = true;
	for (unsigned n = 0; n < ARRAY_SIZE(t->task.gpr); n++)
		r->gpr[n] = t->task.gpr[n];
	r->rip = t->task.eip;
	r->rflags = t->task.eflags | (t->nested ? RFLAGS_NT : 0);
	backend->set_state(t->v, s);
	backend->flush(t->v);
}

/* One segment of the new task, under its page tables. */
static bool load_segment(struct task_switch *t, enum vcpu_seg n)
{
	uint16_t selector = t->task.selector[n];
	const struct vcpu_segment *ldt = &t->s.segment[SEG_LDTR];
	bool local = selector & LDT;
	struct vcpu_segment loaded;
	uint64_t at, descriptor;
	unsigned vector = tss_null_fault(n);

	if (!(selector & ~3u))
		return vector ? refuse(t, vector, selector) : true;
	if ((local && (n == SEG_LDTR || (ldt->attributes & SEGMENT_UNUSABLE))) ||
	    (selector | 7u) > (local ? ldt->limit : t->s.gdtr.limit))
		return refuse(t, VECTOR_TS, selector);
	at = (local ? ldt->base : t->s.gdtr.base) + (selector & INDEX);
	if (!read_system(t->v, at, &descriptor, sizeof(descriptor)))
		return false;
	loaded = tss_segment(selector, descriptor);
	vector = tss_segment_fault(n, &loaded, t->task.selector[SEG_CS] & 3);
	if (vector)
		return refuse(t, vector, selector);
	if (n != SEG_LDTR && !(loaded.attributes & ACCESSED)) {
		loaded.attributes |= ACCESSED;
		if (!mark_type(t->v, at, 0, ACCESSED))
			return false;
	}
	t->s.segment[n] = loaded;
	return true;
}

/* Step 13. What was loaded before a fault stays. */
static bool load_segments(struct task_switch *t)
{
	static const uint8_t order[] = { SEG_LDTR, SEG_CS, SEG_SS, SEG_DS, SEG_ES, SEG_FS, SEG_GS };
	unsigned count = t->task.eflags & RFLAGS_VM ? 1 : ARRAY_SIZE(order);
	bool ok = true;

	for (unsigned n = 0; n < count && ok; n++)
		ok = load_segment(t, order[n]);
	/* A conforming CS keeps the privilege level in SS. */
	backend->set_state(t->v, &t->s);
	return ok;
}

/* The error code of an exception goes to the new task's stack. */
static bool push_error(struct task_switch *t, bool wide)
{
	struct vcpu *v = t->v;
	unsigned bytes = wide ? 4 : 2;
	bool big = t->s.segment[SEG_SS].attributes & SEGMENT_DB;
	uint64_t top = v->regs.gpr[GPR_RSP] - bytes;
	struct vcpu_mode m;
	gva_t at;

	if (v->inject.kind != INJECT_EXCEPTION || !v->inject.has_error)
		return true;
	backend->get_mode(v, &m);
	if (!emulate_linear(v, &m, SEG_SS, top & (big ? UINT32_MAX : UINT16_MAX), bytes, true,
			    &at) ||
	    !guest_write_virt(v, at, &v->inject.error, bytes, 0))
		return false;
	v->regs.gpr[GPR_RSP] = emulate_merge(v->regs.gpr[GPR_RSP], top, big ? 4 : 2);
	return true;
}

/* The event has been delivered; the T bit of the new TSS may ask for #DB. */
static void finish(struct task_switch *t)
{
	t->v->inject.kind = INJECT_NONE;
	if (!t->task.trap)
		return;
	t->s.dr6 |= DR6_BT;
	backend->set_state(t->v, &t->s);
	vcpu_inject_exception(t->v, VECTOR_DB, false, 0);
}

enum verdict task_switch_exit(struct vcpu *v, struct vm_exit *e)
{
	struct task_switch t = { .v = v, .source = e->task.source };
	bool event = t.source == TASK_GATE;
	/* INT n, INT3, INTO are not kept in v->inject: RIP is at the instruction. */
	bool insn = !event || v->inject.kind == INJECT_NONE || v->inject.kind == INJECT_SOFTWARE;
	uint8_t bytes[TSS_BYTES];
	struct vcpu_segment tss;
	bool wide;

	t.nested = event || t.source == TASK_CALL;
	t.ext = insn ? 0 : EXT;
	backend->get_state(v, &t.s);
	if (!find_tss(&t, e->task.selector, &tss))
		return VERDICT_RETRY;
	wide = tss_is_wide(&tss);
	if (!read_system(v, tss.base, bytes, tss_form(wide)->bytes))
		return VERDICT_RETRY;
	tss_load(bytes, wide, &t.task);
	if (!load_cr3(&t, wide) || !save_old(&t, insn ? e->insn_len : 0) || !link_tasks(&t, &tss))
		return VERDICT_RETRY;
	commit(&t, &tss);
	if (load_segments(&t) && (!event || push_error(&t, wide)))
		finish(&t);
	return VERDICT_RETRY;
}
