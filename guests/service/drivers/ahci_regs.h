/*
 * Registers and structures of AHCI (Serial ATA AHCI 1.3.1; section numbers there), and the one
 * frame that software sends: a register FIS to the device (Serial ATA 3.0, 10.3.4).
 */
#ifndef GUESTS_SERVICE_DRIVERS_AHCI_REGS_H
#define GUESTS_SERVICE_DRIVERS_AHCI_REGS_H

#include <stdint.h>

#include "lib/bits.h"

#define AHCI_BAR 5u

/* 3.1: the controller */
#define AHCI_CAP  0x00u
#define AHCI_GHC  0x04u
#define AHCI_IS   0x08u
#define AHCI_PI   0x0cu
#define AHCI_CAP2 0x24u
#define AHCI_BOHC 0x28u

#define AHCI_CAP_SLOTS MASK(12, 8) /* less one */
#define AHCI_CAP_NCQ   BIT(30)
#define AHCI_CAP_64    BIT(31)
#define AHCI_CAP2_BOH  BIT(0)
#define AHCI_GHC_RESET BIT(0)
#define AHCI_GHC_IE    BIT(1)
#define AHCI_GHC_AE    BIT(31)
#define AHCI_BOHC_BIOS BIT(0)
#define AHCI_BOHC_OS   BIT(1)

/* 3.3: a port */
#define AHCI_PORTS      0x100u
#define AHCI_PORT_BYTES 0x80u
#define AHCI_PORTS_MAX  32u
#define AHCI_PX_CLB     0x00u
#define AHCI_PX_FB      0x08u
#define AHCI_PX_IS      0x10u
#define AHCI_PX_IE      0x14u
#define AHCI_PX_CMD     0x18u
#define AHCI_PX_TFD     0x20u
#define AHCI_PX_SIG     0x24u
#define AHCI_PX_SSTS    0x28u
#define AHCI_PX_SCTL    0x2cu
#define AHCI_PX_SERR    0x30u
#define AHCI_PX_SACT    0x34u
#define AHCI_PX_CI      0x38u

#define AHCI_INT_D2H   BIT(0)
#define AHCI_INT_SDB   BIT(3)
#define AHCI_INT_FATAL MASK(30, 27) /* interface, bus data, bus, task file */

#define AHCI_CMD_START   BIT(0)
#define AHCI_CMD_SPIN_UP BIT(1)
#define AHCI_CMD_POWER   BIT(2)
#define AHCI_CMD_FIS     BIT(4)
#define AHCI_CMD_SLOT    MASK(12, 8) /* the command at work */
#define AHCI_CMD_FIS_ON  BIT(14)
#define AHCI_CMD_RUNS    BIT(15)

#define AHCI_TFD_ERROR BIT(0)
#define AHCI_TFD_DRQ   BIT(3)
#define AHCI_TFD_FAULT BIT(5)
#define AHCI_TFD_BUSY  BIT(7)

#define AHCI_LINK       MASK(3, 0) /* of SSTS */
#define AHCI_LINK_NONE  0u
#define AHCI_LINK_UP    3u
#define AHCI_SCTL_AWAKE 0x300u /* no power saving */
#define AHCI_SCTL_RESET 1u
#define AHCI_SIG_ATA    0x00000101u

/* 4.2.2: an entry of the command list */
struct ahci_header {
	uint32_t flags;
	uint32_t moved; /* bytes, written by the controller */
	uint64_t table;
	uint64_t reserved[2];
};

#define AHCI_HEADER_WRITE BIT(6)

/* 4.2.3.3: a region of memory, its address and length even */
struct ahci_prd {
	uint64_t address;
	uint32_t reserved;
	uint32_t bytes; /* less one */
};

#define AHCI_FIS_BYTES   20u
#define AHCI_PRD_ENTRIES 248u /* what makes a command table a page */
#define AHCI_SLOTS       32u

/* 4.2.3 */
struct ahci_table {
	uint8_t fis[64];
	uint8_t packet[16], reserved[48];
	struct ahci_prd prd[AHCI_PRD_ENTRIES];
};

/* What a port reads and writes all the time. */
struct ahci_page {
	struct ahci_header list[AHCI_SLOTS];
	uint8_t received[1024]; /* 256 are used */
	uint16_t identify[256];
	uint8_t rest[1536];
};

_Static_assert(sizeof(struct ahci_header) == 32 && sizeof(struct ahci_prd) == 16, "4.2");
_Static_assert(sizeof(struct ahci_table) == 4096 && sizeof(struct ahci_page) == 4096, "pages");

#endif
