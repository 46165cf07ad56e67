/*
 * Queues full of lies: loops, huge lengths, addresses that wrap or belong to devices, chains that
 * read where they should write, indices that jump. The device is started properly first, so that
 * what follows is looked at; the first descriptor is often a plausible block request. A device that
 * gives up is started again the next time.
 */
#include "guests/hostile/device.h"
#include "guests/hostile/hostile.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "lib/bits.h"

#define QUEUES      4u
#define ENTRIES     64u
#define RESET_READS 1000u
#define FLOOD       200u

/* Common configuration (virtio 1.2, 4.1.4.3). */
enum {
	FEATURE_SELECT = 0,
	FEATURE = 4,
	DRIVER_SELECT = 8,
	DRIVER_FEATURE = 12,
	STATUS = 20,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_ENABLE = 28,
	QUEUE_DESC = 32,
	QUEUE_DRIVER = 40,
	QUEUE_DEVICE = 48,
};

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };

struct desc {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags, next;
};

static struct queue {
	struct desc desc[ENTRIES];
	struct {
		uint16_t flags, index, ring[ENTRIES], used_event;
	} avail;
	uint8_t used[2048] ALIGNED(4);
} queues[QUEUES] ALIGNED(4096);
static struct {
	uint32_t type, reserved;
	uint64_t sector;
} request;
static uint8_t data[4096] ALIGNED(4096);

static uint64_t address_of(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void start_queue(volatile uint8_t *common, unsigned n)
{
	struct queue *q = &queues[n];

	writew(common + QUEUE_SELECT, (uint16_t)n);
	writew(common + QUEUE_SIZE, ENTRIES);
	writeq(common + QUEUE_DESC, rnd_below(16) ? address_of(q->desc) : rnd_nasty());
	writeq(common + QUEUE_DRIVER, rnd_below(16) ? address_of(&q->avail) : rnd_nasty());
	writeq(common + QUEUE_DEVICE, rnd_below(16) ? address_of(q->used) : rnd_nasty());
	writew(common + QUEUE_ENABLE, 1);
	q->avail.index = 0;
}

static void start_device(const struct device *d)
{
	volatile uint8_t *common = d->common;

	device_repair(d);
	writeb(common + STATUS, 0);
	for (unsigned i = 0; i < RESET_READS && readb(common + STATUS); i++)
		cpu_relax();
	writeb(common + STATUS, ACKNOWLEDGE | DRIVER);
	for (unsigned word = 0; word < 2; word++) {
		writel(common + FEATURE_SELECT, word);
		writel(common + DRIVER_SELECT, word);
		writel(common + DRIVER_FEATURE, readl(common + FEATURE));
	}
	writeb(common + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	for (unsigned n = 0; n < QUEUES; n++)
		start_queue(common, n);
	writeb(common + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

/* Mostly one that can be followed: only then the rest is looked at. */
static struct desc wild_desc(unsigned at)
{
	struct desc d = { address_of(data) + rnd_below(sizeof(data)), (uint32_t)rnd_below(2048),
			  (uint16_t)rnd_below(4), (uint16_t)((at + 1) % ENTRIES) };

	if (rnd_below(4) == 0)
		d.address = rnd_nasty();
	if (rnd_below(4) == 0)
		d.bytes = (uint32_t)rnd_nasty();
	if (rnd_below(8) == 0)
		d.flags = (uint16_t)rnd();
	if (rnd_below(8) == 0)
		d.next = (uint16_t)rnd_below(2 * ENTRIES);
	if (rnd_below(16) == 0)
		d.flags |= DESC_INDIRECT;
	return d;
}

static void fill(struct queue *q)
{
	static const uint32_t types[] = { 0, 1, 4, 8, 11, 13 };

	request.type = rnd_below(8) ? types[rnd_below(ARRAY_SIZE(types))] : (uint32_t)rnd();
	request.sector = rnd_below(2) ? rnd_below(64) : rnd_nasty();
	for (unsigned i = 0; i < ENTRIES; i++)
		q->desc[i] = wild_desc(i);
	for (unsigned i = 0; i < ENTRIES; i += 4) {
		if (rnd_below(4) == 0)
			continue;
		q->desc[i] = (struct desc){ address_of(&request), sizeof(request), DESC_NEXT,
					    (uint16_t)(i + 1) };
		q->desc[i + 1].flags |= DESC_NEXT;
	}
	/* A chain as an indirect table, too. */
	for (unsigned i = 0; i < sizeof(data) / sizeof(struct desc) && rnd_below(8) == 0; i++)
		((struct desc *)data)[i] = wild_desc(i);
	for (unsigned i = 0; i < ENTRIES; i++)
		q->avail.ring[i] = (uint16_t)rnd_below(rnd_below(16) ? ENTRIES : 65536);
	q->avail.index += (uint16_t)(rnd_below(8) ? rnd_below(8) : rnd());
	q->avail.flags = (uint16_t)rnd();
	q->avail.used_event = (uint16_t)rnd();
}

static void kick(const struct device *d, unsigned queue)
{
	if (d->doorbell && (!d->port || rnd_below(2)))
		writew(d->doorbell + 4 * rnd_below(QUEUES), (uint16_t)queue);
	else if (d->port)
		outw((uint16_t)(d->port + 2 * rnd_below(2 * QUEUES)), (uint16_t)queue);
}

void act_ring(void)
{
	const struct device *d = device_count ? &devices[rnd_below(device_count)] : NULL;

	if (!d)
		return;
	if (rnd_below(8) == 0 || readb(d->common + STATUS) != 15)
		start_device(d);
	for (unsigned n = 0; n < QUEUES; n++)
		fill(&queues[n]);
	for (unsigned n = 0; n < QUEUES; n++)
		kick(d, n);
	/* While the back end looks. */
	for (unsigned n = (unsigned)rnd_below(8); n > 0; n--)
		queues[0].desc[rnd_below(ENTRIES)] = wild_desc((unsigned)rnd_below(ENTRIES));
}

void act_flood(void)
{
	const struct device *d = device_count ? &devices[rnd_below(device_count)] : NULL;

	for (unsigned n = d ? (unsigned)rnd_below(FLOOD) : 0; n > 0; n--)
		kick(d, n % QUEUES);
}
