/*
 * See ahci_ata.h. A queued command (Serial ATA 3.0, 13.6) has its number of sectors where others
 * have their features, and its slot where others have that number.
 */
#include "guests/service/drivers/ahci_ata.h"

#include "guests/service/drivers/ide_regs.h"
#include "lib/string.h"

#define WORD_DEPTH  75u
#define WORD_TRIM   169u
#define WORD_SATA   76u
#define SATA_QUEUES BIT(8)
#define SATA_NONE   0xffffu /* as good as 0: no such word */
#define DEPTH       MASK(4, 0)

#define FIS_TO_DEVICE    0x27u
#define FIS_COMMAND      0x80u
#define FIS_LBA          0x40u
#define CMD_READ_QUEUED  0x60u
#define CMD_WRITE_QUEUED 0x61u
#define CMD_MANAGE       0x06u
#define MANAGE_TRIM      1u
#define RANGE_SECTORS    0xffffu
#define RANGE_SHIFT      48
#define SLOT_SHIFT       3

enum {
	FIS_TYPE = 0,
	FIS_FLAGS = 1,
	FIS_OPCODE = 2,
	FIS_FEATURES = 3,
	FIS_LBA_LOW = 4,
	FIS_DEVICE = 7,
	FIS_LBA_HIGH = 8,
	FIS_FEATURES_HIGH = 11,
	FIS_COUNT = 12,
	FIS_COUNT_HIGH = 13,
};

const char *ahci_identify(const uint16_t words[IDE_IDENTIFY_WORDS], struct ahci_disk *d)
{
	const char *why = ide_identify(words, &d->ata);
	uint16_t sata = words[WORD_SATA];

	d->depth = 0;
	if (sata != SATA_NONE && sata & SATA_QUEUES && d->ata.wide)
		d->depth = (words[WORD_DEPTH] & DEPTH) + 1;
	d->trims = words[WORD_TRIM] & 1;
	if (!why && !d->ata.flush)
		why = "has no command that flushes its cache";
	return why;
}

static void fis_begin(uint8_t *fis, uint8_t opcode)
{
	memset(fis, 0, AHCI_FIS_BYTES);
	fis[FIS_TYPE] = FIS_TO_DEVICE;
	fis[FIS_FLAGS] = FIS_COMMAND;
	fis[FIS_OPCODE] = opcode;
	fis[FIS_DEVICE] = FIS_LBA;
}

static void fis_address(uint8_t *fis, uint64_t lba)
{
	for (unsigned i = 0; i < 3; i++) {
		fis[FIS_LBA_LOW + i] = (uint8_t)(lba >> 8 * i);
		fis[FIS_LBA_HIGH + i] = (uint8_t)(lba >> 8 * (i + 3));
	}
}

static void fis_number(uint8_t *fis, unsigned low, unsigned high, uint32_t number)
{
	fis[low] = (uint8_t)number;
	fis[high] = (uint8_t)(number >> 8);
}

void ahci_fis_make(const struct ahci_disk *d, const struct ahci_command *c,
		   uint8_t fis[AHCI_FIS_BYTES])
{
	struct ide_command plain;

	if (c->queued) {
		fis_begin(fis, c->op == DISK_READ ? CMD_READ_QUEUED : CMD_WRITE_QUEUED);
		fis_address(fis, c->lba);
		fis_number(fis, FIS_FEATURES, FIS_FEATURES_HIGH, c->bytes / DISK_SECTOR);
		fis[FIS_COUNT] = (uint8_t)(c->slot << SLOT_SHIFT);
		return;
	}
	if (c->op == DISK_DISCARD) {
		fis_begin(fis, CMD_MANAGE);
		fis[FIS_FEATURES] = MANAGE_TRIM;
		fis[FIS_COUNT] = 1; /* sector of ranges */
		return;
	}
	ide_command_make(&d->ata, c->op, c->lba, c->bytes, &plain);
	fis_begin(fis, plain.opcode);
	fis_address(fis, plain.wide ? plain.lba : plain.lba & MASK(23, 0));
	fis_number(fis, FIS_COUNT, FIS_COUNT_HIGH, plain.count);
	if (!plain.wide)
		fis[FIS_DEVICE] |= plain.lba >> 24 & 15;
}

void ahci_trim_fill(uint64_t lba, uint32_t bytes, uint64_t ranges[AHCI_TRIM_BYTES / 8])
{
	uint64_t left = bytes / DISK_SECTOR;

	for (unsigned i = 0; i < AHCI_TRIM_BYTES / 8; i++) {
		uint64_t n = MIN(left, RANGE_SECTORS);

		ranges[i] = n ? n << RANGE_SHIFT | lba : 0;
		lba += n;
		left -= n;
	}
}

void ahci_fis_identify(uint8_t fis[AHCI_FIS_BYTES])
{
	fis_begin(fis, IDE_CMD_IDENTIFY);
	fis[FIS_DEVICE] = 0;
}
