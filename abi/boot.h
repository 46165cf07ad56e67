/*
 * The boot page: what a guest of ours finds at its start. rdi holds its guest-physical address.
 * Entry is in 64-bit mode, ring 0, interrupts off, paging on with the first 4 GiB (and the domain's
 * own memory) mapped 1:1, rsp on a stack of HV_BOOT_STACK bytes, GDT with flat 64-bit code
 * and data; no IDT. In a domain that owns or serves devices guest-physical is host-physical.
 *
 *   image     reset at every start: code, data, bss, stack, page tables, this page
 *   dma       kept over restarts, below 4 GiB, left alone by the hypervisor after the first start
 *   kept      kept over restarts, no DMA: in-flight records and device state, all validated by
 *             the instance that reads them; zeroed at the first start
 *
 * The page is read-only in spirit: the hypervisor does not read it back.
 */
#ifndef ABI_BOOT_H
#define ABI_BOOT_H

#include <stdint.h>

#include "abi/cap.h"

#define HV_BOOT_MAGIC   0x544f4f4248584cull
#define HV_BOOT_STACK   0x8000u
#define HV_BOOT_CAPS    128
#define HV_BOOT_REGIONS 64
#define HV_BOOT_DEVICES 32
#define HV_BOOT_SERVED  64
#define HV_BOOT_PEERS   16
#define HV_BOOT_BRIDGES 4
#define HV_BOOT_BYTES   0x8000u /* the "page" is this long */

enum hv_region_kind {
	HV_REGION_IMAGE, /* object unused */
	HV_REGION_DMA,
	HV_REGION_KEPT,
	HV_REGION_EVENT,  /* struct hv_event_page, object = vCPU */
	HV_REGION_IOREQ,  /* struct hv_ioreq_page, object = guest domain */
	HV_REGION_WINDOW, /* RAM of domain `object`, which sees it at `peer`; rights HV_WINDOW_* */
	HV_REGION_MODULE, /* contents of config module `object`, writable, kept over restarts */
};

struct hv_region {
	uint32_t kind; /* enum hv_region_kind */
	uint32_t object;
	uint64_t base; /* mine */
	uint64_t bytes;
	uint64_t peer;
	uint32_t rights;
	uint32_t reserved;
};

/* A physical PCI function that this domain owns. BARs are made accessible with BAR_MAP only. An IDE
   function in compatibility mode has its fixed ports as BARs 0 to 3 (the control block is one
   port there) and one interrupt for each channel. */
struct hv_device {
	uint32_t cap;
	uint16_t vendor, device;
	uint32_t class_code;   /* class << 16 | subclass << 8 | interface */
	uint16_t slot;         /* bus << 8 | device << 3 | function */
	uint16_t interrupts;   /* MSI-X or MSI vectors that can be bound; 1 for a bare line */
	uint32_t bar_ports;    /* bit n: BAR n is a range of I/O ports */
	uint64_t bar_bytes[6]; /* 0: not there */
};

enum hv_served_kind {
	HV_SERVED_BLOCK,
	HV_SERVED_CONSOLE,
	/* The legacy devices of a PC but the 8259 pair (docs/abi.md): no PCI function, `function`
	   is 0. */
	HV_SERVED_PC,
	HV_SERVED_NET,
	HV_SERVED_RNG,
	HV_SERVED_VSOCK,
	HV_SERVED_WATCHDOG, /* no virtio device: an i6300esb */
	HV_SERVED_KINDS,
};

enum hv_source_kind {
	HV_SOURCE_NONE,
	HV_SOURCE_MODULE, /* source = config module: a RAM disk */
	HV_SOURCE_DEVICE, /* source = index into device[]: a range of a physical disk, the unit-th
			     of that device */
	HV_SOURCE_BRIDGE, /* source = index into bridge[] */
};

/* A virtual device that this domain serves to a guest, from the config. */
struct hv_served {
	uint16_t guest;    /* domain number */
	uint16_t kind;     /* enum hv_served_kind */
	uint16_t function; /* device << 3 | function on the guest's bus 0 */
	uint16_t source_kind;
	uint16_t source, unit;
	uint16_t flags;         /* HV_SERVED_READONLY of a disk, _SHELL of a vsock */
	uint16_t fallback;      /* config module, for a device that turns out to have no such disk;
				   then all of it is served. HV_NO_MODULE: none */
	uint64_t offset, bytes; /* range of the source; bytes 0: to its end */
	/* A disk or a network card: at most so many requests or frames, and so many bytes, a
	   second; 0: as many as there come. */
	uint64_t rate_bytes;
	uint32_t rate_requests;
	uint8_t mac[6]; /* of a network card */
	uint16_t cid;   /* of a vsock: the guest's address, from 3 on */
	char serial[24];
	uint32_t reserved;
};

#define HV_SERVED_READONLY 1u
#define HV_SERVED_SHELL    2u /* its guest may use the management shell */
#define HV_NO_MODULE       0xffffu

/* A network of this domain: the cards that it serves there, and the physical one, if it has one. */
struct hv_bridge {
	char name[16];
	uint16_t device; /* index into device[]; HV_NO_DEVICE: only guests are on it */
	uint16_t reserved[3];
};

#define HV_NO_DEVICE 0xffffu

/* A domain that this one has something to do with. */
struct hv_peer {
	uint16_t domain;
	uint16_t flags;       /* HV_PEER_* */
	uint32_t incarnation; /* kept current by the hypervisor */
	uint32_t state;       /* enum hv_domain_state, kept current likewise */
	uint32_t reserved1;
	char name[32];
};

#define HV_PEER_SERVICE 1u /* a service domain: it runs as long as the machine does */

struct hv_boot {
	uint64_t magic;
	uint32_t abi_version;
	uint32_t bytes; /* of this struct */
	char name[32];
	uint32_t domain;      /* my number */
	uint32_t incarnation; /* 1 at the first start */
	uint32_t tsc_khz, apic_khz;
	uint64_t memory; /* bytes of RAM at `ram` */
	uint64_t ram;
	uint16_t vcpus, caps, regions, devices, served, peers, bridges;
	uint16_t reserved[1];
	char cmdline[512];
	struct hv_cap cap[HV_BOOT_CAPS];
	struct hv_region region[HV_BOOT_REGIONS];
	struct hv_device device[HV_BOOT_DEVICES];
	struct hv_served serve[HV_BOOT_SERVED];
	struct hv_peer peer[HV_BOOT_PEERS];
	struct hv_bridge bridge[HV_BOOT_BRIDGES];
};

/* ELF note of an image (name HV_NOTE_NAME, type HV_NOTE_STATE): which versions of what is kept over
   restarts it reads. In an upgrade the running image's `version` must be one of them. An image
   without the note has 0 for both. */
#define HV_NOTE_NAME  "Bulkhead"
#define HV_NOTE_STATE 1u

struct hv_note_state {
	uint32_t oldest;
	uint32_t version; /* which it writes, and the newest that it reads */
};

#endif
