/*
 * Every hypercall as a C function: hv_ and the name in abi/hypercall.def, which says what arguments
 * and results mean. A buffer's address is its guest-physical address, since our guests map memory
 * 1:1. Results are int64_t, negative for an error of the catalogue; hv_error() gives its text.
 */
#ifndef GUESTS_LIB_HV_H
#define GUESTS_LIB_HV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/cap.h"
#include "abi/hypercall.h"
#include "abi/trace.h"

/* The instruction that this processor has: VMMCALL (AMD) or VMCALL. Either is understood; the
   other one costs an extra #UD. Set before main(). */
extern bool hv_vmmcall;

/* The catalogue's text for a negative result, never NULL. */
const char *hv_error(int64_t result);

static inline int64_t hv_call(uint64_t call, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			      uint64_t e)
{
	register uint64_t r10 asm("r10") = d;
	register uint64_t r8 asm("r8") = e;
	int64_t result;

	if (hv_vmmcall)
		asm volatile("vmmcall"
			     : "=a"(result)
			     : "a"(call), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			     : "memory");
	else
		asm volatile("vmcall"
			     : "=a"(result)
			     : "a"(call), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			     : "memory");
	return result;
}

static inline uint64_t hv_addr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static inline int64_t hv_console_write(uint32_t cap, const void *buf, size_t bytes)
{
	return hv_call(HV_CONSOLE_WRITE, cap, hv_addr(buf), bytes, 0, 0);
}

static inline int64_t hv_console_read(uint32_t cap, void *buf, size_t bytes)
{
	return hv_call(HV_CONSOLE_READ, cap, hv_addr(buf), bytes, 0, 0);
}

/* Another domain's output from *position on, in two steps: it comes again until a call's *position
   lies behind it (docs/abi.md section 4). *position is moved behind what was given. */
static inline int64_t hv_console_peek(uint32_t cap, void *buf, size_t bytes, uint64_t *position)
{
	return hv_call(HV_CONSOLE_READ, cap, hv_addr(buf), bytes, hv_addr(position), 0);
}

static inline int64_t hv_event_send(uint32_t cap)
{
	return hv_call(HV_EVENT_SEND, cap, 0, 0, 0, 0);
}

static inline int64_t hv_event_wait(uint64_t deadline)
{
	return hv_call(HV_EVENT_WAIT, deadline, 0, 0, 0, 0);
}

static inline int64_t hv_event_unmask(unsigned event)
{
	return hv_call(HV_EVENT_UNMASK, event, 0, 0, 0, 0);
}

static inline int64_t hv_event_vector(unsigned vector)
{
	return hv_call(HV_EVENT_VECTOR, vector, 0, 0, 0, 0);
}

static inline int64_t hv_range_add(uint32_t cap, unsigned kind, uint64_t base, uint64_t bytes,
				   unsigned event)
{
	return hv_call(HV_RANGE_ADD, cap, kind, base, bytes, event);
}

static inline int64_t hv_range_remove(uint32_t cap, unsigned kind, uint64_t base)
{
	return hv_call(HV_RANGE_REMOVE, cap, kind, base, 0, 0);
}

static inline int64_t hv_ioreq_done(uint32_t cap, unsigned slot)
{
	return hv_call(HV_IOREQ_DONE, cap, slot, 0, 0, 0);
}

static inline int64_t hv_irq_raise(uint32_t cap, uint64_t address, uint32_t data)
{
	return hv_call(HV_IRQ_RAISE, cap, address, data, 0, 0);
}

static inline int64_t hv_line_set(uint32_t cap, unsigned gsi, uint64_t level)
{
	return hv_call(HV_LINE_SET, cap, gsi, level, 0, 0);
}

static inline int64_t hv_window_grant(uint32_t cap, struct hv_window_entry *entry, size_t count)
{
	return hv_call(HV_WINDOW_GRANT, cap, hv_addr(entry), count, 0, 0);
}

static inline int64_t hv_window_revoke(uint32_t cap, struct hv_window_entry *entry, size_t count)
{
	return hv_call(HV_WINDOW_REVOKE, cap, hv_addr(entry), count, 0, 0);
}

static inline int64_t hv_cfg_read(uint32_t cap, unsigned reg, unsigned bytes)
{
	return hv_call(HV_CFG_READ, cap, reg, bytes, 0, 0);
}

static inline int64_t hv_cfg_write(uint32_t cap, unsigned reg, unsigned bytes, uint32_t value)
{
	return hv_call(HV_CFG_WRITE, cap, reg, bytes, value, 0);
}

static inline int64_t hv_bar_map(uint32_t cap, unsigned bar)
{
	return hv_call(HV_BAR_MAP, cap, bar, 0, 0, 0);
}

static inline int64_t hv_irq_bind(uint32_t cap, unsigned index, unsigned event)
{
	return hv_call(HV_IRQ_BIND, cap, index, event, 0, 0);
}

static inline int64_t hv_irq_ack(uint32_t cap, unsigned index)
{
	return hv_call(HV_IRQ_ACK, cap, index, 0, 0, 0);
}

static inline int64_t hv_domain_ctl(uint32_t cap, enum hv_domain_op op, uint64_t arg)
{
	return hv_call(HV_DOMAIN_CTL, cap, op, arg, 0, 0);
}

static inline int64_t hv_domain_info(uint32_t cap, struct hv_domain_info *info)
{
	return hv_call(HV_DOMAIN_INFO, cap, hv_addr(info), sizeof(*info), 0, 0);
}

static inline int64_t hv_log_read(uint32_t cap, uint64_t *position, void *buf, size_t bytes)
{
	return hv_call(HV_LOG_READ, cap, hv_addr(position), hv_addr(buf), bytes, 0);
}

static inline int64_t hv_system_ctl(uint32_t cap, enum hv_system_op op)
{
	return hv_call(HV_SYSTEM_CTL, cap, op, 0, 0, 0);
}

static inline int64_t hv_watchdog(uint64_t ms)
{
	return hv_call(HV_WATCHDOG, ms, 0, 0, 0, 0);
}

/* That of the domain that this capability names. */
static inline int64_t hv_watchdog_of(uint32_t cap, uint64_t ms)
{
	return hv_call(HV_WATCHDOG, ms, cap, 0, 0, 0);
}

static inline int64_t hv_batch(struct hv_batch_entry *entry, size_t count)
{
	return hv_call(HV_BATCH, hv_addr(entry), count, 0, 0, 0);
}

static inline int64_t hv_cap_info(unsigned index, struct hv_cap *cap)
{
	return hv_call(HV_CAP_INFO, index, hv_addr(cap), sizeof(*cap), 0, 0);
}

static inline int64_t hv_trace_read(uint32_t cap, unsigned cpu, uint64_t *position,
				    struct hv_trace_record *record, size_t count)
{
	return hv_call(HV_TRACE_READ, cap, cpu, hv_addr(position), hv_addr(record), count);
}

static inline int64_t hv_trace_ctl(uint32_t cap, uint32_t off, uint32_t on)
{
	return hv_call(HV_TRACE_CTL, cap, off, on, 0, 0);
}

static inline int64_t hv_system_info(uint32_t cap, struct hv_system_info *info)
{
	return hv_call(HV_SYSTEM_INFO, cap, hv_addr(info), sizeof(*info), 0, 0);
}

static inline int64_t hv_image_stage(uint32_t cap, uint64_t offset, const void *buf, uint64_t bytes,
				     uint32_t crc)
{
	return hv_call(HV_IMAGE_STAGE, cap, offset, hv_addr(buf), bytes, crc);
}

_Noreturn static inline void hv_exit(int status)
{
	for (;;)
		hv_call(HV_EXIT, (uint64_t)(int64_t)status, 0, 0, 0, 0);
}

#endif
