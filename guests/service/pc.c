/*
 * See pc.h. Ticks of the PIT go out as pulses. One that finds the last still waiting for the guest
 * is owed, and tried again after half a period until it is taken: so a guest that was off its CPU
 * for a while gets every tick it missed, at twice the rate (as far back as pit.h says).
 */
#include "guests/service/pc.h"

#include "abi/platform.h"
#include "guests/lib/boot.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/kept.h"
#include "guests/service/kept_store.h"
#include "guests/service/legacy/board.h"
#include "guests/service/legacy/clock.h"
#include "guests/service/machine_time.h"
#include "guests/service/pc_port.h"
#include "lib/string.h"

#define PC_GUESTS HV_BOOT_PEERS
#define IRQ_TICK  0u
#define RETRY_MIN (100 * NS_PER_US)

struct pc_state {
	struct board board;
	uint32_t sequence, answer; /* of the last request; 0: there was none */
};

struct pc_kept {
	uint8_t identity[offsetof(struct kept_device, incarnation)];
	uint32_t incarnation;
	uint32_t current; /* which state is valid: bit 0 */
	struct pc_state state[2];
};

_Static_assert(offsetof(struct pc_kept, incarnation) == offsetof(struct kept_device, incarnation),
	       "the identity of kept.h");
_Static_assert(sizeof(struct pc_kept) <= sizeof(struct kept_device), "all of it starts as zero");

struct pc {
	struct pc_kept *kept;
	const char *name;
	uint32_t guest, irq_cap;
	uint32_t lines; /* as they were set last; bits */
	struct rtc_machine machine;
	struct timer timer;
};

static struct pc pcs[PC_GUESTS];

static const uint8_t irqs[] = { BOARD_IRQ_KEYBOARD, BOARD_IRQ_CLOCK, BOARD_IRQ_MOUSE };

static struct pc_state *current(struct pc *p)
{
	return &p->kept->state[p->kept->current & 1];
}

/* A copy to work on; commit() makes it the current one. */
static struct pc_state *begin(struct pc *p)
{
	struct pc_state *next = &p->kept->state[~p->kept->current & 1];

	*next = *current(p);
	return next;
}

static void commit(struct pc *p)
{
	kept_store32(&p->kept->current, ~p->kept->current & 1);
}

/* --- what goes out ------------------------------------------------------------------------ */

static void drive_lines(struct pc *p)
{
	const struct board *b = &current(p)->board;

	for (unsigned i = 0; i < ARRAY_SIZE(irqs); i++) {
		bool level = board_irq(b, irqs[i]);

		if (level == !!(p->lines & BIT(irqs[i])))
			continue;
		p->lines ^= (uint32_t)BIT(irqs[i]);
		pc_port_line(p->irq_cap, irqs[i], level);
	}
}

/* The tick goes out before it is taken off: a death in between gives one too many, not one too few.
 */
static void raise_tick(struct pc *p)
{
	uint32_t *owed = &current(p)->board.pit.owed;

	if (*owed && pc_port_pulse(p->irq_cap, IRQ_TICK))
		kept_store32(owed, *owed - 1);
}

static void say_line(struct pc *p)
{
	struct pc_state *s;

	if (!current(p)->board.line_ended)
		return;
	s = begin(p);
	pc_port_say(p->guest, p->name, s->board.line, MIN(s->board.length, BOARD_LINE));
	s->board.length = s->board.line_ended = 0;
	commit(p);
}

static void time_passes(void *arg);

/* What a change means outside, and when the next one comes. */
static void settle(struct pc *p, uint64_t now)
{
	const struct board *b;
	uint64_t next;

	raise_tick(p);
	drive_lines(p);
	say_line(p);
	b = &current(p)->board;
	next = board_next(b);
	if (b->pit.owed && b->pit.owed < PIT_OWED)
		next = MIN(next, now + MAX(pit_period(&b->pit) / 2, RETRY_MIN));
	if (next == CLOCK_NEVER)
		timer_cancel(&p->timer);
	else
		timer_set_ns(&p->timer, next > now ? next - now : 0, time_passes, p);
}

static void time_passes(void *arg)
{
	struct pc *p = arg;
	uint64_t now = machine_ns();

	board_account(&begin(p)->board, now);
	commit(p);
	settle(p, now);
}

/* --- the guest's side --------------------------------------------------------------------- */

/* The memory that the guest has, as its windows show it. */
static void measure(struct pc *p)
{
	for (unsigned i = 0; i < MIN(boot->regions, HV_BOOT_REGIONS); i++) {
		const struct hv_region *r = &boot->region[i];

		if (r->kind != HV_REGION_WINDOW || r->object != p->guest)
			continue;
		if (r->peer >= HV_GUEST_HIGH)
			p->machine.high += r->bytes;
		else if (r->peer < HV_GUEST_MEM32)
			p->machine.low = MAX(p->machine.low, r->peer + r->bytes);
	}
}

static void power_on(struct pc *p, uint32_t incarnation)
{
	uint64_t now = machine_ns();
	struct pc_state *s = begin(p);

	memset(s, 0, sizeof(*s));
	board_power_on(&s->board, &p->machine, machine_wall() + now, now);
	commit(p);
	kept_store32(&p->kept->incarnation, incarnation);
	settle(p, now);
}

static void serve(struct pc *p, struct hv_ioreq *r)
{
	uint64_t now = machine_ns();
	struct pc_state *s = begin(p);

	s->sequence = r->sequence;
	s->answer = 0;
	if (r->write)
		board_write(&s->board, (unsigned)r->address, r->size, (uint32_t)r->data, now);
	else
		s->answer = board_read(&s->board, (unsigned)r->address, r->size, now);
	board_account(&s->board, now);
	commit(p);
	settle(p, now);
}

static struct pc *pc_of(uint32_t guest)
{
	return guest < PC_GUESTS && pcs[guest].kept ? &pcs[guest] : NULL;
}

bool pc_access(uint32_t guest, struct hv_ioreq *r)
{
	struct pc *p = pc_of(guest);

	if (!p || r->type != HV_IOREQ_PORT || r->address >= HV_GUEST_IO || r->size > 4)
		return false;
	if (p->kept->incarnation != r->incarnation)
		power_on(p, r->incarnation);
	if (current(p)->sequence != r->sequence)
		serve(p, r);
	if (!r->write)
		r->data = current(p)->answer;
	return true;
}

void pc_started(uint32_t guest, uint32_t incarnation)
{
	struct pc *p = pc_of(guest);

	if (p && p->kept->incarnation != incarnation)
		power_on(p, incarnation);
}

void pc_stopped(uint32_t guest)
{
	struct pc *p = pc_of(guest);

	if (p)
		timer_cancel(&p->timer);
}

/* The last instance's board goes on by itself: every line is set anew, since nobody knows which
   the last one had set already. */
static void resume(struct pc *p)
{
	p->lines = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(irqs); i++)
		if (!board_irq(&current(p)->board, irqs[i]))
			pc_port_line(p->irq_cap, irqs[i], false);
	time_passes(p);
}

void pc_build(unsigned i, const struct hv_served *s)
{
	const volatile struct hv_peer *peer = boot_peer(s->guest);
	const struct hv_cap *irq = boot_cap(HV_CAP_INTERRUPT, s->guest);
	const struct hv_cap *ioreq = boot_cap(HV_CAP_IOREQ, s->guest);
	struct pc *p;
	bool found;

	if (s->guest >= PC_GUESTS || !peer || !irq || !ioreq) {
		print("domain %u: no right to serve its legacy devices: left out\n", s->guest);
		return;
	}
	p = &pcs[s->guest];
	*p = (struct pc){
		.name = (const char *)peer->name,
		.guest = s->guest,
		.irq_cap = irq->handle,
		.machine.cpus = ioreq->detail,
	};
	measure(p);
	p->kept = (struct pc_kept *)kept_device(i, s, 0, &found);
	machine_time_start();
	if (found && p->kept->incarnation == peer->incarnation)
		resume(p);
	else
		power_on(p, peer->incarnation);
}
