/*
 * The configuration blob: what `bh` makes of a configs/NAME.yaml and the hypervisor finds as the
 * Multiboot2 module "bulkhead.config". One validator, config_check, is compiled into both. The
 * blob names domains, what each may do, and modules by name; it holds no hardware facts: devices
 * are named by class, vendor:device or slot. Fixed-size, no pointers, little-endian.
 */
#ifndef VMM_CONFIG_H
#define VMM_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define CONFIG_MAGIC      0x47464348424bull
#define CONFIG_VERSION    5
#define CONFIG_MODULE     "bulkhead.config" /* first word of the module's Multiboot2 string */
#define CONFIG_DOMAINS    16
#define CONFIG_MODULES    48
#define CONFIG_DEVICES    8  /* a domain */
#define CONFIG_SERVED     12 /* a domain */
#define CONFIG_BRIDGES    4  /* a domain */
#define CONFIG_CID_FIRST  3u /* of vsock addresses: those below have a meaning */
#define CONFIG_NAME       32
#define CONFIG_CMDLINE    512
#define CONFIG_UNITS      4 /* disks of a device */
#define CONFIG_NONE       0xffffu
#define CONFIG_VCPUS      8  /* a domain */
#define CONFIG_SLOTS      64 /* of the cyclic table, all CPUs together */
#define CONFIG_MEMORY_MIN (256ull << 10)
#define CONFIG_PERIOD_US  10000u /* of caps */

#define CONFIG_FIRMWARE_MAX    (16u << 20)  /* bytes of a ROM */
#define CONFIG_FIRMWARE_MEMORY (1ull << 20) /* that it needs at least */

enum config_protocol {
	CONFIG_NATIVE,    /* ELF64 of ours, entered in long mode with a boot page */
	CONFIG_LINUX,     /* bzImage, 64-bit entry, optional initrd */
	CONFIG_MULTIBOOT, /* Multiboot 1 ELF or a.out kludge, optional modules */
	CONFIG_FLAT,      /* raw bytes at 1 MiB, entered there in 32-bit protected mode */
	CONFIG_LINUX32,   /* bzImage, 32-bit entry */
	CONFIG_MULTIBOOT2,
	CONFIG_PVH,      /* ELF with Xen's PVH entry note, entered in 32-bit protected mode */
	CONFIG_FIRMWARE, /* an image that ends at 4 GiB, started at the reset vector */
	CONFIG_PROTOCOLS,
};

/* The keys that name a domain's files, by protocol; module NULL: it takes none. */
struct config_keys {
	const char *image, *module;
};

extern const struct config_keys config_keys[CONFIG_PROTOCOLS];

/* Rights that a domain may hold beside those that follow from its devices and disks. */
#define CONFIG_RIGHT_CONSOLE 1u /* multiplexes the serial port and every console, reads the log */
#define CONFIG_RIGHT_POWER   2u /* powers the machine off or reboots it */
#define CONFIG_RIGHT_CONTROL 4u /* starts, stops and kills the other domains */
#define CONFIG_RIGHT_INSPECT 8u /* reads state and statistics of the other domains */
#define CONFIG_RIGHTS        15u

#define CONFIG_FLAG_SERVICE                                                                        \
	1u /* a service domain: guest-physical == host-physical, may own devices */
#define CONFIG_FLAG_STRICT    2u /* an unbacked access stops it */
#define CONFIG_FLAG_PC        4u /* platform: pc, with the legacy set */
#define CONFIG_FLAG_DEDICATED 8u /* its vCPUs' CPUs run nothing else */
#define CONFIG_FLAGS          15u

enum config_restart { CONFIG_RESTART_NEVER, CONFIG_RESTART_ON_CRASH, CONFIG_RESTART_ALWAYS };

enum config_match {
	CONFIG_BY_CLASS,
	CONFIG_BY_ID,
	CONFIG_BY_SLOT,
	CONFIG_BY_DISK, /* any disk that our service domain drives: NVMe, virtio, AHCI, IDE */
};

/* A physical PCI function asked for. Optional ones may be missing from the machine. */
struct config_device {
	char name[CONFIG_NAME];  /* how disks refer to it; unique in the domain */
	uint32_t match;          /* enum config_match */
	uint32_t class_code;     /* class << 16 | subclass << 8 | interface, by class */
	uint16_t vendor, device; /* by id */
	uint16_t slot;           /* bus << 8 | device << 3 | function, by slot */
	uint16_t optional;
};

/* A virtual device that the guest sees and another domain serves. */
struct config_served {
	uint16_t kind;          /* enum hv_served_kind of abi/boot.h */
	uint16_t backend;       /* number of the domain that serves it */
	uint16_t source_kind;   /* enum hv_source_kind */
	uint16_t source;        /* module, or index into the back end's device[] or bridge[] */
	uint32_t flags;         /* HV_SERVED_* */
	uint16_t fallback;      /* module used when device or disk is missing, CONFIG_NONE: none */
	uint16_t unit;          /* which disk of the device */
	uint64_t offset, bytes; /* multiples of 512; bytes 0: to the end */
	uint64_t rate_bytes;    /* a second, disks and cards; 0: no limit */
	uint32_t rate_requests; /* likewise */
	uint8_t mac[6];         /* of a card */
	uint16_t cid;           /* of a vsock */
	char serial[24];
	uint32_t reserved;
};

/* A network that a service domain carries. */
struct config_bridge {
	char name[16];             /* unique in the domain */
	uint16_t device, reserved; /* its index in device[], CONFIG_NONE: none */
};

struct config_domain {
	char name[CONFIG_NAME];
	uint32_t protocol;       /* enum config_protocol */
	uint32_t flags;          /* CONFIG_FLAG_* */
	uint32_t rights;         /* CONFIG_RIGHT_* */
	uint32_t restart;        /* enum config_restart */
	uint64_t memory;         /* bytes, page-aligned */
	uint64_t dma_pool, kept; /* bytes, page-aligned, service domains only */
	uint64_t stage; /* bytes, page-aligned: the largest image of an upgrade; native protocol */
	uint32_t vcpus;
	uint32_t priority;   /* 0..7, higher goes first */
	uint32_t quantum_us; /* 100..1000000 */
	/* Physical CPU of each vCPU, CONFIG_NONE: the hypervisor chooses. */
	uint16_t cpu[CONFIG_VCPUS];
	uint32_t cap_percent;      /* of each vCPU's CPU, a period of CONFIG_PERIOD_US; 0: none */
	uint32_t restart_limit;    /* restarts within a minute after which it stays dead */
	uint32_t restart_delay_ms; /* of the first one that waits (vmm/ending.c); 0: none does */
	uint32_t stop_timeout_ms;  /* from its power button until it is killed; 0: it is not */
	uint32_t watchdog_ms;      /* 0: none until the domain asks for one */
	uint16_t image, initrd; /* modules; initrd CONFIG_NONE: none (Multiboot, PVH: its module) */
	uint16_t devices, served, bridges, reserved[3];
	char cmdline[CONFIG_CMDLINE];
	struct config_device device[CONFIG_DEVICES];
	struct config_bridge bridge[CONFIG_BRIDGES];
	struct config_served serve[CONFIG_SERVED];
};

/* Time partitioning: while a slot lasts, its vCPU and no other runs on that CPU. Slots of one CPU
   stand in order of `start` and do not overlap; the frame begins again when it is over. What lies
   between slots, and a CPU without slots, goes by priority and quantum to vCPUs that have none. */
struct config_slot {
	uint16_t cpu, domain, vcpu, reserved;
	uint32_t start_us, length_us;
};

/* A Multiboot2 module; its string is "NAME". crc is CRC-32C of its bytes. */
struct config_module {
	char name[CONFIG_NAME];
	uint64_t bytes;
	uint32_t crc;
	uint32_t reserved;
};

struct config {
	uint64_t magic;
	uint32_t version;
	uint32_t bytes; /* of this struct */
	uint32_t crc;   /* CRC-32C of the blob with this field zero */
	uint16_t domains, modules;
	char name[CONFIG_NAME];
	uint32_t frame_us; /* the cyclic table's major frame, 0: there is no table */
	uint32_t slots;
	struct config_slot slot[CONFIG_SLOTS];
	struct config_domain domain[CONFIG_DOMAINS];
	struct config_module module[CONFIG_MODULES];
};

/* Checks everything that can be checked without the machine. On an error writes one line to
   `why` that names the domain, the key, what is wrong and what would be right. Reads `bytes` bytes
   at blob only; blob need not be aligned to more than 8. Errors: FORMAT, CHECKSUM, INVAL. */
must_check enum err config_check(const void *blob, size_t bytes, char *why, size_t why_size);

/* The blob's checksum as config_check expects it. */
uint32_t config_crc(const struct config *c);

#endif
