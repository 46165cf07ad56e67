/*
 * Capability handles. A handle is (generation << 16) | index; a stale generation is refused. The
 * config creates handles at boot, the boot page lists them; at run time they are only narrowed or
 * revoked, and those from the config survive a restart of their holder.
 */
#ifndef ABI_CAP_H
#define ABI_CAP_H

#include <stdint.h>

enum hv_cap_type {
	HV_CAP_NONE,
	HV_CAP_DOMAIN,    /* object = domain: info, control */
	HV_CAP_WINDOW,    /* object = domain whose RAM may be seen */
	HV_CAP_EVENT,     /* object = domain that is signalled, detail = event number */
	HV_CAP_INTERRUPT, /* object = domain whose interrupts may be raised */
	HV_CAP_IOREQ,     /* object = guest domain that is served, detail = slots that it uses */
	HV_CAP_DEVICE,    /* object = index of a physical PCI function */
	HV_CAP_CONSOLE,   /* object = domain, HV_CONSOLE_HOST or HV_CONSOLE_CONTROL */
	HV_CAP_LOG,       /* the hypervisor's log */
	HV_CAP_SYSTEM,    /* power off, reboot */
	HV_CAP_TRACE,     /* the hypervisor's trace */
};

/* The physical serial ports: the first, and the second, which is for programs. */
#define HV_CONSOLE_HOST    0xffffu
#define HV_CONSOLE_CONTROL 0xfffeu

/* Rights; what each means depends on the type. */
#define HV_RIGHT_READ    1u /* domain: info; window, console, log, trace: read */
#define HV_RIGHT_WRITE   2u /* window, console: write */
#define HV_RIGHT_CONTROL 4u /* domain: start, stop, kill ... */
#define HV_RIGHT_USE     8u /* event: send; interrupt: raise; domain: its watchdog; others: use */

struct hv_cap {
	uint32_t handle;
	uint16_t type;   /* enum hv_cap_type */
	uint16_t rights; /* HV_RIGHT_* */
	uint32_t object;
	uint32_t detail;
	uint32_t event; /* event that the holder gets about it, HV_EVENT_NONE if none:
			   console: input is there (for a guest's console: output is there);
			   ioreq: a slot is PENDING or a range was touched; log: new bytes */
	uint32_t reserved;
};

#endif
