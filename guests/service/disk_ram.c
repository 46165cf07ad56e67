/*
 * A RAM disk: a config module, kept over restarts. Requests wait in a list and are done from the
 * event loop, some a turn. Two words of the command line make it behave like a slow disk, for
 * tests: `diskdelay=USEC` waits so long before each, `shuffle` takes them in another order.
 */
#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/disk.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "lib/string.h"

#define RAM_DISKS        32
#define RAM_PARTS        126
#define SHUFFLE_DELAY_US 500
#define TURN_BYTES       0x20000 /* copied within one turn: some 20 us */
#define TURN_REQUEST     4096    /* what a request costs beside its bytes */

struct ram {
	uint8_t *base;
	struct list queue;
	unsigned queued;
	unsigned event;
	struct timer timer;
	uint64_t delay_ns;
	bool shuffle;
	uint32_t random; /* xorshift state, never 0 */
};

static struct ram rams[RAM_DISKS];

/* Arranges for ram_turn to run: at once, or after the delay that was asked for. */
static void ram_wake(struct ram *m)
{
	if (m->queued)
		event_again(m->event);
}

static void ram_timer(void *arg)
{
	ram_wake(arg);
}

static void ram_arm(struct ram *m)
{
	if (m->delay_ns)
		timer_set_ns(&m->timer, m->delay_ns, ram_timer, m);
	else
		ram_wake(m);
}

static bool ram_submit(struct disk *d, struct disk_request *r)
{
	struct ram *m = d->driver;

	list_add_before(&m->queue, &r->node);
	if (m->queued++ == 0)
		ram_arm(m);
	return true;
}

/* The next one, or with `shuffle` any one. */
static struct disk_request *ram_pick(struct ram *m)
{
	struct list *at = m->queue.next;

	if (m->shuffle) {
		m->random ^= m->random << 13;
		m->random ^= m->random >> 17;
		m->random ^= m->random << 5;
		for (unsigned skip = m->random % m->queued; skip; skip--)
			at = at->next;
	}
	list_remove(at);
	m->queued--;
	return CONTAINER_OF(at, struct disk_request, node);
}

static void ram_do(struct ram *m, struct disk_request *r)
{
	if (r->op == DISK_READ)
		disk_scatter(r, 0, m->base + r->sector * DISK_SECTOR, r->bytes);
	else if (r->op == DISK_WRITE)
		disk_gather(r, 0, m->base + r->sector * DISK_SECTOR, r->bytes);
	else if (r->op != DISK_FLUSH)
		memset(m->base + r->sector * DISK_SECTOR, 0, r->bytes);
	disk_done(r, true);
}

static void ram_turn(void *arg)
{
	struct ram *m = arg;

	for (uint32_t moved = 0; m->queued && moved < TURN_BYTES;) {
		struct disk_request *r = ram_pick(m);

		moved += r->bytes + TURN_REQUEST;
		ram_do(m, r);
		if (m->delay_ns)
			break;
	}
	if (m->queued)
		ram_arm(m);
}

void disk_ram_init(struct disk *d, unsigned number, void *base, uint64_t bytes)
{
	struct ram *m = &rams[number % RAM_DISKS];

	assert(number < RAM_DISKS);
	disk_init(d);
	format(d->name, sizeof(d->name), "RAM disk %u", number);
	d->sectors = bytes / DISK_SECTOR;
	d->block = DISK_SECTOR;
	d->max_parts = RAM_PARTS;
	d->discard_max = d->zeroes_max = TURN_BYTES;
	d->submit = ram_submit;
	d->driver = m;
	list_init(&m->queue);
	m->base = base;
	m->random = 2463534242u + number;
	m->shuffle = boot_option("shuffle", NULL);
	m->delay_ns = boot_number("diskdelay", m->shuffle ? SHUFFLE_DELAY_US : 0) * NS_PER_US;
	m->event = event_alloc();
	event_bind(m->event, ram_turn, m);
}
