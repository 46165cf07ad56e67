/*
 * What an ATA disk says of itself (IDENTIFY DEVICE, ATA-6 8.15), and the commands that move its
 * data. Pure.
 */
#ifndef GUESTS_SERVICE_DRIVERS_IDE_ATA_H
#define GUESTS_SERVICE_DRIVERS_IDE_ATA_H

#include "guests/service/disk.h"

#define IDE_IDENTIFY_WORDS 256u

struct ide_disk {
	uint64_t sectors;
	uint32_t transfer_max; /* bytes a command */
	uint8_t flush;         /* the command, 0: it has nothing to flush */
	bool wide;             /* 48-bit addresses */
};

struct ide_command {
	uint8_t opcode;
	bool wide;      /* count and address have two bytes a register */
	uint16_t count; /* of sectors; 0: one more than the largest number */
	uint64_t lba;
};

/* NULL, or why this driver can't use the disk. */
const char *ide_identify(const uint16_t words[IDE_IDENTIFY_WORDS], struct ide_disk *d);

/* The command for `bytes` (at most transfer_max) at `lba`, or for a flush. Short addresses where
   they do: they take fewer registers. */
void ide_command_make(const struct ide_disk *d, enum disk_op op, uint64_t lba, uint32_t bytes,
		      struct ide_command *c);

#endif
