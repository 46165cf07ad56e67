// sources: vmm/hypercall.c vmm/hc_batch.c vmm/hc_cap.c vmm/hc_console.c vmm/hc_device.c
// sources: vmm/hc_domain.c vmm/hc_event.c vmm/hc_ioreq.c vmm/hc_trace.c vmm/hc_window.c
// sources: vmm/kvm_call.c vmm/cap.c vmm/event.c vmm/ioreq.c vmm/ioreq_set.c vmm/ranges.c
// sources: vmm/window.c vmm/device.c vmm/device_config.c vmm/device_irq.c vmm/console.c
// sources: vmm/console_line.c vmm/control.c vmm/stage.c vmm/vuart.c vmm/vuart_regs.c vmm/vmsi.c
// sources: vmm/watchdog.c lib/err.c lib/log.c lib/format.c lib/string.c
// sources: mm/ptab.c mm/ptab_x86.c mm/pool.c tests/unit/fake_domains.c
// flags: -DHVMAP_DIRECT=0ul
/*
 * Hypercalls with any registers, of three domains, and the deaths and restarts between them that
 * they may meet. Nobody's memory changes but the caller's; a handle that the caller does not hold
 * is answered with BADCAP and nothing else; ranges and windows stay within what the config gives.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/hypercall_rig.h"
#include "vmm/hypercall.h"

#define STEPS 400

/* `plain`: bit i (0..4) makes argument i + 1 an offset into the caller's memory or a small number;
   bit 5 the number one of ours; bit 6 argument 1 handle `pick` of the caller's; bit 7 means CPL 3.
 */
struct step {
	uint8_t op, plain, pick, small;
	uint32_t number;
	uint64_t arg[5];
};

/* What argument 1 is a handle of. */
static const uint8_t handle_of[] = {
	[HV_CONSOLE_WRITE - HV_CALL_BASE] = HV_CAP_CONSOLE,
	[HV_CONSOLE_READ - HV_CALL_BASE] = HV_CAP_CONSOLE,
	[HV_EVENT_SEND - HV_CALL_BASE] = HV_CAP_EVENT,
	[HV_RANGE_ADD - HV_CALL_BASE] = HV_CAP_IOREQ,
	[HV_RANGE_REMOVE - HV_CALL_BASE] = HV_CAP_IOREQ,
	[HV_IOREQ_DONE - HV_CALL_BASE] = HV_CAP_IOREQ,
	[HV_IRQ_RAISE - HV_CALL_BASE] = HV_CAP_INTERRUPT,
	[HV_LINE_SET - HV_CALL_BASE] = HV_CAP_INTERRUPT,
	[HV_WINDOW_GRANT - HV_CALL_BASE] = HV_CAP_WINDOW,
	[HV_WINDOW_REVOKE - HV_CALL_BASE] = HV_CAP_WINDOW,
	[HV_CFG_READ - HV_CALL_BASE] = HV_CAP_DEVICE,
	[HV_CFG_WRITE - HV_CALL_BASE] = HV_CAP_DEVICE,
	[HV_BAR_MAP - HV_CALL_BASE] = HV_CAP_DEVICE,
	[HV_IRQ_BIND - HV_CALL_BASE] = HV_CAP_DEVICE,
	[HV_IRQ_ACK - HV_CALL_BASE] = HV_CAP_DEVICE,
	[HV_DOMAIN_CTL - HV_CALL_BASE] = HV_CAP_DOMAIN,
	[HV_DOMAIN_INFO - HV_CALL_BASE] = HV_CAP_DOMAIN,
	[HV_IMAGE_STAGE - HV_CALL_BASE] = HV_CAP_DOMAIN,
	[HV_LOG_READ - HV_CALL_BASE] = HV_CAP_LOG,
	[HV_SYSTEM_CTL - HV_CALL_BASE] = HV_CAP_SYSTEM,
	[HV_TRACE_READ - HV_CALL_BASE] = HV_CAP_TRACE,
	[HV_TRACE_CTL - HV_CALL_BASE] = HV_CAP_TRACE,
	[HV_SYSTEM_INFO - HV_CALL_BASE] = HV_CAP_TRACE,
};

static uint64_t before[FAKE_DOMAINS][RIG_MEMORY / 8];

/* --- what must hold ------------------------------------------------------------------------- */

static bool holds(const struct domain *d, uint64_t handle, unsigned type)
{
	for (unsigned i = 0; d->caps && i < d->caps->count; i++)
		if (d->caps->cap[i].handle == handle && d->caps->cap[i].type == type)
			return true;
	return false;
}

static void check_memory(unsigned caller, bool nothing)
{
	for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
		const uint64_t *now = (const uint64_t *)fake_memory[i];

		for (unsigned n = 0; (i != caller || nothing) && n < RIG_MEMORY / 8; n++)
			demand(now[n] == before[i][n]);
	}
}

static void check_ranges(const struct domain *guest)
{
	const struct ioreq_set *s = guest->ioreqs;

	for (unsigned id = 0; id < IOREQ_TABLES; id++) {
		const struct ioreq_table *t = &s->table[id];

		demand(t->count <= IOREQ_RANGES && !(s->version & 1));
		for (unsigned i = 0; i < t->count; i++) {
			const struct ioreq_range *r = &t->range[i];
			bool memory = id == IOREQ_MEMORY || id == IOREQ_MEMORY_DOORBELL;

			demand(r->base <= r->last && r->link < s->links);
			demand(i == 0 || t->range[i - 1].last < r->base);
			demand(id < IOREQ_PORT_DOORBELL || r->event < HV_EVENTS);
			demand(r->last < (memory ? 1ull << 46 : 0x10000));
			demand(!memory || r->base >= RIG_BYTES);
			demand(memory || r->base > HV_PORT_UART + 7 || r->last < HV_PORT_UART);
		}
	}
}

/* The server sees guests' RAM and its function's registers where they are, and nothing else. */
static void check_seen(uint64_t at)
{
	struct ptab_leaf leaf;
	bool ram = at >= RIG_RAM && at % RIG_RAM < RIG_BYTES && at / RIG_RAM <= OTHER;
	bool bar = at - RIG_BAR < 0x4000 && page_down(at) != RIG_BAR + RIG_TABLE;

	if (!ptab_lookup(&fake_domains[SERVER].nested, at, &leaf))
		return;
	demand((ram || bar) && leaf.hpa.v == at && !(leaf.attrs & PTAB_EXEC));
}

static void check_windows(void)
{
	const struct pool *pool = &fake_domains[SERVER].pool;

	demand(pool->used <= pool->pages);
	for (unsigned i = 1; i <= OTHER + 1; i++) {
		check_seen(rig_ram(i) - PAGE_SIZE);
		for (uint64_t at = 0; at <= RIG_BYTES; at += MIB_2 / 2)
			check_seen(rig_ram(i) + at);
	}
	for (uint64_t at = 0; at < 0x6000; at += PAGE_SIZE)
		check_seen(RIG_BAR - PAGE_SIZE + at);
	check_seen(0);
}

/* --- steps ---------------------------------------------------------------------------------- */

static void check_call(struct vcpu *v, const uint64_t *gpr, enum verdict verdict, bool user)
{
	uint64_t call = gpr[GPR_RAX] - HV_CALL_BASE, rax = v->regs.gpr[GPR_RAX];
	unsigned type = call < ARRAY_SIZE(handle_of) ? handle_of[call] : HV_CAP_NONE;
	bool denied = user || !hypercall_find(gpr[GPR_RAX]);
	bool bad = !denied && type && !holds(v->domain, gpr[GPR_RDI], type);

	demand(verdict == VERDICT_DONE || verdict == VERDICT_BLOCK || verdict == VERDICT_KILL ||
	       verdict == VERDICT_YIELD);
	demand(verdict != VERDICT_BLOCK || gpr[GPR_RAX] == HV_EVENT_WAIT);
	demand(verdict != VERDICT_KILL || gpr[GPR_RAX] == HV_EXIT || gpr[GPR_RAX] == HV_BATCH);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		demand(i == GPR_RAX || v->regs.gpr[i] == gpr[i]);
	if (user)
		demand((int64_t)rax == (gpr[GPR_RAX] < HV_CALL_BASE ? -1 : HV_ERR_PERM));
	if (bad)
		demand((int64_t)rax == HV_ERR_BADCAP);
	check_memory(v->domain->id, denied || bad);
}

static void call(unsigned who, const struct step *s)
{
	static const enum vcpu_gpr place[5] = { GPR_RDI, GPR_RSI, GPR_RDX, GPR_R10, GPR_R8 };
	struct vcpu *v = &fake_vcpus[who];
	const struct cap_table *caps = fake_domains[who].caps;
	struct vm_exit e = { .kind = EXIT_HYPERCALL, .cpl = s->plain & 0x80 ? 3 : 0 };
	uint64_t gpr[GPR_COUNT];
	enum verdict verdict;

	for (unsigned i = 0; i < GPR_COUNT; i++)
		v->regs.gpr[i] = s->arg[i % 5] + i;
	for (unsigned i = 0; i < 5; i++)
		v->regs.gpr[place[i]] = s->plain >> i & 1 ? s->arg[i] % RIG_MEMORY : s->arg[i];
	v->regs.gpr[GPR_RAX] = s->plain & 0x20 ? HV_CALL_BASE + s->number % 32 : s->number;
	if (s->plain & 0x40 && caps)
		v->regs.gpr[GPR_RDI] = caps->cap[s->pick % caps->count].handle;
	memcpy(gpr, v->regs.gpr, sizeof(gpr));
	for (unsigned i = 0; i < FAKE_DOMAINS; i++)
		memcpy(before[i], fake_memory[i], RIG_MEMORY);
	if (setjmp(machine_ends)) {
		demand(who == SERVER);
		return;
	}
	verdict = hypercall_exit(v, &e);
	check_call(v, gpr, verdict, e.cpl);
}

/* What else happens on a machine. */
static void world(const struct step *s)
{
	struct domain *guest = &fake_domains[s->small & 1 ? OTHER : GUEST];
	struct io_access a = { .address = s->arg[0],
			       .size = (uint8_t)(1u << (s->pick & 3)),
			       .write = s->pick & 4,
			       .data = s->arg[1] };
	enum verdict verdict;

	switch (s->number % 8) {
	case 0: ioreq_guest_died(guest); break;
	case 1: windows_reopen(guest); break;
	case 2: guest->state = s->pick % 8; break;
	case 3: ioreq_backend_died(&fake_domains[SERVER]); break;
	case 4: devices_quiesce(&fake_domains[SERVER]); break;
	case 5: fake_domains[SERVER].incarnation++; break;
	case 6: console_died(&fake_domains[s->pick % FAKE_DOMAINS]); break;
	default:
		(void)!ioreq_access(guest->vcpu[0], s->pick & 8 ? HV_IOREQ_PORT : HV_IOREQ_MEMORY,
				    &a, &verdict);
	}
}

static void step_do(const struct step *s)
{
	unsigned who = s->op % FAKE_DOMAINS;
	uint64_t at = s->arg[0] % (RIG_MEMORY - sizeof(s->arg));

	if (s->op >> 5 == 0)
		world(s);
	else if (s->op >> 5 == 1)
		memcpy(fake_memory[who] + at, s->arg + 1, sizeof(s->arg) - 8);
	else
		call(who, s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct step s;

	rig_boot();
	for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
		memset(fake_memory[i], i, RIG_MEMORY);
		memcpy(fake_memory[i], data, MIN(size, RIG_MEMORY));
	}
	for (size_t i = 0; i < STEPS && (i + 1) * sizeof(s) <= size; i++) {
		memcpy(&s, data + i * sizeof(s), sizeof(s));
		step_do(&s);
		check_ranges(&fake_domains[GUEST]);
		check_ranges(&fake_domains[OTHER]);
	}
	check_windows();
	return 0;
}

/* Each call of ours with each handle that it takes, or with none. */
size_t fuzz_seed(uint8_t *data, size_t bytes)
{
	const struct cap_table *caps;
	size_t n = 0;

	rig_boot();
	caps = fake_domains[SERVER].caps;
	for (uint32_t call = 0; call < ARRAY_SIZE(handle_of); call++) {
		for (unsigned i = 0; i < caps->count; i++) {
			struct step s = { .op = 0x60 + SERVER,
					  .plain = 0x3e,
					  .pick = (uint8_t)i,
					  .number = call,
					  .arg = { 0, 0x800, 2, 0x900, 2 } };

			if (handle_of[call] ? caps->cap[i].type != handle_of[call] : i > 0)
				continue;
			s.plain |= handle_of[call] ? 0x40 : 0;
			if (n + sizeof(s) <= bytes)
				memcpy(data + n, &s, sizeof(s));
			n += sizeof(s);
		}
	}
	return MIN(n, bytes);
}
