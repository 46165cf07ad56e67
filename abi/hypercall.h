/*
 * How a guest calls the hypervisor: VMCALL or VMMCALL from ring 0, rax = HV_CALL_BASE + number,
 * arguments in rdi, rsi, rdx, r10, r8, result in rax (negative: an error of abi/errors.def). Only
 * rax changes. Numbers below HV_CALL_BASE are KVM's, for stock guests.
 */
#ifndef ABI_HYPERCALL_H
#define ABI_HYPERCALL_H

#include <stdint.h>

#define HV_ABI_VERSION 1
#define HV_CALL_BASE   0x42480000u

/* CPUID leaf HV_CPUID_BASE: eax = highest leaf, ebx ecx edx = "BulkheadBulk"; +1: eax = ABI
 * version. */
#define HV_CPUID_BASE      0x40000000u
#define HV_CPUID_SIGNATURE "BulkheadBulk"

enum hv_call {
#define HV_CALL(number, NAME, name, args) HV_##NAME = HV_CALL_BASE + (number),
#include "abi/hypercall.def"
#undef HV_CALL
};

enum hv_error {
#define HV_ERROR(name, number, text) HV_ERR_##name = -(number),
#include "abi/errors.def"
#undef HV_ERROR
};

/* RANGE_ADD, RANGE_REMOVE: kind in the low byte, flags above. */
#define HV_RANGE_PORT     0u
#define HV_RANGE_MEMORY   1u
#define HV_RANGE_DOORBELL 0x100u /* a write is an event and nothing else; a read gives ones */

/* LINE_SET: with the level 1, an event of the caller. When the guest ends the pin's level-triggered
   interrupt, the pin falls and the event is set, once: a device that still wants attention raises
   it again. Raising it without an event, or lowering it, takes the event back. */
#define HV_LINE_EVENT(event) (((uint64_t)(event) + 1) << 32)

/* WINDOW_GRANT and WINDOW_REVOKE work on a part of the peer's RAM. On return `mine` says where the
   caller sees it. In a domain that owns devices, mine is the host-physical (bus) address.
   WINDOW_REVOKE with count 0 says: a peer that has died is released, none of my devices touches
   its memory any more. Only then may it start again (contract.md section 4, death of a guest). */
struct hv_window_entry {
	uint64_t guest;  /* peer's guest-physical address, page aligned */
	uint64_t pages;  /* at least 1 */
	uint32_t rights; /* HV_WINDOW_* */
	uint32_t status; /* out: 0 or a positive error number */
	uint64_t mine;   /* out */
};

/* Every page of a window is held for DMA: after the peer's death it stays until it is released. */
#define HV_WINDOW_WRITE 1u

/* IMAGE_STAGE brings a domain another image in pieces of at most so many bytes, one after the
   other; with 0 bytes at their end, and the CRC-32C of all, it is checked, and the domain starts
   from it from then on. */
#define HV_STAGE_BYTES 4096u

struct hv_batch_entry {
	uint64_t call; /* enum hv_call; one that would block returns HV_ERR_AGAIN */
	uint64_t arg[5];
	int64_t result; /* out */
};

enum hv_domain_op {
	HV_DOMAIN_START,   /* from off */
	HV_DOMAIN_STOP,    /* presses the power button, and kills the domain if it still lives after
			      so many milliseconds (0: as its config says, at most an hour) */
	HV_DOMAIN_KILL,    /* stops the domain now; its restart policy does not apply */
	HV_DOMAIN_CRASH,   /* as if it had died by itself: the restart policy applies */
	HV_DOMAIN_RESTART, /* kill and start again from its image */
	HV_DOMAIN_PAUSE,
	HV_DOMAIN_RESUME,
};

enum hv_system_op {
	HV_SYSTEM_POWEROFF,
	HV_SYSTEM_REBOOT,
};

enum hv_domain_state {
	HV_STATE_OFF,
	HV_STATE_RUNNING,
	HV_STATE_PAUSED,
	HV_STATE_DEAD,       /* killed by its own fault or by order; may be started again */
	HV_STATE_RESTARTING, /* stopped; starts again when nobody holds its memory any more */
};

/* Kinds of VM exits, in the order of abi/exit.def. */
enum hv_exit_kind {
#define VM_EXIT(name, text) HV_EXIT_##name,
#include "abi/exit.def"
#undef VM_EXIT
	HV_EXIT_KINDS,
};

struct hv_domain_info {
	char name[32];
	uint32_t state; /* enum hv_domain_state */
	uint32_t incarnation;
	uint64_t memory;       /* bytes of RAM */
	uint64_t run_cycles;   /* TSC cycles inside the guest, all vCPUs, all incarnations */
	uint64_t exits;        /* VM exits, likewise */
	uint64_t interrupts;   /* interrupts delivered, likewise */
	uint64_t console_lost; /* console bytes dropped because a ring was full */
	uint64_t overhead;     /* hypervisor bytes held for this domain, page tables included */
	uint64_t tables_free;  /* of these, for page tables and not in use */
	uint32_t vcpus, cpu;   /* number of vCPUs; physical CPU of the first */
	char last_words[96];   /* why it last died, empty if it has not */
	uint64_t kind[HV_EXIT_KINDS]; /* exits by enum hv_exit_kind */
};

/* The machine's memory. */
struct hv_system_info {
	uint64_t free; /* bytes that nobody was given; none is given out after boot */
	uint64_t held; /* by the hypervisor beside its image, for domains and itself */
	uint32_t cpus, domains;
};

#endif
