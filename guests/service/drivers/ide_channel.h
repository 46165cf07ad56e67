/*
 * One IDE channel: ports, reset, commands, its bus master. Two drives share it and only one command
 * is under way at a time.
 */
#ifndef GUESTS_SERVICE_DRIVERS_IDE_CHANNEL_H
#define GUESTS_SERVICE_DRIVERS_IDE_CHANNEL_H

#include "abi/boot.h"
#include "guests/service/drivers/ide_ata.h"
#include "guests/service/drivers/ide_prd.h"

struct ide_channel {
	/* first ports: command block, control port, bus master; command 0: not usable */
	uint16_t command, control, master;
	uint8_t drive; /* the selected one */
	struct ide_prd *table;
};

enum ide_found { IDE_NOTHING, IDE_DISK, IDE_SILENT };
enum ide_result { IDE_RUNNING, IDE_DONE, IDE_FAILED };

/* Asks for the ports of channel n. False: the function has none that this driver can use. */
bool ide_channel_find(struct ide_channel *c, const struct hv_device *d, unsigned n);

/* Stops the bus master and what the drives are doing, with interrupts off; waits, polling. False:
   they do not obey. */
bool ide_channel_reset(struct ide_channel *c);

/* Asks a drive what it is, polling. SILENT: there is one, and it does not answer. */
enum ide_found ide_channel_identify(struct ide_channel *c, unsigned drive,
				    uint16_t words[IDE_IDENTIFY_WORDS]);

/* Interrupts on, and none left from before. */
void ide_channel_listen(struct ide_channel *c);

/* Starts a command; its data (none for a flush) as c->table says. False: the drive stays busy. */
bool ide_channel_start(struct ide_channel *c, unsigned drive, enum disk_op op,
		       const struct ide_command *command);

/* Looks how the command that was started is doing, and ends its interrupt if it is over. *status:
   of the drive, with the bus master's in bits 8 to 15. */
enum ide_result ide_channel_finish(struct ide_channel *c, unsigned *status);

#endif
