/*
 * Looks for memory that is not its own. Command line, one of:
 *
 *   fill     fills its RAM with a secret and waits: somebody to be found
 *   sweep    looks at guest-physical addresses as far as the processor has them: all of the first
 *            64 MiB, then coarser, and around each power of two and each device region. What is
 *            neither its own nor ones, nor a known device, is foreign
 *   scrub    its first incarnation fills its RAM with the secret and crashes; the next looks at the
 *            same frames: the secret must be gone, and all but what it was started with zero
 */
#include <stdbool.h>

#include "abi/platform.h"
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/scan/view.h"
#include "lib/addr.h"
#include "lib/bits.h"

#define SECRET     0x5ec2e75ec2e75ec2ull
#define PAGE_WORDS 512u
#define DENSE      (64ull << 20)
#define STEP       (1ull << 20) /* below 4 GiB */
#define AROUND     8u           /* pages before and behind a boundary */
#define PROBES     2u           /* words looked at where nothing is expected */

extern const uint8_t image_start[], image_end[];

static uint64_t pages, foreign, secrets;

static bool is_own(uint64_t at)
{
	return at - boot->ram < boot->memory;
}

/* What every guest has beside its RAM (abi/platform.h): answers there are no memory. */
static bool is_device(uint64_t at)
{
	return at - HV_GUEST_ECAM < HV_GUEST_ECAM_BYTES || at - HV_GUEST_SHARED < 0x1000000 ||
	       at - HV_GUEST_IOAPIC < PAGE_SIZE || at - HV_GUEST_LAPIC < PAGE_SIZE;
}

static bool is_secret(uint64_t word)
{
	return word == SECRET;
}

/* The secret is in it, as a constant. */
static bool is_image(uint64_t at)
{
	uint64_t start = (uint64_t)(uintptr_t)image_start;

	return at - start < (uint64_t)(image_end - image_start);
}

static void look(uint64_t at)
{
	const volatile uint64_t *p = view_page(at);
	unsigned step = is_own(at) ? 1 : PAGE_WORDS / PROBES;

	pages++;
	for (unsigned i = 0; i < PAGE_WORDS; i += step) {
		uint64_t word = p[i];

		secrets += is_secret(word) && !is_image(at);
		if (is_own(at) || is_device(at) || word == ~0ull)
			continue;
		if (foreign++ < 8)
			print("%s: foreign: %#lx has %#lx\n", boot->name, at + i * 8, word);
	}
}

static void look_around(uint64_t at, uint64_t limit)
{
	for (uint64_t n = 0; n < 2 * AROUND; n++) {
		uint64_t page = at + (n - AROUND) * PAGE_SIZE;

		if (page < limit)
			look(page);
	}
}

static void sweep(void)
{
	static const uint64_t regions[] = { HV_GUEST_MEM32,  HV_GUEST_ECAM,  HV_GUEST_SHARED,
					    HV_GUEST_IOAPIC, HV_GUEST_LAPIC, HV_GUEST_HIGH,
					    HV_GUEST_MEM64,  0xff000000 };
	unsigned bits = cpuid(0x80000008, 0).eax & 0xff;
	uint64_t limit = BIT(bits);

	for (uint64_t at = 0; at < DENSE; at += PAGE_SIZE)
		look(at);
	for (uint64_t at = DENSE; at < HV_GUEST_HIGH; at += STEP)
		look(at);
	for (unsigned i = 0; i < ARRAY_SIZE(regions); i++)
		look_around(regions[i], limit);
	for (unsigned bit = 26; bit <= bits; bit++)
		look_around(BIT(bit), limit);
	/* A few in between, each pair of bits. */
	for (unsigned bit = 32; bit < bits; bit++)
		for (unsigned other = 20; other < bit; other++)
			look(BIT(bit) | BIT(other));
	print("%s: %u bits, %lu pages: %lu words foreign, %lu secrets\n", boot->name, bits, pages,
	      foreign, secrets);
}

/* The page tables and the stack are in use: they lie right behind or before the image; what is
   within 256 KiB of its end is left alone, and so is what the entry needs below it. */
static bool is_free(uint64_t at)
{
	uint64_t end = (uint64_t)(uintptr_t)image_end;

	return at >= end + (256u << 10) && at < boot->ram + boot->memory - (256u << 10);
}

static void fill(void)
{
	uint64_t filled = 0;

	for (uint64_t at = boot->ram; at < boot->ram + boot->memory; at += PAGE_SIZE) {
		volatile uint64_t *p = (volatile uint64_t *)(uintptr_t)at;

		if (!is_free(at))
			continue;
		filled++;
		for (unsigned i = 0; i < PAGE_WORDS; i++)
			p[i] = SECRET;
	}
	print("%s: %lu pages filled\n", boot->name, filled);
}

static void inspect(void)
{
	uint64_t dirty = 0, found = 0;

	for (uint64_t at = boot->ram; at < boot->ram + boot->memory; at += PAGE_SIZE) {
		const volatile uint64_t *p = (const volatile uint64_t *)(uintptr_t)at;
		bool empty = true;

		for (unsigned i = 0; i < PAGE_WORDS && !is_image(at); i++) {
			found += is_secret(p[i]);
			empty = empty && !p[i];
		}
		dirty += !empty && is_free(at);
	}
	print("%s: %lu words of before, %lu pages not empty\n", boot->name, found, dirty);
}

int main(void)
{
	if (boot_option("sweep", NULL))
		sweep();
	if (boot_option("scrub", NULL) && boot->incarnation > 1)
		inspect();
	if (boot_option("fill", NULL) || boot_option("scrub", NULL))
		fill();
	if (boot_option("scrub", NULL) && boot->incarnation == 1)
		return 1;
	while (boot_option("fill", NULL))
		hv_event_wait(time_after(NS_PER_SEC));
	print("%s: done\n", boot->name);
	return 0;
}
