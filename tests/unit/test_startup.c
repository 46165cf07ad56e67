// sources: tests/unit/fake_sched.c vmm/startup.c vmm/sched.c vmm/sched_timer.c vmm/sched_account.c
// sources: vmm/sched_lend.c vmm/sched_setup.c vmm/sched_cap.c vmm/sched_table.c vmm/place.c
// sources: vmm/runq.c vmm/timer.c vmm/mailbox.c vmm/vlapic_dest.c
// flags: -include tests/unit/fake_tsc.h
/*
 * INIT and STARTUP messages, from the sender's local APIC to what the vCPU does: whatever it did
 * before, how often and in whatever order they come.
 */
#include "vmm/startup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake_sched.h"
#include "vmm/cpuid.h"
#include "vmm/event.h"
#include "vmm/sched.h"
#include "vmm/vcpu_make.h"
#include "vmm/vlapic_state.h"

#define SIGNATURE 0x806ecu

static struct actor *first, *second, *server; /* two vCPUs of a guest, and its back end */
static struct vlapic apics[2];
static unsigned resets, inits;

struct cpuid cpuid_guest(struct vcpu *v, uint32_t leaf, uint32_t subleaf)
{
	assert_int_equal(leaf, 1);
	return (struct cpuid){ .eax = SIGNATURE };
}

void event_reset(struct vcpu *v)
{
}

void ioreq_cancel(struct vcpu *v)
{
	v->io.asked = false;
}

void vcpu_state_reset(struct vcpu_regs *regs, struct vcpu_state *state)
{
	*regs = (struct vcpu_regs){ .rip = 0xfff0 };
	*state = (struct vcpu_state){ .segment[SEG_CS] = { 0xf000, 0x9b, 0xffff, 0xffff0000 } };
}

void vcpu_reset(struct vcpu *v, const struct vcpu_regs *regs, const struct vcpu_state *state)
{
	assert_int_equal(v->run_state, VCPU_OFF);
	v->regs = *regs;
	backend->set_state(v, state);
	resets++;
}

void vcpu_reset_init(struct vcpu *v)
{
	struct vcpu_state s;

	assert_int_equal(v->run_state, VCPU_INIT);
	vcpu_state_reset(&v->regs, &s);
	backend->set_state(v, &s);
	v->nmi_pending = false;
	inits++;
}

void vlapic_post(struct vcpu *v, uint8_t vector)
{
}

void vlapic_post_level(struct vcpu *v, uint8_t vector)
{
}

void vlapic_error(struct vlapic *l, uint32_t esr_bit)
{
}

static int fresh(void **state)
{
	machine_fresh(state);
	first = machine_add(2, 4, 1000, 0);
	second = first + 1;
	server = machine_add_back_end(6, 50);
	for (unsigned i = 0; i < 2; i++) {
		first[i].v.lapic = &apics[i];
		apics[i] = (struct vlapic){ .vcpu = &first[i].v, .base = APIC_BASE_ENABLE };
	}
	resets = inits = 0;
	return 0;
}

static void send(struct actor *to, enum vlapic_mode mode, uint8_t vector)
{
	const struct vlapic_message m = { to->v.index, vector, mode, false, false };

	assert_true(vlapic_deliver(to->v.domain, &m));
}

static void send_init(void)
{
	send(second, DELIVER_INIT, 0);
}

static void send_startup(struct actor *to, uint8_t vector)
{
	send(to, DELIVER_STARTUP, vector);
}

/* It does not run: all the time is the first one's. */
static void assert_waits(void)
{
	machine_measure(5000);
	assert_int_equal(second->ran, 0);
	assert_int_equal(second->v.run_state, VCPU_INIT);
}

static void assert_runs_at(struct actor *a, uint8_t vector)
{
	machine_measure(5000);
	assert_in_range(a->ran, 1000, 4000);
	assert_int_equal(a->v.regs.rip, 0);
	assert_int_equal(a->state.segment[SEG_CS].selector, vector << 8);
	assert_int_equal(a->state.segment[SEG_CS].base, (uint32_t)vector << 12);
	assert_int_equal(a->state.segment[SEG_CS].limit, 0xffff);
}

static void all_but_the_first_wait_when_their_domain_starts(void **state)
{
	vcpu_request(&second->v, REQUEST_RESET);
	assert_waits();
	assert_int_equal(resets, 1);
	vcpu_request(&second->v, REQUEST_OFF);
	vcpu_request(&second->v, REQUEST_RESET);
	assert_waits();
	assert_int_equal(resets, 2);
	assert_int_equal(second->v.regs.rip, 0xfff0);
	send_startup(second, 8);
	assert_runs_at(second, 8);
}

static void a_vector_is_the_page_to_begin_in(void **state)
{
	static const uint8_t vectors[] = { 0, 1, 0x9f, 0xff };

	for (unsigned i = 0; i < sizeof(vectors); i++) {
		send_init();
		assert_waits();
		send_startup(second, vectors[i]);
		assert_runs_at(second, vectors[i]);
	}
	assert_int_equal(inits, 4);
}

static void only_the_first_startup_counts(void **state)
{
	send_init();
	assert_waits();
	send_startup(second, 0x10);
	assert_runs_at(second, 0x10);
	second->v.regs.rip = 0x1234;
	second->v.regs.gpr[GPR_RDX] = 5;
	send_startup(second, 0x20);
	machine_measure(5000);
	assert_in_range(second->ran, 1000, 4000);
	assert_int_equal(second->v.regs.rip, 0x1234);
	assert_int_equal(second->v.regs.gpr[GPR_RDX], 5);
	assert_int_equal(second->state.segment[SEG_CS].selector, 0x1000);
}

static void startup_without_init_is_not_noticed(void **state)
{
	second->v.regs.rip = 0x1234;
	send_startup(second, 0x10);
	machine_play(5000);
	actor_works(second, 1);
	machine_play(5000);
	assert_int_equal(second->v.run_state, VCPU_SLEEPING);
	send_startup(second, 0x10);
	machine_measure(5000);
	assert_int_equal(second->ran, 0);
	assert_int_equal(second->v.run_state, VCPU_SLEEPING);
	assert_int_equal(second->v.regs.rip, 0x1234);
}

static void init_and_startup_at_once_begin_it(void **state)
{
	send_init();
	send_startup(second, 0x10);
	send_startup(second, 0x10);
	assert_runs_at(second, 0x10);
	assert_int_equal(inits, 1);
}

/* A STARTUP from before the INIT does not end its wait. */
static void init_voids_an_earlier_startup(void **state)
{
	send_startup(second, 0x10);
	send_init();
	assert_waits();
}

static void init_takes_one_that_runs_from_the_cpu(void **state)
{
	actor_works(first, 1);
	machine_play(1000);
	assert_int_equal(second->v.run_state, VCPU_RUNNING);
	second->v.regs.gpr[GPR_RAX] = 7;
	machine_at(1500, send_init);
	machine_measure(1000);
	assert_int_equal(second->ran, 500);
	assert_int_equal(second->v.run_state, VCPU_INIT);
	assert_int_equal(second->v.regs.gpr[GPR_RAX], 0);
	assert_int_equal(second->v.regs.gpr[GPR_RDX], SIGNATURE);
	assert_waits();
}

static void nothing_but_startup_ends_the_wait(void **state)
{
	send_init();
	vcpu_request(&second->v, REQUEST_NMI | REQUEST_WAKE | REQUEST_ANSWER | REQUEST_KICK);
	actor_wake(second);
	assert_waits();
	send_init();
	assert_waits();
	assert_int_equal(inits, 2);
	send_startup(second, 3);
	assert_runs_at(second, 3);
}

static void the_first_vcpu_begins_at_the_reset_vector(void **state)
{
	first->v.regs.rip = 0x1234;
	machine_play(100);
	send(first, DELIVER_INIT, 0);
	machine_measure(5000);
	assert_in_range(first->ran, 1000, 4000);
	assert_int_equal(first->v.regs.rip, 0xfff0);
	assert_int_equal(first->state.segment[SEG_CS].base, 0xffff0000);
	assert_int_equal(first->v.regs.gpr[GPR_RDX], SIGNATURE);
	send_startup(first, 0x10);
	machine_measure(5000);
	assert_in_range(first->ran, 1000, 4000);
	assert_int_equal(first->v.regs.rip, 0xfff0);
}

static void init_ends_a_sleep(void **state)
{
	actor_works(second, 1);
	machine_play(5000);
	send_init();
	actor_wake(second);
	assert_waits();
	send_startup(second, 0x10);
	assert_runs_at(second, 0x10);
}

/* The answer that comes later is nobody's, and the back end has no more of its priority. */
static void init_ends_a_wait_for_a_back_end(void **state)
{
	server->think = server->work = 3000;
	server->v.priority = 1;
	actor_asks(second, server, 1);
	machine_play(2000);
	assert_int_equal(second->v.run_state, VCPU_BLOCKED);
	machine_at(2500, send_init);
	machine_play(500);
	machine_measure(5000);
	assert_int_equal(server->ran, 0);
	assert_int_equal(first->ran, 5000);
	assert_false(second->v.io.asked);
	actor_works(first, 1);
	machine_play(5000);
	assert_true(second->answered);
	assert_int_equal(second->v.run_state, VCPU_INIT);
	assert_int_equal(second->served, 0);
}

static void a_pause_outlasts_init_and_startup(void **state)
{
	sched_pause(&second->v);
	send_init();
	machine_measure(5000);
	assert_int_equal(second->v.run_state, VCPU_PAUSED);
	sched_resume(&second->v);
	assert_waits();
	sched_pause(&second->v);
	send_startup(second, 0x10);
	machine_measure(5000);
	assert_int_equal(second->ran, 0);
	assert_int_equal(second->v.run_state, VCPU_PAUSED);
	sched_resume(&second->v);
	assert_runs_at(second, 0x10);
	sched_pause(&first->v);
	send(first, DELIVER_INIT, 0);
	machine_measure(5000);
	assert_int_equal(first->ran, 0);
	assert_int_equal(first->v.run_state, VCPU_PAUSED);
	sched_resume(&first->v);
	machine_measure(5000);
	assert_in_range(first->ran, 1000, 4000);
}

static void one_that_is_off_stays_off(void **state)
{
	vcpu_request(&second->v, REQUEST_OFF);
	machine_play(10);
	send_init();
	send_startup(second, 0x10);
	machine_measure(5000);
	assert_int_equal(second->ran, 0);
	assert_int_equal(second->v.run_state, VCPU_OFF);
	assert_int_equal(inits, 0);
}

#define T(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_but_the_first_wait_when_their_domain_starts),
		T(a_vector_is_the_page_to_begin_in),
		T(only_the_first_startup_counts),
		T(startup_without_init_is_not_noticed),
		T(init_and_startup_at_once_begin_it),
		T(init_voids_an_earlier_startup),
		T(init_takes_one_that_runs_from_the_cpu),
		T(nothing_but_startup_ends_the_wait),
		T(the_first_vcpu_begins_at_the_reset_vector),
		T(init_ends_a_sleep),
		T(init_ends_a_wait_for_a_back_end),
		T(a_pause_outlasts_init_and_startup),
		T(one_that_is_off_stays_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
