/*
 * A virtual CPU. It belongs to one physical CPU, whose loop alone touches the fields below "owner";
 * other CPUs set bits in `requests` and `posted` and send an IPI (vcpu_kick). Backends keep their
 * own state behind `arch`.
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include "lib/addr.h"
#include "lib/list.h"
#include "vmm/exit.h"
#include "vmm/sched_cap.h"
#include "vmm/timer.h"

/* General registers in the encoding order of the instruction set. */
enum vcpu_gpr {
	GPR_RAX,
	GPR_RCX,
	GPR_RDX,
	GPR_RBX,
	GPR_RSP,
	GPR_RBP,
	GPR_RSI,
	GPR_RDI,
	GPR_R8,
	GPR_R9,
	GPR_R10,
	GPR_R11,
	GPR_R12,
	GPR_R13,
	GPR_R14,
	GPR_R15,
	GPR_COUNT,
};

enum vcpu_seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEG_COUNT };

/* Attributes as in the second doubleword of a descriptor, shifted down by 8 (SDM 3C 24.4.1): type
   3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D/B 14, G 15, unusable 16. */
struct vcpu_segment {
	uint16_t selector;
	uint32_t attributes;
	uint32_t limit; /* in bytes */
	uint64_t base;
};

#define SEGMENT_L        (1u << 13)
#define SEGMENT_DB       (1u << 14)
#define SEGMENT_UNUSABLE (1u << 16)

struct vcpu_table {
	uint64_t base;
	uint32_t limit;
};

/* Always valid while the vCPU is out of the guest; the backend loads them at entry. */
struct vcpu_regs {
	uint64_t gpr[GPR_COUNT];
	uint64_t rip, rflags;
};

/* All that the backend holds beside struct vcpu_regs. Neutral and versioned: restart, debugger,
   snapshot use it. get_state fills everything, set_state takes everything. */
#define VCPU_STATE_VERSION 1

struct vcpu_state {
	uint32_t version;
	struct vcpu_segment segment[SEG_COUNT];
	struct vcpu_table gdtr, idtr;
	uint64_t cr0, cr2, cr3, cr4, efer;
	uint64_t dr6, dr7;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t pat, debugctl;
	uint64_t pdpte[4]; /* PAE paging: the four entries that loading CR3 read, where the CPU
			      keeps them */
	bool irq_shadow, nmi_blocked;
};

/* What decoding and address translation need; cheaper than get_state. */
struct vcpu_mode {
	uint64_t cr0, cr3, cr4, efer;
	uint8_t cpl;
	uint8_t code_bytes; /* default operand and address size of the code: 2, 4 or 8 */
};

enum event_kind { INJECT_NONE, INJECT_IRQ, INJECT_NMI, INJECT_EXCEPTION, INJECT_SOFTWARE };

/* An event to be injected at the next entry (SDM 3C 24.8.3, APM 2 15.20). */
struct vcpu_event {
	uint8_t kind; /* enum event_kind; SOFTWARE: INT n, INT3, INTO, INT1, not yet delivered */
	uint8_t vector;
	bool has_error;
	uint8_t insn_len; /* SOFTWARE: of the instruction */
	uint32_t error;
};

enum vcpu_run_state {
	VCPU_OFF,      /* not started, or its domain is dead */
	VCPU_READY,    /* in a run queue */
	VCPU_RUNNING,  /* what its CPU runs now */
	VCPU_SLEEPING, /* HLT or EVENT_WAIT: an interrupt, event or its deadline wakes it */
	VCPU_BLOCKED,  /* VERDICT_BLOCK: any request makes it look again */
	VCPU_PAUSED,   /* by order; paused_from says what it did */
	VCPU_INIT,     /* after INIT: a STARTUP message makes it ready (SDM 3A 8.4.4.1) */
};

/* Bits of vcpu->requests, set by any CPU, taken by the owner before each entry. */
enum {
	REQUEST_WAKE = 1,   /* something may have become pending: interrupt, event */
	REQUEST_ANSWER = 2, /* the ioreq's answer is there or it was cancelled */
	REQUEST_ORDER = 4,  /* the domain has orders: domain->orders */
	REQUEST_NMI = 8,
	REQUEST_FLUSH = 16,        /* nested tables changed: flush before entry */
	REQUEST_OFF = 32,          /* its domain stops: off its CPU */
	REQUEST_RESET = 64,        /* its domain starts: reset, wait for STARTUP */
	REQUEST_INIT = 128,        /* an INIT message */
	REQUEST_STARTUP = 256,     /* a STARTUP message: startup_vector */
	REQUEST_CLOCK = 512,       /* another vCPU's TSC was moved: vclock_update */
	REQUEST_KICK = 1024,       /* KVM_HC_KICK_CPU: ends a HLT, now or the next one */
	REQUEST_QUEUED = 1u << 31, /* the vCPU is in its CPU's mailbox (mailbox.c alone) */
};

struct domain;
struct vlapic;
struct vmsrs;
struct hv_event_page;

struct vcpu {
	/* fixed after boot */
	struct domain *domain;
	uint16_t index, cpu; /* number in the domain; physical CPU */
	void *arch;          /* the backend's */
	struct vlapic *lapic;
	struct vmsrs *msrs;           /* registers that msr.c keeps */
	struct hv_event_page *events; /* NULL in stock guests */
	void *fpu;                    /* fpu_area_bytes() bytes, 64-aligned */

	/* owner: the guest's state */
	struct vcpu_regs regs;
	struct vcpu_event inject; /* exception or interrupted delivery for the next entry */
	struct vm_exit exit;      /* the last one; handled again after VERDICT_BLOCK */
	uint64_t xcr0, dr[4], tsc_aux, xss;
	uint64_t tsc_offset; /* guest TSC = host TSC + this */
	uint8_t cr8;         /* task priority as the guest last set it: run() loads and stores it */
	bool irq_shadow;     /* the exit left an interrupt shadow: run() says so */
	/* Who changes what is requested and in service without an exit; one word, as each
	   delivery looks. */
	union {
		struct {
			bool apic_by_cpu; /* the CPU, in the local APIC's page: it delivers */
			bool eoi_by_word; /* the guest, by KVM's PV EOI (vlapic_eoi.c) */
		};
		uint16_t apic_by_others;
	};
	/* What there is to do before an entry, beside `posted`; one word, as each entry looks. */
	union {
		struct {
			bool nmi_pending;
			/* Bit i: word i of the local APIC's IRR is not zero (with apic_by_cpu: good
			   after vlapic_count). */
			uint8_t irr_words;
			bool apic_stale; /* tell the CPU again what is requested and in service */
			bool extint;     /* ask the 8259s (vpic.c); set by any CPU, atomically */
		};
		uint32_t before_entry; /* not zero: something */
	};
	bool replay;          /* handle `exit` again before entering */
	bool kicked;          /* KVM_HC_KICK_CPU: the next HLT ends at once */
	uint8_t event_vector; /* EVENT_VECTOR, 0 none */
	struct timer wait;    /* EVENT_WAIT's deadline (event.c) */

	/* owner: an access that a back end answers (ioreq.c) */
	struct {
		bool asked;
		uint8_t type, size, write;
		uint16_t link; /* its back end, as a number of the domain's ioreq_set */
		uint32_t sequence;
		uint64_t address, data;
	} io;

	/* owner: the doorbell that was rung last (ioreq.c): good while its guest's tables have this
	   version. size 0: none */
	struct {
		uint8_t type, size;
		uint32_t version;
		uint64_t address;
		struct domain *backend;
		unsigned event;
		const uint64_t *pending; /* the event's word and bit in the back end's page */
		uint64_t bit;
	} bell;

	/* owner: an instruction that emulate.c has begun and that waits for a back end: accesses
	   done so far, and what they read. Zero between instructions; zeroed when a vCPU is reset.
	 */
	struct {
		uint8_t done;
		uint64_t value[2]; /* of the first and the second memory operand */
	} emulate;

	/* owner: scheduling (sched.c) */
	struct list queue;    /* run queue node */
	uint8_t run_state;    /* enum vcpu_run_state; read by others as a hint */
	uint8_t paused_from;  /* enum vcpu_run_state */
	uint8_t priority;     /* now; config's unless it is a back end that is over its budget */
	bool slotted;         /* runs in slots of the cyclic table and nowhere else */
	bool spent;           /* its cap's share of this period is used up */
	uint64_t ready_since; /* TSC when it became ready */
	uint64_t quantum, slice_left; /* TSC ticks */
	struct sched_cap cap;

	/* owner: statistics */
	uint64_t run_cycles, exits[EXIT_KINDS], interrupts;

	/* any CPU, atomically */
	uint32_t requests;      /* REQUEST_* */
	uint8_t startup_vector; /* of the last STARTUP message */
	uint64_t posted[4];     /* interrupt vectors delivered but not yet in the vLAPIC's IRR */
	struct vcpu *wake_next; /* in its CPU's mailbox (mailbox.c) */
};

/* Sets request bits and makes the owner CPU notice: an IPI if it is another CPU. Any CPU. */
void vcpu_request(struct vcpu *v, uint32_t requests);

/* XCR0 as the guest has set it, brought up to date: not every CPU lets XSETBV be intercepted.
   Owner, while v is loaded. */
uint64_t vcpu_xcr0(struct vcpu *v);

/* Asks for an exception at the next entry. vector 0..31; error is used where has_error. A second
   contributory fault becomes #DF, a third stops the domain (SDM 3A 6.15). Owner only. */
void vcpu_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error);
void vcpu_inject_ud(struct vcpu *v);
void vcpu_inject_gp(struct vcpu *v);
void vcpu_inject_pf(struct vcpu *v, uint64_t address, uint32_t error);

/* What INIT and RESET leave (SDM 3A table 9-1). */
void vcpu_state_reset(struct vcpu_regs *regs, struct vcpu_state *state);

static inline struct vcpu_regs *vcpu_regs(struct vcpu *v)
{
	return &v->regs;
}

/* The low half of rax/rbx... as the 32-bit forms of CPUID, RDMSR write them: zero-extended. */
static inline void vcpu_set_edx_eax(struct vcpu *v, uint64_t value)
{
	v->regs.gpr[GPR_RAX] = (uint32_t)value;
	v->regs.gpr[GPR_RDX] = value >> 32;
}

static inline uint64_t vcpu_edx_eax(const struct vcpu *v)
{
	return (uint64_t)(uint32_t)v->regs.gpr[GPR_RDX] << 32 | (uint32_t)v->regs.gpr[GPR_RAX];
}

#endif
