/*
 * See ide_channel.h. Each access to a port is an exit: what the order of a transfer needs is done,
 * and nothing else.
 */
#include "guests/service/drivers/ide_channel.h"

#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/ide_regs.h"
#include "guests/service/drivers/pcifn.h"

#define SETTLE_NS      NS_PER_US /* a status is valid 400 ns after a selection or command */
#define RESET_PULSE_NS (10 * NS_PER_US)
#define RESET_WAIT_NS  (2 * NS_PER_MS)
#define READY_NS       (4 * NS_PER_SEC)
#define SELECT_NS      NS_PER_MS
#define NATIVE_CONTROL 2u /* of the four ports of a native control block */

bool ide_channel_find(struct ide_channel *c, const struct hv_device *d, unsigned n)
{
	uint16_t master = pcifn_ports(d, IDE_MASTER_BAR);

	c->command = pcifn_ports(d, 2 * n);
	c->control = pcifn_ports(d, 2 * n + 1);
	if (d->bar_bytes[2 * n + 1] > NATIVE_CONTROL)
		c->control += NATIVE_CONTROL;
	if (!master || !c->control)
		c->command = 0;
	c->master = (uint16_t)(master + n * IDE_MASTER_BYTES);
	return c->command;
}

/* Waits while the drive is busy. False: time is up. */
static bool wait_ready(struct ide_channel *c, uint64_t ns)
{
	uint64_t end = time_ns() + ns;

	for (;;) {
		uint8_t status = inb(c->control);

		if (!(status & IDE_STATUS_BUSY) || status == IDE_STATUS_NONE)
			return true;
		if (time_ns() >= end)
			return false;
		cpu_relax();
	}
}

static void select_drive(struct ide_channel *c, unsigned drive, unsigned lba_high)
{
	outb(c->command + IDE_DEVICE,
	     (uint8_t)(IDE_DEVICE_LBA | drive << IDE_DEVICE_DRIVE | lba_high));
	c->drive = (uint8_t)drive;
}

/*
 * Drive 0 is looked at through it all: the place of a drive that is absent reads 0 as long as it is
 * selected, as if the reset were over, and selects nothing else before it is.
 */
bool ide_channel_reset(struct ide_channel *c)
{
	outb(c->master + IDE_MASTER_RUN, 0);
	select_drive(c, 0, 0);
	outb(c->control, IDE_CONTROL_QUIET | IDE_CONTROL_RESET);
	time_spin(RESET_PULSE_NS);
	outb(c->control, IDE_CONTROL_QUIET);
	time_spin(RESET_WAIT_NS);
	outb(c->master + IDE_MASTER_STATUS, IDE_MASTER_CLEAR);
	c->drive = IDE_DRIVES; /* the next command selects */
	return wait_ready(c, READY_NS);
}

enum ide_found ide_channel_identify(struct ide_channel *c, unsigned drive,
				    uint16_t words[IDE_IDENTIFY_WORDS])
{
	uint8_t status;

	select_drive(c, drive, 0);
	time_spin(SETTLE_NS);
	if (!wait_ready(c, READY_NS))
		return IDE_SILENT;
	status = inb(c->control);
	if (status == 0 || status == IDE_STATUS_NONE)
		return IDE_NOTHING;
	outb(c->command + IDE_COMMAND, IDE_CMD_IDENTIFY);
	time_spin(SETTLE_NS);
	if (!wait_ready(c, READY_NS))
		return IDE_SILENT;
	/* Packet drives and empty places refuse the command. */
	status = inb(c->command + IDE_STATUS);
	if (status == 0 || status & IDE_STATUS_ERROR)
		return IDE_NOTHING;
	if (!(status & IDE_STATUS_DRQ))
		return IDE_SILENT;
	for (unsigned i = 0; i < IDE_IDENTIFY_WORDS; i++)
		words[i] = inw(c->command + IDE_DATA);
	return IDE_DISK;
}

void ide_channel_listen(struct ide_channel *c)
{
	outb(c->control, 0);
	(void)inb(c->command + IDE_STATUS);
	outb(c->master + IDE_MASTER_STATUS, IDE_MASTER_CLEAR);
}

/* A register that holds two bytes takes the high one first. */
static void write_registers(struct ide_channel *c, const struct ide_command *command)
{
	for (unsigned high = command->wide ? 2 : 1; high--;) {
		outb(c->command + IDE_COUNT, (uint8_t)(command->count >> 8 * high));
		for (unsigned i = 0; i < 3; i++)
			outb((uint16_t)(c->command + IDE_LBA + i),
			     (uint8_t)(command->lba >> 8 * (i + 3 * high)));
	}
}

bool ide_channel_start(struct ide_channel *c, unsigned drive, enum disk_op op,
		       const struct ide_command *command)
{
	unsigned lba_high = command->wide ? 0 : command->lba >> 24 & 15;
	uint8_t run = IDE_RUN_START | (op == DISK_READ ? IDE_RUN_TO_MEMORY : 0);
	bool other = c->drive != drive;

	select_drive(c, drive, lba_high);
	if (other) {
		time_spin(SETTLE_NS);
		if (!wait_ready(c, SELECT_NS))
			return false;
	}
	outb(c->master + IDE_MASTER_STATUS, IDE_MASTER_CLEAR);
	if (op != DISK_FLUSH) {
		write_registers(c, command);
		outl(c->master + IDE_MASTER_TABLE, (uint32_t)dma_bus(c->table));
	}
	outb(c->command + IDE_COMMAND, command->opcode);
	if (op != DISK_FLUSH)
		outb(c->master + IDE_MASTER_RUN, run);
	return true;
}

enum ide_result ide_channel_finish(struct ide_channel *c, unsigned *status)
{
	uint8_t master = inb(c->master + IDE_MASTER_STATUS);
	uint8_t drive;

	if (!(master & IDE_MASTER_INTERRUPT))
		return IDE_RUNNING;
	drive = inb(c->command + IDE_STATUS);
	if (drive & IDE_STATUS_BUSY)
		return IDE_RUNNING;
	outb(c->master + IDE_MASTER_RUN, 0);
	*status = drive | (unsigned)master << 8;
	if (drive & (IDE_STATUS_ERROR | IDE_STATUS_FAULT | IDE_STATUS_DRQ) ||
	    master & (IDE_MASTER_ACTIVE | IDE_MASTER_ERROR))
		return IDE_FAILED;
	return IDE_DONE;
}
