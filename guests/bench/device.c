/*
 * Paths to the service domain and back, over the first virtio-blk function: doorbells (of a queue
 * that has nothing new), accesses that the service domain answers, a read of one sector, from the
 * kick until the halted guest is awake again and has the data, and reads of 4 KiB, one by one and
 * 32 under way.
 */
#include "guests/bench/bench.h"

#include <stddef.h>

#include "abi/platform.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/pci.h"
#include "guests/lib/time.h"
#include "guests/lib/virtio_blk.h"

#define CONFIG_ADDRESS HV_PORT_PCI
#define CONFIG_DATA    (HV_PORT_PCI + 4)
#define CONFIG_ENABLE  0x80000000u
#define BLOCK          4096

static struct virtio_blk disk;
static bool is_open;
static uint8_t sector[VIRTIO_BLK_SECTOR] ALIGNED(512);
static uint8_t pages[VIRTIO_BLK_DEPTH][BLOCK] ALIGNED(BLOCK);

static const char *use_disk(void)
{
	unsigned function = pci_find(VIRTIO_BLK_VENDOR, VIRTIO_BLK_DEVICE, 0);
	const char *why;

	if (is_open)
		return NULL;
	if (function == PCI_NONE)
		return "no virtio-blk function: nobody serves a disk to this domain";
	why = virtio_blk_open(&disk, function, VECTOR_DISK);
	is_open = !why;
	return why;
}

static const char *use_port_doorbell(void)
{
	const char *why = use_disk();

	if (why || disk.bell.port)
		return why;
	return "no doorbell in I/O space";
}

static const char *use_memory_doorbell(void)
{
	const char *why = use_disk();

	if (why || disk.bell.memory)
		return why;
	return "no doorbell in memory";
}

static const char *use_config_port(void)
{
	const char *why = use_disk();

	outl(CONFIG_ADDRESS, CONFIG_ENABLE | disk.pci.function << 8 | PCI_ID);
	return why;
}

/* Time for the service domain to do what there is to do, and to sleep again. */
static void wait_until_idle(void)
{
	hv_event_wait(time_after(NS_PER_MS));
}

static void run_doorbell_port(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		outw(disk.bell.port, 0);
}

static void run_doorbell_memory(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		writew(disk.bell.memory, 0);
}

static void run_config_port(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		inl(CONFIG_DATA);
}

static void run_config_memory(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		pci_read(disk.pci.function, PCI_ID, 4);
}

static void run_served_memory(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		readl(disk.pci.common);
}

static void run_kick(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		virtio_blk_read(&disk, 0, sector, sizeof(sector));
}

static void run_block(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		virtio_blk_read(&disk, 0, pages[0], BLOCK);
}

/* Each slot's next request follows its answer. A bell rings for each. */
static void run_block_deep(unsigned rounds)
{
	unsigned given = 0;

	for (; given < VIRTIO_BLK_DEPTH; given++)
		virtio_blk_submit(&disk, given, VIRTIO_BLK_OP_READ, 0, pages[given], BLOCK);
	for (unsigned taken = 0; taken < rounds; taken++) {
		int slot = virtio_blk_await(&disk);

		if (given++ < rounds)
			virtio_blk_submit(&disk, (unsigned)slot, VIRTIO_BLK_OP_READ, 0, pages[slot],
					  BLOCK);
	}
}

const struct path device_paths[] = {
	{ "doorbell-port", use_port_doorbell, run_doorbell_port, 1, wait_until_idle },
	{ "doorbell-port-again", use_port_doorbell, run_doorbell_port, 0, NULL },
	{ "doorbell-memory", use_memory_doorbell, run_doorbell_memory, 1, wait_until_idle },
	{ "doorbell-memory-again", use_memory_doorbell, run_doorbell_memory, 0, NULL },
	{ "served-config-port", use_config_port, run_config_port, 0, NULL },
	{ "served-config-memory", use_disk, run_config_memory, 0, NULL },
	{ "served-memory", use_disk, run_served_memory, 0, NULL },
	{ "kick-to-wake", use_disk, run_kick, 0, NULL },
	{ "block-4k", use_disk, run_block, 0, NULL },
	{ "block-4k-deep", use_disk, run_block_deep, 8 * VIRTIO_BLK_DEPTH, NULL },
	{ NULL, NULL, NULL, 0, NULL },
};
