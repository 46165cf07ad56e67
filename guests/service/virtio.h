/*
 * Words of the virtio 1.2 specification that several files share.
 */
#ifndef GUESTS_SERVICE_VIRTIO_H
#define GUESTS_SERVICE_VIRTIO_H

#include <stdint.h>

#include "lib/bits.h"

#define VIRTIO_VENDOR      0x1af4
#define VIRTIO_DEVICE_BASE 0x1040 /* PCI device id = this + virtio device id */
#define VIRTIO_ID_NET      1
#define VIRTIO_ID_BLOCK    2
#define VIRTIO_ID_CONSOLE  3
#define VIRTIO_ID_RNG      4
#define VIRTIO_ID_VSOCK    19

#define VIRTIO_STATUS_ACKNOWLEDGE 1u
#define VIRTIO_STATUS_DRIVER      2u
#define VIRTIO_STATUS_DRIVER_OK   4u
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_NEEDS_RESET 64u
#define VIRTIO_STATUS_FAILED      128u

#define VIRTIO_F_INDIRECT_DESC BIT(28)
#define VIRTIO_F_EVENT_IDX     BIT(29)
#define VIRTIO_F_VERSION_1     BIT(32)

#define VIRTIO_NO_VECTOR 0xffffu

/* Vendor capability types, virtio 1.2, 4.1.4. */
#define VIRTIO_CAP_COMMON 1
#define VIRTIO_CAP_NOTIFY 2
#define VIRTIO_CAP_ISR    3
#define VIRTIO_CAP_DEVICE 4
#define VIRTIO_CAP_ACCESS 5

#define VIRTIO_BLK_F_SEG_MAX  BIT(2)
#define VIRTIO_BLK_F_RO       BIT(5)
#define VIRTIO_BLK_F_BLK_SIZE BIT(6)
#define VIRTIO_BLK_F_FLUSH    BIT(9)
#define VIRTIO_BLK_F_MQ       BIT(12)
#define VIRTIO_BLK_F_DISCARD  BIT(13)
#define VIRTIO_BLK_F_ZEROES   BIT(14)

#define VIRTIO_BLK_IN      0u
#define VIRTIO_BLK_OUT     1u
#define VIRTIO_BLK_FLUSH   4u
#define VIRTIO_BLK_GET_ID  8u
#define VIRTIO_BLK_DISCARD 11u
#define VIRTIO_BLK_ZEROES  13u

#define VIRTIO_BLK_OK     0u
#define VIRTIO_BLK_IOERR  1u
#define VIRTIO_BLK_UNSUPP 2u

#define VIRTIO_BLK_ID_BYTES 20

#define VIRTIO_NET_F_CSUM          BIT(0)
#define VIRTIO_NET_F_GUEST_CSUM    BIT(1)
#define VIRTIO_NET_F_MAC           BIT(5)
#define VIRTIO_NET_F_GUEST_TSO4    BIT(7)
#define VIRTIO_NET_F_GUEST_TSO6    BIT(8)
#define VIRTIO_NET_F_HOST_TSO4     BIT(11)
#define VIRTIO_NET_F_HOST_TSO6     BIT(12)
#define VIRTIO_NET_F_MRG_RXBUF     BIT(15)
#define VIRTIO_NET_F_STATUS        BIT(16)
#define VIRTIO_NET_F_CTRL_VQ       BIT(17)
#define VIRTIO_NET_F_CTRL_RX       BIT(18)
#define VIRTIO_NET_F_MQ            BIT(22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR BIT(23)

#define VIRTIO_NET_LINK_UP 1u

/* Commands of the control queue: class and command, 5.1.6.5. */
#define VIRTIO_NET_CTRL_PROMISC   0x0000u
#define VIRTIO_NET_CTRL_ALLMULTI  0x0001u
#define VIRTIO_NET_CTRL_MAC_TABLE 0x0100u
#define VIRTIO_NET_CTRL_MAC_ADDR  0x0101u
#define VIRTIO_NET_CTRL_MQ_PAIRS  0x0400u

#define VIRTIO_NET_OK  0u
#define VIRTIO_NET_ERR 1u

/* The common configuration, virtio 1.2, 4.1.4.3; little-endian, naturally aligned. */
struct virtio_common {
	uint32_t device_feature_select, device_feature;
	uint32_t driver_feature_select, driver_feature;
	uint16_t config_msix_vector, num_queues;
	uint8_t device_status, config_generation;
	uint16_t queue_select;
	uint16_t queue_size, queue_msix_vector, queue_enable, queue_notify_off;
	uint64_t queue_desc, queue_driver, queue_device;
};

/* First word of a block request's readable part. */
struct virtio_blk_header {
	uint32_t type, reserved;
	uint64_t sector;
};

/* Device configuration of a block device, as far as the features offered here need it. */
struct virtio_blk_config {
	uint64_t capacity; /* sectors of 512 */
	uint32_t size_max, seg_max;
	uint16_t cylinders;
	uint8_t heads, sectors;
	uint32_t blk_size;
};

/* In front of each frame. */
struct virtio_net_header {
	uint8_t flags, gso_type;
	uint16_t header_bytes, gso_size, csum_start, csum_offset;
	uint16_t buffers; /* that a received frame takes */
};

struct virtio_net_config {
	uint8_t mac[6];
	uint16_t status, max_pairs;
};

/* What follows it, from VIRTIO_BLK_F_MQ on. */
struct virtio_blk_config_wide {
	uint8_t physical_block_exp, alignment_offset;
	uint16_t min_io_size;
	uint32_t opt_io_size;
	uint8_t writeback, unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors, max_discard_seg, discard_sector_alignment;
	uint32_t max_zeroes_sectors, max_zeroes_seg;
	uint8_t zeroes_may_unmap, unused1[3];
};

_Static_assert(sizeof(struct virtio_blk_config) == 24 &&
		       sizeof(struct virtio_blk_config_wide) == 36,
	       "virtio 1.2, 5.2.4");

/* The data of a discard or of zeroes. */
struct virtio_blk_range {
	uint64_t sector;
	uint32_t sectors, flags;
};

#define VIRTIO_BLK_RANGE_UNMAP 1u

struct virtio_console_config {
	uint16_t cols, rows;
	uint32_t max_nr_ports, emerg_wr;
};

#endif
