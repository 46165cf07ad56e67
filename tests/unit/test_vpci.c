/*
 * A guest's PCI bus: both ways in lead to the same registers, the host bridge is there, empty slots
 * read as ones, and a served function is asked of its back end.
 */
// sources: tests/unit/fake_pic.c vmm/vpci.c lib/string.c tests/unit/fake_domains.c mm/pool.c
#include "vmm/vpci.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "abi/platform.h"
#include "tests/unit/fake_domains.h"
#include "vmm/ioreq.h"

static uint64_t asked;
static struct vcpu *v;

unsigned ioreq_link_of(const struct domain *guest, const struct domain *backend)
{
	return backend->id == SERVER ? 0 : IOREQ_NO_LINK;
}

enum verdict ioreq_ask(struct vcpu *vcpu, unsigned link, enum hv_ioreq_type type,
		       struct io_access *a)
{
	assert_int_equal(type, HV_IOREQ_PCI_CONFIG);
	asked = a->address;
	a->data = 0x1af4;
	return VERDICT_DONE;
}

static int build(void **state)
{
	fake_domains_reset();
	vpci_build();
	v = &fake_vcpus[GUEST];
	asked = 0;
	return 0;
}

static uint32_t port_read(uint16_t port, unsigned size)
{
	struct io_access a = { .address = port, .size = size };

	assert_int_equal(vpci_port(v, &a), VERDICT_DONE);
	return a.data;
}

static void port_write(uint16_t port, unsigned size, uint32_t data)
{
	struct io_access a = { .address = port, .size = size, .write = true, .data = data };

	assert_int_equal(vpci_port(v, &a), VERDICT_DONE);
}

static uint32_t ecam_read(uint64_t offset, unsigned size)
{
	struct io_access a = { .address = HV_GUEST_ECAM + offset, .size = size };

	assert_int_equal(vpci_ecam(v, &a), VERDICT_DONE);
	return a.data;
}

static void the_host_bridge_is_seen_both_ways(void **state)
{
	port_write(0xcf8, 4, 0x80000008);
	assert_int_equal(port_read(0xcf8, 4), 0x80000008);
	assert_int_equal(port_read(0xcfc, 4), 0x06000000);
	assert_int_equal(port_read(0xcfe, 2), 0x0600);
	assert_int_equal(ecam_read(8, 4), 0x06000000);
	assert_int_equal(ecam_read(0, 2), 0x1b36);
	assert_int_equal(ecam_read(0x100, 4), 0);
}

static void empty_slots_and_other_buses_read_as_ones(void **state)
{
	assert_int_equal(ecam_read(2 << 15, 4), 0xffffffff);
	assert_int_equal(ecam_read(1 << 12, 2), 0xffff);
	port_write(0xcf8, 4, 0x80010000);
	assert_int_equal(port_read(0xcfc, 4), 0xffffffff);
	port_write(0xcf8, 4, 0x00000000);
	assert_int_equal(port_read(0xcfc, 2), 0xffff);
	assert_int_equal(asked, 0);
}

static void a_served_function_is_asked_of_its_back_end(void **state)
{
	assert_int_equal(ecam_read(1 << 15 | 0x104, 2), 0x1af4);
	assert_int_equal(asked, 1 << 15 | 0x104);
	port_write(0xcf8, 4, 0x80000800 | 0x3c);
	assert_int_equal(port_read(0xcfd, 1), 0x1af4);
	assert_int_equal(asked, 1 << 15 | 0x3d);
	assert_int_equal(vpci_function(0), 1 << 3);
}

static void an_access_over_a_register_boundary_reaches_nobody(void **state)
{
	assert_int_equal(ecam_read(1 << 15 | 3, 2), 0xffff);
	assert_int_equal(ecam_read(1 << 15 | 2, 4), 0xffffffff);
	assert_int_equal(asked, 0);
}

static void the_address_register_takes_whole_words_only(void **state)
{
	port_write(0xcf8, 4, 0x80000000);
	port_write(0xcfb, 1, 1);
	assert_int_equal(port_read(0xcf8, 4), 0x80000000);
	assert_int_equal(port_read(0xcf8, 2), 0xffff);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, build)
	const struct CMUnitTest tests[] = {
		TEST(the_host_bridge_is_seen_both_ways),
		TEST(empty_slots_and_other_buses_read_as_ones),
		TEST(a_served_function_is_asked_of_its_back_end),
		TEST(an_access_over_a_register_boundary_reaches_nobody),
		TEST(the_address_register_takes_whole_words_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
