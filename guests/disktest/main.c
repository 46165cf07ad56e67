/*
 * Works on its virtio disk at depth and says whether every acknowledged byte is right, for tests
 * that kill the service domain, or this one, in the middle:
 *
 *   writes=N    acknowledged writes until the end (2000); progress lines on the way
 *   depth=N     requests under way at a time (16, at most 32)
 *   blocks=N    of 4 KiB, from the disk's start (256)
 *   die=N       incarnations 1 to N end in the middle of the work, with requests under way: by
 *               triple fault, reset and crash in turn; the next one checks what they left
 *   forever     begins again after each run
 *   ledger      says every acknowledged write, what a later incarnation finds, and at the end what
 *               each block holds: see ledger.h
 *   masks       masks the disk's interrupt now and then
 *   halves      what an earlier incarnation did not end may be there by half, over a whole block:
 *               for deaths of both at once, where nobody is left to do it again
 *   again       a later incarnation checks what the earlier one left, as with die=N
 *   wait=MS     begins so late (0, at most 4000)
 *   reopen      resets a device that gave up, and goes on
 *
 * Its last line is `NAME: disk ok, N writes, crc XXXXXXXX` (CRC-32C of all blocks), or
 * `NAME: DISK BAD` and what was lost, repeated after its acknowledgement, stale, torn.
 */
#include "abi/platform.h"
#include "guests/disktest/load.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/pci.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"

#define VECTOR_DISK  0x40
#define VECTOR_TIMER 0x41

/* Nothing of a ledger may be lost, however slow the terminal is. */
#define LEDGER_PATIENCE (60 * NS_PER_SEC)

static struct virtio_blk disk;
static struct load load = { .disk = &disk };

static bool open_disk(void)
{
	unsigned function = pci_find(VIRTIO_BLK_VENDOR, VIRTIO_BLK_DEVICE, 0);
	const char *why = function == PCI_NONE ? "there is none"
					       : virtio_blk_open(&disk, function, VECTOR_DISK);

	if (why)
		print("%s: no disk: %s\n", boot->name, why);
	return !why;
}

/* Requests are under way when this is called. */
static void die(void)
{
	print("%s: dies at %lu writes\n", boot->name, load.writes);
	switch (boot->incarnation % 3) {
	case 0: hv_exit(1);
	case 1: trap_triple_fault();
	default: outb(HV_PORT_RESET, HV_RESET_VALUE);
	}
}

static bool say_result(uint32_t crc)
{
	const struct load_faults *f = &load.faults;

	if (load_is_clean(&load)) {
		print("%s: disk ok, %lu writes, crc %08x\n", boot->name, load.writes, crc);
		if (load.ledger)
			load_say(&load, "holds");
		print("%s: longest wait %lu us\n", boot->name, tsc_to_ns(load.gap) / NS_PER_US);
		return true;
	}
	print("%s: DISK BAD: %lu lost, %lu repeated, %lu stale, %lu torn, %lu errors, %lu answers "
	      "to nothing\n",
	      boot->name, f->lost, f->repeated, f->stale, f->torn, f->errors, disk.unasked);
	return false;
}

/* A run from the first write to the verdict; false: the device gave up, or something is wrong. */
static bool work(uint64_t writes)
{
	uint32_t crc;
	uint64_t deaths = boot_number("die", 0);
	bool again = deaths || boot_option("again", NULL);

	if (boot->incarnation > 1 && again && !load_inspect(&load))
		return false;
	if (!load_is_clean(&load))
		return say_result(0);
	if (boot->incarnation <= deaths) {
		if (!load_run(&load, load.blocks + writes / 8 + boot->incarnation))
			return false;
		die();
	}
	return load_run(&load, load.writes + writes) && load_verify(&load, &crc) && say_result(crc);
}

static bool gave_up(void)
{
	print("%s: the device gave up\n", boot->name);
	if (!boot_option("reopen", NULL) || !open_disk())
		return false;
	load_forget(&load);
	return true;
}

static void wake(struct trap_frame *frame, void *arg)
{
	apic_eoi();
}

/* At most four seconds: the APIC's counter has 32 bits. */
static void wait(uint64_t ms)
{
	if (!ms)
		return;
	trap_bind(VECTOR_TIMER, wake, NULL);
	apic_timer_oneshot(VECTOR_TIMER, ms * NS_PER_MS);
	irq_wait();
}

int main(void)
{
	uint64_t writes = boot_number("writes", 2000);

	load.depth = (unsigned)MIN(boot_number("depth", 16), (uint64_t)VIRTIO_BLK_DEPTH);
	load.blocks = (unsigned)MIN(boot_number("blocks", 256), (uint64_t)LOAD_BLOCKS);
	load.most = writes + load.blocks + load.depth;
	load.ledger = boot_option("ledger", NULL);
	load.halves = boot_option("halves", NULL);
	if (load.ledger)
		print_patience(LEDGER_PATIENCE);
	load.vector = boot_option("masks", NULL) ? VECTOR_DISK : 0;
	load_init(&load);
	apic_init(false);
	wait(boot_number("wait", 0));
	if (!open_disk() || load.depth == 0 || load.blocks <= load.depth)
		return 1;
	print("%s: incarnation %u, %lu writes at depth %u\n", boot->name, boot->incarnation, writes,
	      load.depth);
	do {
		while (!work(writes))
			if (!load_is_clean(&load) || !gave_up())
				return 1;
	} while (boot_option("forever", NULL));
	return 0;
}
