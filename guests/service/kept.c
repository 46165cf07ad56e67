/*
 * The layout of the kept pages and their identity checks. See kept.h for the picture.
 */
#include "guests/service/kept.h"

#include "guests/lib/print.h"
#include "guests/service/kept_store.h"
#include "lib/string.h"

#define PROCESS_VALID  BIT(63)
#define PROCESS_DEATHS MASK(55, 48)
#define PROCESS_DEVICE MASK(47, 32)
#define PROCESS_QUEUE  MASK(31, 16)
#define PROCESS_HEAD   MASK(15, 0)

static struct kept_header *header;
static unsigned devices;

static struct kept_device *device_page(unsigned i)
{
	return (struct kept_device *)((uint8_t *)header + KEPT_PAGE * (1 + (uint64_t)i));
}

bool kept_open(void *base, uint64_t bytes, unsigned count)
{
	uint64_t need = KEPT_PAGE * (1 + (uint64_t)count);

	if (bytes < need) {
		print("kept: %lu KiB given, %lu KiB needed for %u devices: raise `kept` in the "
		      "config\n",
		      bytes >> 10, need >> 10, count);
		return false;
	}
	header = base;
	devices = count;
	if (header->magic == KEPT_MAGIC && header->version == KEPT_VERSION && header->bytes == need)
		return true;
	if (header->magic)
		print("kept: made for another config or version: every device starts anew\n");
	memset(base, 0, need);
	header->version = KEPT_VERSION;
	header->bytes = (uint32_t)need;
	kept_store64(&header->magic, KEPT_MAGIC);
	return true;
}

bool kept_fallbacks(uint64_t *entries)
{
	bool decided = header->decided == 1;

	*entries = decided ? header->fallbacks : 0;
	return decided;
}

void kept_decide_fallbacks(uint64_t entries)
{
	kept_store64(&header->fallbacks, entries);
	kept_store64(&header->decided, 1);
}

static uint32_t identity_crc(const struct kept_device *k)
{
	return crc32c(0, k, offsetof(struct kept_device, crc));
}

struct kept_device *kept_device(unsigned i, const struct hv_served *served, unsigned queues,
				bool *found)
{
	struct kept_device *k = device_page(i);
	struct kept_device fresh = {
		.magic = KEPT_MAGIC,
		.version = KEPT_VERSION,
		.bytes = sizeof(*k),
		.guest = served->guest,
		.kind = served->kind,
		.function = served->function,
		.queues = queues,
	};

	fresh.crc = identity_crc(&fresh);
	*found = memcmp(k, &fresh, offsetof(struct kept_device, incarnation)) == 0;
	if (*found)
		return k;
	if (k->magic)
		print("kept: the page of device %u is damaged: it starts anew\n", i);
	kept_store64(&k->magic, 0);
	memcpy((uint8_t *)k + sizeof(k->magic), (uint8_t *)&fresh + sizeof(k->magic),
	       sizeof(*k) - sizeof(k->magic));
	kept_store64(&k->magic, KEPT_MAGIC);
	return k;
}

void kept_process(unsigned device, unsigned queue, unsigned head)
{
	uint64_t deaths = inflight_deaths(&device_page(device)->queue[queue].inflight, head);

	kept_store64(&header->in_process, PROCESS_VALID | field_set(PROCESS_DEATHS, 0, deaths) |
						  field_set(PROCESS_DEVICE, 0, device) |
						  field_set(PROCESS_QUEUE, 0, queue) | head);
}

void kept_process_end(void)
{
	kept_store64(&header->in_process, 0);
}

uint64_t kept_process_mark(void)
{
	return header->in_process;
}

void kept_process_restore(uint64_t mark)
{
	kept_store64(&header->in_process, mark);
}

unsigned kept_process_deaths(void)
{
	return header ? (unsigned)field_get(PROCESS_DEATHS, header->in_process) : 0;
}

void kept_count_death(void)
{
	uint64_t mark = header->in_process;
	unsigned device = (unsigned)field_get(PROCESS_DEVICE, mark);
	unsigned queue = (unsigned)field_get(PROCESS_QUEUE, mark);
	unsigned head = (unsigned)field_get(PROCESS_HEAD, mark);
	unsigned deaths = (unsigned)field_get(PROCESS_DEATHS, mark) + 1;

	if ((mark & PROCESS_VALID) && device < devices && queue < KEPT_QUEUES &&
	    head < INFLIGHT_HEADS) {
		struct inflight *r = &device_page(device)->queue[queue].inflight;

		if (inflight_has(r, head))
			inflight_set_deaths(r, head, deaths);
	}
	kept_process_end();
}
