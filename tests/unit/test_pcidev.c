// sources: guests/service/pcidev.c guests/service/pcidev_bar.c guests/service/virtio_region.c
// sources: guests/service/virtio_device.c guests/service/virtio_common.c guests/service/kept.c
// sources: guests/service/virtio_msix.c guests/service/virtio_queue.c guests/service/kept_store.c
// sources: guests/service/virtio_chain.c guests/service/inflight.c guests/service/window.c
// sources: guests/service/pcibar.c lib/string.c
/* A served device's PCI function: what a driver finds, BARs that move, MSI-X masks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/hypercall.h"
#include "abi/platform.h"
#include "guests/service/pcidev.h"
#include "guests/service/virtio_port.h"
#include "lib/string.h"

#define RANGES 16

struct range {
	unsigned kind;
	uint64_t base;
};

static struct range ranges[RANGES];
static unsigned sent, kicks, removed;
static uint32_t last_data;
static struct kept_device kept;
static struct virtio_device v;
static struct window window;

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
}

void virtio_port_irq(uint32_t cap, uint64_t address, uint32_t data)
{
	sent++;
	last_data = data;
}

void virtio_port_again(unsigned event)
{
	kicks++;
}

int64_t virtio_port_add(uint32_t cap, unsigned kind, uint64_t base, uint64_t bytes, unsigned event)
{
	/* One that is there already takes its own place, as in the hypervisor. */
	for (unsigned i = 0; i < RANGES; i++)
		if (ranges[i].base == base && ranges[i].kind == kind)
			return 0;
	for (unsigned i = 0; i < RANGES; i++) {
		if (ranges[i].base)
			continue;
		ranges[i] = (struct range){ kind, base };
		return 0;
	}
	return HV_ERR_NOMEM;
}

int64_t virtio_port_remove(uint32_t cap, unsigned kind, uint64_t base)
{
	for (unsigned i = 0; i < RANGES; i++) {
		if (ranges[i].base != base || ranges[i].kind != kind)
			continue;
		ranges[i].base = 0;
		removed++;
		return 0;
	}
	return HV_ERR_NOENT;
}

static bool registered(unsigned kind, uint64_t base)
{
	for (unsigned i = 0; i < RANGES; i++)
		if (ranges[i].base == base && ranges[i].kind == kind)
			return true;
	return false;
}

static unsigned registered_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RANGES; i++)
		n += ranges[i].base != 0;
	return n;
}

static void config(struct virtio_device *d, unsigned offset, unsigned bytes, void *buf)
{
	memset(buf, 0x77, bytes);
}

static const struct virtio_model model = {
	.name = "test",
	.id = 2,
	.class_code = 0x010000,
	.queues = 2,
	.config = config,
};

static int setup(void **state)
{
	memset(ranges, 0, sizeof(ranges));
	memset(&kept, 0, sizeof(kept));
	sent = kicks = 0;
	v = (struct virtio_device){ .model = &model, .kept = &kept, .window = &window, .slot = 1 };
	pcidev_power_on(&v, 3);
	return 0;
}

static uint32_t cfg(unsigned reg)
{
	return pcidev_read(&v, reg, 4);
}

static void a_modern_virtio_function_is_found(void **state)
{
	assert_int_equal(cfg(0), 0x10421af4);
	assert_int_equal(pcidev_read(&v, 8, 1), 1);
	assert_int_equal(pcidev_read(&v, 11, 1), 1);
	assert_int_equal(pcidev_read(&v, 0x3d, 1), 0);
	assert_int_equal(cfg(0x100), 0);
}

static void capabilities_are_listed_with_the_port_doorbell_first(void **state)
{
	static const struct {
		unsigned id, type, bar;
	} expected[] = { { 9, 2, 0 }, { 9, 2, 2 }, { 9, 1, 2 }, { 9, 3, 2 },
			 { 9, 4, 2 }, { 9, 5, 0 }, { 17, 0, 0 } };
	unsigned at = pcidev_read(&v, 0x34, 1);

	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(pcidev_read(&v, at, 1), expected[i].id);
		if (expected[i].id == 9) {
			assert_int_equal(pcidev_read(&v, at + 3, 1), expected[i].type);
			assert_int_equal(pcidev_read(&v, at + 4, 1), expected[i].bar);
		}
		if (expected[i].type == 2)
			assert_int_equal(cfg(at + 16), 4);
		at = pcidev_read(&v, at + 1, 1);
	}
	assert_int_equal(at, 0);
}

static void bars_decode_from_the_start_within_the_bridges_windows(void **state)
{
	uint32_t io = HV_GUEST_IO + 0x40, memory = HV_GUEST_MEM32 + 0x4000;

	assert_int_equal(cfg(0x10), io | 1);
	assert_int_equal(cfg(0x18), memory);
	assert_true(registered(HV_RANGE_PORT | HV_RANGE_DOORBELL, io));
	assert_true(registered(HV_RANGE_PORT | HV_RANGE_DOORBELL, io + 4));
	assert_true(registered(HV_RANGE_MEMORY, memory));
	assert_true(registered(HV_RANGE_MEMORY | HV_RANGE_DOORBELL, memory + 0x2004));
	assert_int_equal(registered_count(), 5);
}

static void sizing_a_bar_reads_its_size_and_unmaps_it(void **state)
{
	pcidev_write(&v, 0x18, 4, 0xffffffff);
	assert_int_equal(cfg(0x18), 0xffffc000);
	assert_int_equal(registered_count(), 2);
	pcidev_write(&v, 0x10, 4, 0xffffffff);
	assert_int_equal(cfg(0x10) & 0xffff, 0xffc1);
	assert_int_equal(registered_count(), 0);
}

static void a_bar_that_moves_takes_its_ranges_along(void **state)
{
	unsigned offset;

	pcidev_write(&v, 4, 2, 0);
	assert_int_equal(registered_count(), 0);
	pcidev_write(&v, 0x18, 4, 0xd0000000);
	assert_int_equal(registered_count(), 0);
	pcidev_write(&v, 4, 2, 2);
	assert_true(registered(HV_RANGE_MEMORY, 0xd0000000));
	assert_int_equal(registered_count(), 3);
	assert_true(pcidev_hit(&v, PCIDEV_MEMORY, 0xd0003ffc, 4, &offset));
	assert_int_equal(offset, 0x3ffc);
	assert_false(pcidev_hit(&v, PCIDEV_MEMORY, 0xd0003ffd, 4, &offset));
	assert_false(pcidev_hit(&v, PCIDEV_IO, HV_GUEST_IO, 4, &offset));
}

static void a_new_instance_registers_what_was_there(void **state)
{
	memset(ranges, 0, sizeof(ranges));
	pcidev_recover(&v);
	assert_int_equal(registered_count(), 5);
	pcidev_recover(&v);
	assert_int_equal(registered_count(), 5);
}

static void what_is_registered_is_there_at_any_time_of_a_recovery(void **state)
{
	removed = 0;
	pcidev_recover(&v);
	assert_int_equal(removed, 0);
	assert_int_equal(registered_count(), 5);
	/* The last instance died between the guest's write and the ranges. */
	kept.bar[1] = 0xd0000000;
	pcidev_recover(&v);
	assert_true(registered(HV_RANGE_MEMORY, 0xd0000000));
	assert_int_equal(registered_count(), 5);
}

static void single_bytes_of_registers_can_be_written(void **state)
{
	pcidev_write(&v, 0x3c, 1, 11);
	assert_int_equal(cfg(0x3c), 11);
	pcidev_write(&v, 0x3e, 2, 0xffff);
	assert_int_equal(cfg(0x3c), 11);
}

static void a_masked_message_is_sent_when_it_is_unmasked(void **state)
{
	pcidev_write(&v, 0xae, 2, 0x8000);
	virtio_region_write(&v, VIRTIO_REGION_TABLE + 16, 4, 0xfee00000);
	virtio_region_write(&v, VIRTIO_REGION_TABLE + 24, 4, 0x41);
	virtio_msix_notify(&v, 1);
	assert_int_equal(sent, 0);
	assert_int_equal(virtio_region_read(&v, VIRTIO_REGION_PBA, 4), 2);
	pcidev_write(&v, 0xae, 2, 0xc000);
	virtio_region_write(&v, VIRTIO_REGION_TABLE + 28, 4, 0);
	assert_int_equal(sent, 0);
	pcidev_write(&v, 0xae, 2, 0x8000);
	assert_int_equal(sent, 1);
	assert_int_equal(last_data, 0x41);
	assert_int_equal(virtio_region_read(&v, VIRTIO_REGION_PBA, 4), 0);
	virtio_msix_notify(&v, 1);
	assert_int_equal(sent, 2);
	virtio_msix_notify(&v, VIRTIO_NO_VECTOR);
	assert_int_equal(sent, 2);
}

static void the_access_capability_reaches_the_bars(void **state)
{
	pcidev_write(&v, 0x9c, 1, 2);
	pcidev_write(&v, 0xa0, 4, VIRTIO_REGION_DEVICE);
	pcidev_write(&v, 0xa4, 4, 2);
	assert_int_equal(cfg(0xa8), 0x7777);
	pcidev_write(&v, 0xa0, 4, VIRTIO_REGION_NOTIFY + 4);
	pcidev_write(&v, 0xa8, 2, 1);
	assert_int_equal(kicks, 1);
	pcidev_write(&v, 0xa0, 4, VIRTIO_REGION_BYTES);
	assert_int_equal(cfg(0xa8), 0);
	pcidev_write(&v, 0xa8, 4, 1);
	assert_int_equal(kicks, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_modern_virtio_function_is_found, setup),
		cmocka_unit_test_setup(capabilities_are_listed_with_the_port_doorbell_first, setup),
		cmocka_unit_test_setup(bars_decode_from_the_start_within_the_bridges_windows,
				       setup),
		cmocka_unit_test_setup(sizing_a_bar_reads_its_size_and_unmaps_it, setup),
		cmocka_unit_test_setup(a_bar_that_moves_takes_its_ranges_along, setup),
		cmocka_unit_test_setup(a_new_instance_registers_what_was_there, setup),
		cmocka_unit_test_setup(what_is_registered_is_there_at_any_time_of_a_recovery,
				       setup),
		cmocka_unit_test_setup(single_bytes_of_registers_can_be_written, setup),
		cmocka_unit_test_setup(a_masked_message_is_sent_when_it_is_unmasked, setup),
		cmocka_unit_test_setup(the_access_capability_reaches_the_bars, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
