/*
 * Registers and legacy descriptors of Intel's 8254x (Software Developer's Manual, 317453; chapters
 * there) and of the 82574, which has the same and MSI-X beside (datasheet 317694).
 */
#ifndef GUESTS_SERVICE_DRIVERS_E1000_REGS_H
#define GUESTS_SERVICE_DRIVERS_E1000_REGS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"

/* 13.4 */
#define E1000_CTRL   0x0000u
#define E1000_STATUS 0x0008u
#define E1000_EERD   0x0014u
#define E1000_FCAL   0x0028u
#define E1000_FCAH   0x002cu
#define E1000_FCT    0x0030u
#define E1000_ICR    0x00c0u
#define E1000_IMS    0x00d0u
#define E1000_IMC    0x00d8u
#define E1000_IVAR   0x00e4u /* 82574, 10.2.4.9 */
#define E1000_RCTL   0x0100u
#define E1000_FCTTV  0x0170u
#define E1000_TCTL   0x0400u
#define E1000_TIPG   0x0410u
#define E1000_RDBAL  0x2800u
#define E1000_RDBAH  0x2804u
#define E1000_RDLEN  0x2808u
#define E1000_RDH    0x2810u
#define E1000_RDT    0x2818u
#define E1000_RDTR   0x2820u
#define E1000_TDBAL  0x3800u
#define E1000_TDBAH  0x3804u
#define E1000_TDLEN  0x3808u
#define E1000_TDH    0x3810u
#define E1000_TDT    0x3818u
#define E1000_TXDCTL 0x3828u
#define E1000_RAL0   0x5400u
#define E1000_RAH0   0x5404u

#define E1000_CTRL_MASTER_OFF 0x00000004u /* 82574 */
#define E1000_CTRL_LRST       0x00000008u
#define E1000_CTRL_ASDE       0x00000020u
#define E1000_CTRL_SLU        0x00000040u
#define E1000_CTRL_ILOS       0x00000080u
#define E1000_CTRL_FORCED     0x00001800u /* speed and duplex */
#define E1000_CTRL_RST        0x04000000u
#define E1000_CTRL_FLOW       0x18000000u /* flow control of both directions */
#define E1000_CTRL_VME        0x40000000u
#define E1000_CTRL_PHY_RST    0x80000000u

#define E1000_STATUS_LU     0x00000002u
#define E1000_STATUS_MASTER 0x00080000u /* 82574 */

/* 13.4.17; bits 20 and up: 82574, 10.2.4.1 */
#define E1000_INT_LSC    0x00000004u
#define E1000_INT_RXDMT0 0x00000010u
#define E1000_INT_RXO    0x00000040u
#define E1000_INT_RXT0   0x00000080u
#define E1000_INT_RXQ0   0x00100000u
#define E1000_INT_OTHER  0x01000000u

/* Receive queue 0, transmit queue 0 and all else at MSI-X vector 0, each with its valid bit. */
#define E1000_IVAR_ALL_AT_0 0x00080808u

#define E1000_RCTL_EN    0x00000002u
#define E1000_RCTL_UPE   0x00000008u
#define E1000_RCTL_MPE   0x00000010u
#define E1000_RCTL_BAM   0x00008000u
#define E1000_RCTL_SECRC 0x04000000u

#define E1000_TCTL_EN        0x00000002u
#define E1000_TCTL_PSP       0x00000008u
#define E1000_TCTL_COLLISION 0x000400f0u /* 13.4.33: threshold 15, distance 64 */
#define E1000_TIPG_COPPER    0x0060200au /* 13.4.34 */
#define E1000_TXDCTL_COUNTS  0x00400000u /* 82574, 10.2.6.6: always 1 */

#define E1000_RAH_VALID 0x80000000u

/* 3.2.3 */
struct e1000_rx_desc {
	uint64_t address;
	uint16_t bytes, checksum;
	uint8_t status, errors;
	uint16_t special;
};

#define E1000_RX_DONE 1u
#define E1000_RX_LAST 2u
/* Errors for which a frame is no good: all but those of checksums within it. */
#define E1000_RX_BAD  0x97u

/* 3.3.3 */
struct e1000_tx_desc {
	uint64_t address;
	uint16_t bytes;
	uint8_t checksum_at, command;
	uint8_t status, checksum_from;
	uint16_t special;
};

#define E1000_TX_LAST   1u
#define E1000_TX_FCS    2u
#define E1000_TX_REPORT 8u
#define E1000_TX_DONE   1u

_Static_assert(sizeof(struct e1000_rx_desc) == 16, "3.2.3");
_Static_assert(offsetof(struct e1000_rx_desc, status) == 12, "3.2.3");
_Static_assert(sizeof(struct e1000_tx_desc) == 16, "3.3.3");
_Static_assert(offsetof(struct e1000_tx_desc, status) == 12, "3.3.3");

#endif
