/*
 * The validator of configuration blobs: a good one passes, and each single mistake is found and
 * named with its domain and key.
 */
// sources: vmm/config.c vmm/config_devices.c vmm/config_served.c vmm/config_schedule.c
// sources: lib/string.c lib/format.c
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "abi/boot.h"
#include "vmm/config.h"

static struct config c;
static char why[256];

static void add_module(const char *name, uint64_t bytes)
{
	strcpy(c.module[c.modules].name, name);
	c.module[c.modules++].bytes = bytes;
}

static struct config_domain *add_domain(const char *name, uint32_t protocol, uint64_t memory)
{
	struct config_domain *d = &c.domain[c.domains++];

	strcpy(d->name, name);
	d->protocol = protocol;
	d->memory = memory;
	d->vcpus = 1;
	d->quantum_us = 5000;
	for (unsigned i = 0; i < CONFIG_VCPUS; i++)
		d->cpu[i] = CONFIG_NONE;
	d->image = 0;
	d->initrd = CONFIG_NONE;
	return d;
}

/* A service domain with an NVMe disk, and a Linux guest with a disk on it. */
static int good(void **state)
{
	struct config_domain *service, *guest;

	memset(&c, 0, sizeof(c));
	c.magic = CONFIG_MAGIC;
	c.version = CONFIG_VERSION;
	c.bytes = sizeof(c);
	strcpy(c.name, "test");
	add_module("service.elf", 100000);
	add_module("vmlinuz", 9000000);
	add_module("initrd.img", 2000000);
	add_module("linux1.img", 1 << 20);
	service = add_domain("service", CONFIG_NATIVE, 16 << 20);
	service->flags = CONFIG_FLAG_SERVICE;
	service->dma_pool = 4 << 20;
	service->kept = 64 << 10;
	service->rights = CONFIG_RIGHTS;
	service->devices = 1;
	strcpy(service->device[0].name, "main");
	service->device[0].class_code = 0x010802;
	guest = add_domain("linux1", CONFIG_LINUX, 128 << 20);
	guest->image = 1;
	guest->initrd = 2;
	guest->served = 1;
	guest->serve[0] = (struct config_served){
		.kind = HV_SERVED_BLOCK,
		.source_kind = HV_SOURCE_DEVICE,
		.fallback = 3,
		.bytes = 1 << 20,
	};
	return 0;
}

static enum err check(void)
{
	why[0] = 0;
	c.crc = config_crc(&c);
	return config_check(&c, sizeof(c), why, sizeof(why));
}

static void a_good_blob_passes(void **state)
{
	assert_int_equal(check(), OK);
	assert_string_equal(why, "");
}

static void damage_is_found(void **state)
{
	assert_int_equal(check(), OK);
	c.domain[0].memory ^= 1ull << 20;
	assert_int_equal(config_check(&c, sizeof(c), why, sizeof(why)), ERR_CHECKSUM);
	assert_non_null(strstr(why, "damaged"));
	assert_int_equal(config_check(&c, sizeof(c) - 1, why, sizeof(why)), ERR_FORMAT);
	assert_int_equal(config_check(&c, 4, why, sizeof(why)), ERR_FORMAT);
	c.magic++;
	assert_int_equal(config_check(&c, sizeof(c), why, sizeof(why)), ERR_FORMAT);
}

static void another_version_is_refused(void **state)
{
	c.version++;
	assert_int_equal(check(), ERR_FORMAT);
	assert_non_null(strstr(why, "another version"));
}

/* One mistake in a good blob and the words that the message must begin with. */
#define MISTAKE(title, change, begins)                                                             \
	static void title(void **state)                                                            \
	{                                                                                          \
		change;                                                                            \
		assert_int_equal(check(), ERR_INVAL);                                              \
		if (strncmp(why, begins, strlen(begins)) != 0)                                     \
			fail_msg("\"%s\" does not begin with \"%s\"", why, begins);                \
	}

#define SERVICE (&c.domain[0])
#define GUEST   (&c.domain[1])
#define DISK    (&GUEST->serve[0])

MISTAKE(no_domains_are_refused, c.domains = 0, "domains: 0; 1 to 16")
MISTAKE(too_many_domains_are_refused, c.domains = 17, "domains: 17; 1 to 16")
MISTAKE(too_many_modules_are_refused, c.modules = 49, "modules: 49; 1 to 48")
MISTAKE(a_name_without_end_is_refused, memset(GUEST->name, 'a', CONFIG_NAME), "domains: number 1")
MISTAKE(an_odd_name_is_refused, strcpy(GUEST->name, "a b"), "domains: number 1")
MISTAKE(the_log_s_name_is_refused, strcpy(GUEST->name, "hv"), "domains: number 1: name: hv")
MISTAKE(twins_are_refused, strcpy(GUEST->name, "service"), "domains: two are named service")
MISTAKE(an_empty_module_is_refused, c.module[1].bytes = 0, "modules: vmlinuz has 0x0 bytes")
MISTAKE(an_unknown_type_is_refused, GUEST->protocol = 9, "domain linux1: type: 9")
MISTAKE(unknown_flags_are_refused, GUEST->flags = 16, "domain linux1: flags:")
MISTAKE(a_linux_service_is_refused, GUEST->flags = CONFIG_FLAG_SERVICE, "domain linux1: type: a se")
MISTAKE(rights_of_linux_are_refused, GUEST->rights = 1, "domain linux1: rights: only native")
MISTAKE(unknown_rights_are_refused, SERVICE->rights = 16, "domain service: rights: unknown")
MISTAKE(an_unknown_restart_is_refused, GUEST->restart = 3, "domain linux1: restart: 3")
MISTAKE(a_long_cmdline_is_refused, memset(GUEST->cmdline, 'x', CONFIG_CMDLINE),
	"domain linux1: cmdline: at most 511")
MISTAKE(odd_memory_is_refused, GUEST->memory++, "domain linux1: memory: 0x8000001 is not right")
MISTAKE(little_memory_is_refused, GUEST->memory = 4096, "domain linux1: memory: 0x1000")
MISTAKE(memory_below_its_images_is_refused, GUEST->memory = 8 << 20,
	"domain linux1: memory: 8192K cannot hold the images, 10742K")
MISTAKE(a_pool_for_a_guest_is_refused, GUEST->dma_pool = 4096, "domain linux1: dma-pool: only")
MISTAKE(kept_pages_of_a_guest_are_refused, GUEST->kept = 4096, "domain linux1: kept: only")
MISTAKE(a_stage_of_linux_is_refused, GUEST->stage = 4096, "domain linux1: stage: only native")
MISTAKE(an_odd_stage_is_refused, SERVICE->stage = 4095, "domain service: stage: 0xfff is not")
MISTAKE(a_stage_beyond_its_memory_is_refused, SERVICE->stage = 32 << 20, "domain service: stage:")
MISTAKE(a_huge_pool_is_refused, SERVICE->dma_pool = 2ull << 30, "domain service: dma-pool:")
MISTAKE(too_many_vcpus_are_refused, GUEST->vcpus = CONFIG_VCPUS + 1,
	"domain linux1: vcpus: 9; 1 to 8")
MISTAKE(priority_8_is_refused, GUEST->priority = 8, "domain linux1: priority: 8; 0 (last)")
MISTAKE(a_tiny_quantum_is_refused, GUEST->quantum_us = 99, "domain linux1: quantum: 99 us")
MISTAKE(cpu_256_is_refused, GUEST->cpu[0] = 256, "domain linux1: cpu: 256")
MISTAKE(a_missing_kernel_is_refused, GUEST->image = 4, "domain linux1: kernel: module 4 of 4")
MISTAKE(a_missing_initrd_is_refused, GUEST->initrd = 5, "domain linux1: initrd: module 5 of 4")
MISTAKE(a_module_of_ours_is_refused, SERVICE->initrd = 2, "domain service: module: this type")
MISTAKE(a_missing_module_is_refused, (GUEST->protocol = CONFIG_PVH, GUEST->initrd = 5),
	"domain linux1: module: module 5 of 4")
MISTAKE(firmware_too_long_is_refused,
	(GUEST->protocol = CONFIG_FIRMWARE, GUEST->initrd = CONFIG_NONE,
	 c.module[1].bytes = (16 << 20) + 1),
	"domain linux1: image: firmware of 16384K")
MISTAKE(firmware_with_little_memory_is_refused,
	(GUEST->protocol = CONFIG_FIRMWARE, GUEST->initrd = CONFIG_NONE, GUEST->memory = 512 << 10),
	"domain linux1: memory: 512K; firmware needs 1M")
MISTAKE(too_many_devices_are_refused, SERVICE->devices = 9, "domain service: devices: 9")
MISTAKE(devices_of_a_guest_are_refused, GUEST->devices = 1, "domain linux1: devices: only")
MISTAKE(an_unknown_match_is_refused, SERVICE->device[0].match = 4,
	"domain service: devices[0].class: no way")
MISTAKE(a_device_without_name_is_refused, SERVICE->device[0].name[0] = 0,
	"domain service: devices[0].name: is no name")
MISTAKE(a_device_asked_for_twice_is_refused,
	(SERVICE->devices = 2, strcpy(SERVICE->device[1].name, "b"), SERVICE->device[0].match = 2,
	 SERVICE->device[1].match = 2),
	"domain service: devices[0].name: domain service asks for the same device")
MISTAKE(bridges_of_a_guest_are_refused, GUEST->bridges = 1, "domain linux1: bridges: only")
MISTAKE(a_bridge_without_its_device_is_refused,
	(SERVICE->bridges = 1, strcpy(SERVICE->bridge[0].name, "lan"),
	 SERVICE->bridge[0].device = 7),
	"domain service: bridges[0].device: there is no device 7")
MISTAKE(too_many_disks_are_refused, GUEST->served = 13, "domain linux1: disks: 13")
MISTAKE(legacy_devices_without_platform_pc_are_refused,
	(GUEST->served = 2, GUEST->serve[1].kind = HV_SERVED_PC), "domain linux1: legacy-from: 1 ")
MISTAKE(a_service_domain_is_no_pc, SERVICE->flags |= CONFIG_FLAG_PC, "domain service: platform: ")
MISTAKE(a_served_service_is_refused, SERVICE->served = 1, "domain service: disks: a service")
MISTAKE(a_disk_from_a_guest_is_refused, DISK->backend = 1, "domain linux1: disks[0].from:")
MISTAKE(a_disk_from_nobody_is_refused, DISK->backend = 2, "domain linux1: disks[0].from:")
MISTAKE(a_disk_without_source_is_refused, DISK->source_kind = DISK->fallback = 0,
	"domain linux1: disks[0].fallback: only")
MISTAKE(a_disk_on_no_device_is_refused, DISK->source = 1, "domain linux1: disks[0].device:")
MISTAKE(half_a_sector_is_refused, DISK->offset = 100, "domain linux1: disks[0].offset: offset")
MISTAKE(a_wrapping_range_is_refused, DISK->offset = -512ull, "domain linux1: disks[0].offset: off")
MISTAKE(a_fifth_disk_of_a_device_is_refused, DISK->unit = 4,
	"domain linux1: disks[0].unit: 4; 0 to 3")
MISTAKE(a_missing_fallback_is_refused, DISK->fallback = 7, "domain linux1: disks[0].fallback: mod")
MISTAKE(a_kernel_as_ram_disk_is_refused, DISK->fallback = 1,
	"domain linux1: disks[0].fallback: vmlinuz is also started")
MISTAKE(a_range_beyond_the_ram_disk_is_refused,
	(DISK->source_kind = HV_SOURCE_MODULE, DISK->source = 3, DISK->fallback = CONFIG_NONE,
	 DISK->bytes += 512),
	"domain linux1: disks[0].size: the range ends beyond linux1.img")
MISTAKE(a_serial_without_end_is_refused, memset(DISK->serial, 'a', sizeof(DISK->serial)),
	"domain linux1: disks[0].serial:")
MISTAKE(shared_sectors_are_refused,
	(GUEST->served = 2, GUEST->serve[1] = *DISK, GUEST->serve[1].offset = 512),
	"domain linux1: disks[0].offset: shares sectors with a disk of domain linux1")
MISTAKE(two_multiplexers_are_refused,
	(GUEST->protocol = CONFIG_NATIVE, GUEST->initrd = CONFIG_NONE, GUEST->rights = 1),
	"domain linux1: rights: another domain has the right console")

static void read_only_disks_may_share_sectors(void **state)
{
	DISK->flags = HV_SERVED_READONLY;
	GUEST->served = 2;
	GUEST->serve[1] = *DISK;
	assert_int_equal(check(), OK);
}

static void a_console_needs_no_source(void **state)
{
	GUEST->served = 2;
	GUEST->serve[1] = (struct config_served){ .kind = HV_SERVED_CONSOLE };
	assert_int_equal(check(), OK);
	GUEST->serve[1].source_kind = HV_SOURCE_MODULE;
	assert_int_equal(check(), ERR_INVAL);
	assert_string_equal(why,
			    "domain linux1: consoles[0].from: only a disk or a card has a source");
}

static struct config_served card(uint8_t last)
{
	return (struct config_served){ .kind = HV_SERVED_NET,
				       .source_kind = HV_SOURCE_BRIDGE,
				       .mac = { 2, 0, 0, 0, 0, last } };
}

static void a_card_needs_a_bridge_and_an_address_of_its_own(void **state)
{
	GUEST->served = 3;
	GUEST->serve[1] = card(1);
	GUEST->serve[2] = card(2);
	assert_int_equal(check(), ERR_INVAL);
	assert_string_equal(why,
			    "domain linux1: nics[0].bridge: domain service has no such bridge");
	SERVICE->bridges = 1;
	strcpy(SERVICE->bridge[0].name, "lan");
	SERVICE->bridge[0].device = CONFIG_NONE;
	assert_int_equal(check(), OK);
	GUEST->serve[2] = card(1);
	assert_int_equal(check(), ERR_INVAL);
	assert_string_equal(
		why, "domain linux1: nics[0].mac: domain linux1 has the same on this bridge");
	GUEST->serve[2].mac[0] = 1;
	assert_int_equal(check(), ERR_INVAL);
}

static void sockets_have_addresses_of_their_own(void **state)
{
	GUEST->served = 2;
	GUEST->serve[1] = (struct config_served){ .kind = HV_SERVED_VSOCK, .cid = 2 };
	assert_int_equal(check(), ERR_INVAL);
	assert_string_equal(why, "domain linux1: vsock-cid: 2; from 3 on");
	GUEST->serve[1].cid = 3;
	assert_int_equal(check(), OK);
	GUEST->serve[1].flags = HV_SERVED_SHELL;
	assert_int_equal(check(), OK);
	GUEST->serve[1].flags = HV_SERVED_READONLY;
	assert_int_equal(check(), ERR_INVAL);
	GUEST->serve[1].flags = 0;
	DISK->flags = HV_SERVED_SHELL;
	assert_int_equal(check(), ERR_INVAL);
	DISK->flags = 0;
	GUEST->served = 3;
	GUEST->serve[2] = GUEST->serve[1];
	assert_int_equal(check(), ERR_INVAL);
}

#define TEST(name) cmocka_unit_test_setup(name, good)

static const struct CMUnitTest tests[] = {
	TEST(a_good_blob_passes),
	TEST(damage_is_found),
	TEST(another_version_is_refused),
	TEST(no_domains_are_refused),
	TEST(too_many_domains_are_refused),
	TEST(too_many_modules_are_refused),
	TEST(a_name_without_end_is_refused),
	TEST(an_odd_name_is_refused),
	TEST(the_log_s_name_is_refused),
	TEST(twins_are_refused),
	TEST(an_empty_module_is_refused),
	TEST(an_unknown_type_is_refused),
	TEST(unknown_flags_are_refused),
	TEST(a_linux_service_is_refused),
	TEST(rights_of_linux_are_refused),
	TEST(unknown_rights_are_refused),
	TEST(an_unknown_restart_is_refused),
	TEST(a_long_cmdline_is_refused),
	TEST(odd_memory_is_refused),
	TEST(little_memory_is_refused),
	TEST(memory_below_its_images_is_refused),
	TEST(a_pool_for_a_guest_is_refused),
	TEST(kept_pages_of_a_guest_are_refused),
	TEST(a_stage_of_linux_is_refused),
	TEST(an_odd_stage_is_refused),
	TEST(a_stage_beyond_its_memory_is_refused),
	TEST(a_huge_pool_is_refused),
	TEST(too_many_vcpus_are_refused),
	TEST(priority_8_is_refused),
	TEST(a_tiny_quantum_is_refused),
	TEST(cpu_256_is_refused),
	TEST(a_missing_kernel_is_refused),
	TEST(a_missing_initrd_is_refused),
	TEST(a_module_of_ours_is_refused),
	TEST(a_missing_module_is_refused),
	TEST(firmware_too_long_is_refused),
	TEST(firmware_with_little_memory_is_refused),
	TEST(too_many_devices_are_refused),
	TEST(devices_of_a_guest_are_refused),
	TEST(an_unknown_match_is_refused),
	TEST(a_device_without_name_is_refused),
	TEST(a_device_asked_for_twice_is_refused),
	TEST(bridges_of_a_guest_are_refused),
	TEST(a_bridge_without_its_device_is_refused),
	TEST(a_card_needs_a_bridge_and_an_address_of_its_own),
	TEST(sockets_have_addresses_of_their_own),
	TEST(too_many_disks_are_refused),
	TEST(legacy_devices_without_platform_pc_are_refused),
	TEST(a_service_domain_is_no_pc),
	TEST(a_served_service_is_refused),
	TEST(a_disk_from_a_guest_is_refused),
	TEST(a_disk_from_nobody_is_refused),
	TEST(a_disk_without_source_is_refused),
	TEST(a_disk_on_no_device_is_refused),
	TEST(half_a_sector_is_refused),
	TEST(a_wrapping_range_is_refused),
	TEST(a_fifth_disk_of_a_device_is_refused),
	TEST(a_missing_fallback_is_refused),
	TEST(a_kernel_as_ram_disk_is_refused),
	TEST(a_range_beyond_the_ram_disk_is_refused),
	TEST(a_serial_without_end_is_refused),
	TEST(shared_sectors_are_refused),
	TEST(two_multiplexers_are_refused),
	TEST(read_only_disks_may_share_sectors),
	TEST(a_console_needs_no_source),
};

int main(void)
{
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
