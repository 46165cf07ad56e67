/*
 * What a SATA disk says of itself beyond ide_ata.h, and its commands as frames. Pure.
 */
#ifndef GUESTS_SERVICE_DRIVERS_AHCI_ATA_H
#define GUESTS_SERVICE_DRIVERS_AHCI_ATA_H

#include "guests/service/drivers/ahci_regs.h"
#include "guests/service/drivers/ide_ata.h"

struct ahci_disk {
	struct ide_disk ata;
	unsigned depth; /* commands that it queues itself; 0: none */
	bool trims;     /* what is discarded reads as anything */
};

struct ahci_command {
	enum disk_op op;
	bool queued; /* reads and writes where the disk has a depth */
	unsigned slot;
	uint64_t lba;
	uint32_t bytes;
};

/* NULL, or why this driver can't use the disk. */
const char *ahci_identify(const uint16_t words[IDE_IDENTIFY_WORDS], struct ahci_disk *d);

/* The frame for a command; bytes at most ata.transfer_max. */
void ahci_fis_make(const struct ahci_disk *d, const struct ahci_command *c,
		   uint8_t fis[AHCI_FIS_BYTES]);

#define AHCI_TRIM_BYTES 512u
#define AHCI_TRIM_MAX   (1u << 30)

/* What the frame of a discard of at most AHCI_TRIM_MAX comes with: its ranges. */
void ahci_trim_fill(uint64_t lba, uint32_t bytes, uint64_t ranges[AHCI_TRIM_BYTES / 8]);

/* The frame for IDENTIFY DEVICE. */
void ahci_fis_identify(uint8_t fis[AHCI_FIS_BYTES]);

#endif
