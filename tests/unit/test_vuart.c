// sources: vmm/vuart.c vmm/vuart_regs.c
/* The 16550A: what Linux's driver and a terminal expect of it. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/platform.h"
#include "mm/frames.h"
#include "vmm/vioapic.h"
#include "vmm/vuart_state.h"

static struct domain d;
static struct vcpu v;
static bool line;
static unsigned edges, hooks;

void *frames_hv(size_t pages)
{
	return calloc(pages, PAGE_SIZE);
}

void vioapic_set_line(struct domain *of, unsigned gsi, bool level)
{
	assert_int_equal(gsi, HV_GSI_UART);
	edges += level && !line;
	line = level;
}

static void hook(struct domain *of)
{
	assert_ptr_equal(of, &d);
	hooks++;
}

static uint8_t in(unsigned reg)
{
	struct io_access a = { .address = HV_PORT_UART + reg, .size = 1 };

	assert_int_equal(vuart_pio(&v, &a), VERDICT_DONE);
	return (uint8_t)a.data;
}

static void out(unsigned reg, uint8_t value)
{
	struct io_access a = {
		.address = HV_PORT_UART + reg, .size = 1, .write = true, .data = value
	};

	assert_int_equal(vuart_pio(&v, &a), VERDICT_DONE);
}

static int fresh(void **state)
{
	memset(&d, 0, sizeof(d));
	v.domain = &d;
	vuart_init(&d);
	vuart_output_hook = hook;
	line = false;
	edges = hooks = 0;
	return 0;
}

static int done(void **state)
{
	free(d.uart->out.data);
	free(d.uart->in.data);
	free(d.uart);
	return 0;
}

static void output_waits_in_order_until_taken(void **state)
{
	char buf[8];

	for (const char *s = "hello"; *s; s++)
		out(0, (uint8_t)*s);
	assert_int_equal(vuart_take_output(&d, buf, 3), 3);
	assert_memory_equal(buf, "hel", 3);
	assert_int_equal(vuart_put_output(&d, "!", 1), 1);
	assert_int_equal(vuart_take_output(&d, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "lo!", 3);
	assert_int_equal(vuart_take_output(&d, buf, sizeof(buf)), 0);
}

static void output_that_was_only_looked_at_comes_again(void **state)
{
	uint64_t position = 77;
	char buf[8];

	vuart_put_output(&d, "hello", 5);
	assert_int_equal(vuart_peek_output(&d, &position, buf, 3), 3);
	assert_int_equal(position, 3);
	assert_int_equal(vuart_peek_output(&d, &position, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "lo", 2);
	assert_int_equal(vuart_drop_output(&d, 3), 3);
	position = 0;
	assert_int_equal(vuart_peek_output(&d, &position, buf, sizeof(buf)), 2);
	assert_int_equal(position, 5);
	assert_int_equal(vuart_drop_output(&d, 6), 3);
	assert_int_equal(vuart_drop_output(&d, position), 5);
	assert_int_equal(vuart_take_output(&d, buf, sizeof(buf)), 0);
}

static void a_full_ring_has_room_when_output_is_dropped_not_before(void **state)
{
	static char buf[VUART_OUT_BYTES];
	uint64_t position = 0;

	vuart_put_output(&d, buf, sizeof(buf));
	out(1, 2);
	vuart_peek_output(&d, &position, buf, 10);
	assert_int_equal(in(5), 0);
	assert_false(line);
	vuart_drop_output(&d, position);
	assert_int_equal(in(5), 0x60);
	assert_true(line);
}

static void the_owner_is_told_of_first_bytes_and_whole_lines(void **state)
{
	out(0, 'a');
	assert_int_equal(hooks, 1);
	out(0, 'b');
	assert_int_equal(hooks, 1);
	out(0, '\n');
	assert_int_equal(hooks, 2);
	vuart_put_output(&d, "cd", 2);
	assert_int_equal(hooks, 2);
	vuart_put_output(&d, "ef\ngh", 5);
	assert_int_equal(hooks, 3);
}

static void a_full_ring_keeps_thre_clear_and_counts_losses(void **state)
{
	static char buf[VUART_OUT_BYTES];

	assert_int_equal(vuart_put_output(&d, buf, sizeof(buf)), sizeof(buf));
	assert_int_equal(vuart_put_output(&d, buf, 1), 0);
	assert_int_equal(in(5), 0);
	out(1, 2);
	assert_int_equal(in(2), IIR_NONE);
	out(0, 'x');
	assert_int_equal(vuart_lost(&d), 1);
	assert_false(line);
	vuart_take_output(&d, buf, 10);
	assert_int_equal(in(5), 0x60);
	assert_true(line);
	assert_int_equal(in(2), IIR_EMPTY);
}

static void the_rings_wrap(void **state)
{
	static char buf[VUART_OUT_BYTES], got[VUART_OUT_BYTES];

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 7);
	vuart_put_output(&d, buf, 1000);
	vuart_take_output(&d, got, 1000);
	assert_int_equal(vuart_put_output(&d, buf, sizeof(buf)), sizeof(buf));
	assert_int_equal(vuart_take_output(&d, got, sizeof(got)), sizeof(got));
	assert_memory_equal(buf, got, sizeof(buf));
}

static void thre_interrupts_when_enabled_and_after_each_write(void **state)
{
	out(1, 2);
	assert_true(line);
	assert_int_equal(in(2), IIR_EMPTY);
	assert_false(line);
	assert_int_equal(in(2), IIR_NONE);
	out(0, 'a');
	assert_true(line);
	assert_int_equal(edges, 2);
	assert_int_equal(in(2), IIR_EMPTY);
	out(1, 0);
	out(1, 2);
	assert_int_equal(in(2), IIR_EMPTY);
}

static void input_interrupts_until_it_is_read(void **state)
{
	out(2, 1);
	out(1, 1);
	assert_int_equal(vuart_put_input(&d, "xy", 2), 2);
	assert_true(line);
	assert_int_equal(in(2), 0xc0 | IIR_DATA);
	assert_int_equal(in(5), 0x61);
	assert_int_equal(in(0), 'x');
	assert_true(line);
	assert_int_equal(in(0), 'y');
	assert_false(line);
	assert_int_equal(in(0), 0);
	assert_int_equal(in(5), 0x60);
}

static void input_is_cut_to_its_ring(void **state)
{
	static char buf[VUART_IN_BYTES + 1];

	assert_int_equal(vuart_put_input(&d, buf, sizeof(buf)), VUART_IN_BYTES);
	assert_int_equal(vuart_take_input(&d, buf, 1), 1);
	assert_int_equal(vuart_put_input(&d, buf, sizeof(buf)), 1);
}

static void linux_finds_a_16550a(void **state)
{
	out(1, 0x0f);
	assert_int_equal(in(1), 0x0f);
	out(1, 0xff);
	assert_int_equal(in(1), 0x0f);
	out(1, 0);
	out(4, 0x1a);
	assert_int_equal(in(6) & 0xf0, 0x90);
	out(4, 0);
	assert_int_equal(in(6) & 0xf0, 0xb0);
	out(2, 1);
	assert_int_equal(in(2) >> 6, 3);
	out(7, 0x5a);
	assert_int_equal(in(7), 0x5a);
}

static void the_divisor_hides_behind_dlab(void **state)
{
	char c;

	out(3, 0x83);
	out(0, 1);
	out(1, 2);
	assert_int_equal(in(0), 1);
	assert_int_equal(in(1), 2);
	out(3, 3);
	assert_int_equal(in(1), 0);
	assert_int_equal(vuart_take_output(&d, &c, 1), 0);
}

static void loopback_brings_bytes_back_and_sends_none(void **state)
{
	char c;

	out(4, 0x10);
	out(0, 'q');
	assert_int_equal(in(5) & 1, 1);
	assert_int_equal(in(0), 'q');
	assert_int_equal(vuart_take_output(&d, &c, 1), 0);
}

static void modem_changes_show_until_read(void **state)
{
	out(1, 8);
	out(4, 0x10);
	assert_true(line);
	assert_int_equal(in(2), IIR_MODEM);
	assert_int_equal(in(6) & 0xf, 0xb);
	assert_int_equal(in(6) & 0xf, 0);
	assert_false(line);
}

static void a_reset_keeps_output_and_drops_input(void **state)
{
	char c;

	out(0, 'z');
	vuart_put_input(&d, "i", 1);
	out(1, 0xf);
	vuart_reset(&d);
	assert_int_equal(in(1), 0);
	assert_int_equal(in(5), 0x60);
	assert_int_equal(vuart_take_output(&d, &c, 1), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(output_waits_in_order_until_taken),
		T(output_that_was_only_looked_at_comes_again),
		T(a_full_ring_has_room_when_output_is_dropped_not_before),
		T(the_owner_is_told_of_first_bytes_and_whole_lines),
		T(a_full_ring_keeps_thre_clear_and_counts_losses),
		T(the_rings_wrap),
		T(thre_interrupts_when_enabled_and_after_each_write),
		T(input_interrupts_until_it_is_read),
		T(input_is_cut_to_its_ring),
		T(linux_finds_a_16550a),
		T(the_divisor_hides_behind_dlab),
		T(loopback_brings_bytes_back_and_sends_none),
		T(modem_changes_show_until_read),
		T(a_reset_keeps_output_and_drops_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
