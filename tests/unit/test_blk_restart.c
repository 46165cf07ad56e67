// sources: guests/service/blk.c guests/service/blk_request.c guests/service/dma.c
// sources: guests/service/rate.c guests/service/disk.c guests/service/kept.c lib/string.c
// sources: guests/service/virtio_device.c guests/service/virtio_common.c
// sources: guests/service/virtio_msix.c guests/service/virtio_queue.c
// sources: guests/service/virtio_chain.c guests/service/inflight.c guests/service/window.c
/*
 * The service domain is killed before each of its ordered stores in turn, and a new instance goes
 * on; the guest must get every request answered once, with every byte right. An instance is a child
 * process; guest, disk and kept pages are shared memory. The guest scribbles over a buffer as soon
 * as its write is answered, so a write that is replayed later shows as a wrong sector. It looks at
 * the used ring only after an interrupt and rings only when asked: a lost signal shows as a hang.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guests/service/kept_store.h"
#include "tests/unit/virtio_rig.h"

#define REQUESTS 40
#define SLOTS    5 /* of three descriptors each */
#define KILLED   42
#define STUCK    43
#define WRONG    44

struct slot {
	bool active;
	uint32_t type;
	uint64_t sector;
	uint8_t fill;
};

/* The guest's own memory and the world's. */
struct world {
	struct rig rig;
	uint64_t features;
	unsigned setup, next, answered;
	uint16_t last_used;
	uint32_t seen; /* interrupts */
	uint32_t random;
	struct slot slot[SLOTS];
	uint8_t content[RIG_SECTORS]; /* what each sector must hold */
	bool busy[RIG_SECTORS];
};

static struct world *world;

/* Stand-ins for kept_store.c: the world ends before store number `countdown`. */
static long countdown, stores;

static void store(void)
{
	stores++;
	if (--countdown == 0)
		_exit(KILLED);
}

void kept_store16(volatile uint16_t *p, uint16_t v)
{
	store();
	*p = v;
}

void kept_store32(volatile uint32_t *p, uint32_t v)
{
	store();
	*p = v;
}

void kept_store64(volatile uint64_t *p, uint64_t v)
{
	store();
	*p = v;
}

static unsigned pick(unsigned n)
{
	world->random = world->random * 1103515245 + 12345;
	return (world->random >> 16) % n;
}

static void wrong(const char *what)
{
	fprintf(stderr, "wrong: %s\n", what);
	_exit(WRONG);
}

/* --- the physical disk: part of the instance, but for the sectors ------------------------- */

static struct list queue;
static unsigned queued, moving;

static void transfer(struct disk_request *r)
{
	uint8_t *at = rig->disk + r->sector * DISK_SECTOR;

	if (r->op == DISK_WRITE)
		disk_gather(r, 0, at, r->bytes);
	else if (r->op == DISK_READ)
		disk_scatter(r, 0, at, r->bytes);
}

/* Half of all requests are carried out at once and only answered later. */
static bool submit(struct disk *d, struct disk_request *r)
{
	if (r->op == DISK_FLUSH && moving)
		wrong("a flush before earlier requests are over");
	if (pick(2))
		transfer(r);
	moving += r->op != DISK_FLUSH;
	list_add_before(&queue, &r->node);
	queued++;
	return true;
}

static void disk_turn(void)
{
	struct list *at = queue.next;
	struct disk_request *r;

	if (!queued || pick(3) == 0)
		return;
	for (unsigned skip = pick(queued); skip; skip--)
		at = at->next;
	list_remove(at);
	queued--;
	r = CONTAINER_OF(at, struct disk_request, node);
	moving -= r->op != DISK_FLUSH;
	transfer(r);
	disk_done(r, true);
}

/* --- the guest's driver ------------------------------------------------------------------ */

static uint64_t buffer(unsigned slot)
{
	return RIG_BUFFERS + slot * RIG_BUFFER;
}

static void guest_ring(void)
{
	uint16_t idx = ram16(RIG_AVAIL)[VIRTQ_RING_IDX];
	uint16_t event = ram16(RIG_USED)[VIRTQ_RING_FIRST + 4 * RIG_QUEUE];
	uint16_t flags = ram16(RIG_USED)[VIRTQ_RING_FLAGS];

	if (world->features & VIRTIO_F_EVENT_IDX ? event == (uint16_t)(idx - 1)
						 : !(flags & VIRTQ_USED_NO_NOTIFY))
		rig->kicked = 1;
}

static void guest_submit(void)
{
	unsigned i = pick(SLOTS), sector = pick(RIG_SECTORS);
	struct slot *s = &world->slot[i];
	struct virtio_blk_header h = { .sector = sector };

	if (s->active || world->busy[sector] || world->next == REQUESTS)
		return;
	h.type = world->next % 8 == 7   ? VIRTIO_BLK_FLUSH
		 : world->next % 3 == 2 ? VIRTIO_BLK_IN
					: VIRTIO_BLK_OUT;
	*s = (struct slot){ true, h.type, sector, (uint8_t)(world->next + 1) };
	world->next++;
	world->busy[sector] = h.type != VIRTIO_BLK_FLUSH;
	memcpy(ram(buffer(i)), &h, sizeof(h));
	memset(ram(buffer(i) + 512), s->fill, 512);
	*(uint8_t *)ram(buffer(i) + 16) = 0xee;
	rig_desc(3 * i, buffer(i), sizeof(h), VIRTQ_DESC_NEXT);
	rig_desc(3 * i + 1, buffer(i) + 512, 512,
		 VIRTQ_DESC_NEXT | (h.type == VIRTIO_BLK_IN ? VIRTQ_DESC_WRITE : 0));
	rig_desc(3 * i + 2, buffer(i) + 16, 1, VIRTQ_DESC_WRITE);
	rig_avail((uint16_t)(3 * i));
	guest_ring();
}

static bool sector_is(const uint8_t *p, uint8_t fill)
{
	for (unsigned i = 0; i < DISK_SECTOR; i++)
		if (p[i] != fill)
			return false;
	return true;
}

static void guest_answer(struct virtq_used_elem e)
{
	unsigned i = e.id / 3;
	struct slot *s = &world->slot[i];
	uint8_t *data = ram(buffer(i) + 512);

	if (e.id % 3 || i >= SLOTS || !s->active)
		wrong("an answer to a request that is not under way");
	if (*(uint8_t *)ram(buffer(i) + 16) != VIRTIO_BLK_OK)
		wrong("status");
	if (s->type == VIRTIO_BLK_OUT) {
		if (!sector_is(rig->disk + s->sector * DISK_SECTOR, s->fill))
			wrong("a write was answered before it was on the disk");
		world->content[s->sector] = s->fill;
	} else if (s->type == VIRTIO_BLK_IN && !sector_is(data, world->content[s->sector])) {
		wrong("a read brought other bytes");
	}
	memset(data, 0xdd, DISK_SECTOR);
	world->busy[s->sector] &= s->type == VIRTIO_BLK_FLUSH;
	s->active = false;
	world->answered++;
}

static void guest_interrupt(void)
{
	if (world->seen == rig->interrupts)
		return;
	world->seen = rig->interrupts;
	do {
		while (rig_used_idx() != world->last_used)
			guest_answer(rig_used(world->last_used++));
		ram16(RIG_AVAIL)[VIRTQ_RING_FIRST + RIG_QUEUE] = world->last_used;
	} while (rig_used_idx() != world->last_used);
}

/* A register write is made again by a new instance, as a slot of the ioreq page would be. */
static void guest_step(void)
{
	if (world->setup < RIG_WRITES) {
		rig_setup_step(world->setup, world->features);
		world->setup++;
		return;
	}
	guest_interrupt();
	guest_submit();
}

static void instance(long kill)
{
	static const struct hv_served served = { .guest = 1 };

	countdown = kill;
	list_init(&queue);
	rig_instance(submit, &served, 8);
	for (unsigned idle = 0; idle < 3000; idle++) {
		unsigned before = world->answered;

		guest_step();
		if (rig->kicked) {
			rig->kicked = 0;
			virtio_device_kick(&device, 0);
		}
		disk_turn();
		if (world->answered == REQUESTS)
			_exit(0);
		if (world->answered != before)
			idle = 0;
	}
	_exit(STUCK);
}

static int run_instance(long kill)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		instance(kill);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

static void world_begin(uint64_t features, unsigned seed)
{
	memset(world, 0, sizeof(*world));
	world->features = VIRTIO_F_VERSION_1 | features;
	world->random = seed;
}

static void world_check(void)
{
	assert_int_equal(world->answered, REQUESTS);
	assert_int_equal(rig->refused, 0);
	for (unsigned i = 0; i < RIG_SECTORS; i++)
		if (!sector_is(rig->disk + i * DISK_SECTOR, world->content[i]))
			fail_msg("sector %u was changed after its write was answered", i);
}

static void kill_at_every_store(uint64_t features)
{
	int end = KILLED;

	for (long kill = 1; end == KILLED; kill++) {
		world_begin(features, (unsigned)kill);
		end = run_instance(kill);
		if (end == KILLED)
			assert_int_equal(run_instance(0), 0);
		else
			assert_int_equal(end, 0);
		world_check();
	}
}

static void nothing_is_lost_when_killed_at_any_store_with_event_index(void **state)
{
	kill_at_every_store(VIRTIO_F_EVENT_IDX);
}

static void nothing_is_lost_when_killed_at_any_store_without_event_index(void **state)
{
	kill_at_every_store(0);
}

static void recovery_may_be_killed_as_well(void **state)
{
	for (unsigned seed = 1; seed <= 300; seed++) {
		int end = KILLED;

		world_begin(seed % 2 ? VIRTIO_F_EVENT_IDX : 0, seed);
		for (unsigned lives = 0; end == KILLED; lives++) {
			/* So many deaths would make a head poison: that is not what is tested. */
			((struct kept_header *)rig->kept)->in_process = 0;
			end = run_instance(lives < 12 ? 1 + (long)pick(lives % 3 ? 12 : 400) : 0);
		}
		assert_int_equal(end, 0);
		world_check();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_when_killed_at_any_store_with_event_index),
		cmocka_unit_test(nothing_is_lost_when_killed_at_any_store_without_event_index),
		cmocka_unit_test(recovery_may_be_killed_as_well),
	};

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	rig = &world->rig;
	return world == MAP_FAILED || cmocka_run_group_tests(tests, NULL, NULL);
}
