// sources: guests/service/ioreq.c
/* The back end's half of the slot protocol, also when the guest's vCPU is taken away meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/ioreq.h"

static struct hv_ioreq_page page;
static struct hv_ioreq *slot = &page.slot[2];
static struct hv_ioreq seen;
static unsigned answered, handled;
static void (*meanwhile)(void);

static void handle(uint32_t guest, struct hv_ioreq *r)
{
	handled++;
	seen = *r;
	r->data = 0x1122334455667788;
	if (meanwhile)
		meanwhile();
}

static void done(uint32_t cap, unsigned i)
{
	answered += i == 2 && cap == 77;
}

static struct ioreq_front front = { &page, 5, 77, handle, done, 4 };

static int setup(void **state)
{
	page = (struct hv_ioreq_page){ 0 };
	answered = handled = 0;
	meanwhile = NULL;
	*slot = (struct hv_ioreq){
		.state = HV_IOREQ_PENDING,
		.sequence = 9,
		.type = HV_IOREQ_MEMORY,
		.size = 4,
		.address = 0xc0000004,
		.data = 1,
	};
	return 0;
}

static void a_read_is_answered_with_as_many_bytes_as_were_asked_for(void **state)
{
	ioreq_scan(&front, 0);
	assert_int_equal(slot->state, HV_IOREQ_COMPLETE);
	assert_int_equal(slot->answered, 9);
	assert_int_equal(slot->data, 0x55667788);
	assert_int_equal(answered, 1);
	assert_int_equal(seen.address, 0xc0000004);
}

static void a_write_keeps_its_data(void **state)
{
	slot->write = 1;
	ioreq_scan(&front, 0);
	assert_int_equal(slot->data, 1);
	assert_int_equal(answered, 1);
}

static void only_a_new_instance_takes_what_is_being_processed(void **state)
{
	slot->state = HV_IOREQ_PROCESSING;
	ioreq_scan(&front, 0);
	assert_int_equal(handled, 0);
	ioreq_scan(&front, 1);
	assert_int_equal(slot->state, HV_IOREQ_COMPLETE);
}

static void only_a_new_instance_tells_of_answers_again(void **state)
{
	slot->state = HV_IOREQ_COMPLETE;
	ioreq_scan(&front, 0);
	assert_int_equal(answered, 0);
	ioreq_scan(&front, 1);
	assert_int_equal(answered, 1);
	assert_int_equal(handled, 0);
}

static void cancel(void)
{
	slot->state = HV_IOREQ_FREE;
}

static void a_cancelled_request_is_not_answered(void **state)
{
	meanwhile = cancel;
	ioreq_scan(&front, 0);
	assert_int_equal(slot->state, HV_IOREQ_FREE);
	assert_int_equal(answered, 0);
}

static void replace(void)
{
	slot->sequence = 10;
	slot->state = HV_IOREQ_PENDING;
	slot->data = 0xabcd;
}

static void an_answer_never_reaches_the_next_request(void **state)
{
	meanwhile = replace;
	ioreq_scan(&front, 0);
	assert_int_equal(slot->state, HV_IOREQ_PENDING);
	assert_int_equal(slot->data, 0xabcd);
	assert_int_equal(answered, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_read_is_answered_with_as_many_bytes_as_were_asked_for,
				       setup),
		cmocka_unit_test_setup(a_write_keeps_its_data, setup),
		cmocka_unit_test_setup(only_a_new_instance_takes_what_is_being_processed, setup),
		cmocka_unit_test_setup(only_a_new_instance_tells_of_answers_again, setup),
		cmocka_unit_test_setup(a_cancelled_request_is_not_answered, setup),
		cmocka_unit_test_setup(an_answer_never_reaches_the_next_request, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
