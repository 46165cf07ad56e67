/*
 * Registers and commands of IDE channels (ATA-6) and of the bus master beside them (SFF-8038i).
 */
#ifndef GUESTS_SERVICE_DRIVERS_IDE_REGS_H
#define GUESTS_SERVICE_DRIVERS_IDE_REGS_H

#include "lib/bits.h"

#define IDE_CHANNELS 2u
#define IDE_DRIVES   2u /* a channel */

/* The command block: offsets from its first port. */
#define IDE_DATA    0u
#define IDE_COUNT   2u
#define IDE_LBA     3u /* three registers, the low byte first */
#define IDE_DEVICE  6u
#define IDE_STATUS  7u /* a read ends the interrupt */
#define IDE_COMMAND 7u

#define IDE_DEVICE_LBA   0xe0u /* and the bits that were always ones */
#define IDE_DEVICE_DRIVE 4u    /* its bit's number */

#define IDE_STATUS_ERROR BIT(0)
#define IDE_STATUS_DRQ   BIT(3)
#define IDE_STATUS_FAULT BIT(5)
#define IDE_STATUS_BUSY  BIT(7)
#define IDE_STATUS_NONE  0xffu /* nobody drives the bus */

/* The control port: reads as the status without ending an interrupt. */
#define IDE_CONTROL_QUIET 0x02u /* no interrupts */
#define IDE_CONTROL_RESET 0x04u

#define IDE_CMD_READ_EXT  0x25u
#define IDE_CMD_WRITE_EXT 0x35u
#define IDE_CMD_READ      0xc8u
#define IDE_CMD_WRITE     0xcau
#define IDE_CMD_FLUSH     0xe7u
#define IDE_CMD_FLUSH_EXT 0xeau
#define IDE_CMD_IDENTIFY  0xecu

/* The bus master: 8 ports a channel. */
#define IDE_MASTER_BAR    4u
#define IDE_MASTER_BYTES  8u
#define IDE_MASTER_RUN    0u /* the command register */
#define IDE_MASTER_STATUS 2u
#define IDE_MASTER_TABLE  4u

#define IDE_RUN_START     0x01u
#define IDE_RUN_TO_MEMORY 0x08u

#define IDE_MASTER_ACTIVE    BIT(0)
#define IDE_MASTER_ERROR     BIT(1)
#define IDE_MASTER_INTERRUPT BIT(2)
#define IDE_MASTER_CLEAR     0x66u /* both sticky bits; both drives are capable of DMA */

#endif
