/*
 * Hypercalls about consoles and the log. A domain's own console it writes and reads like a
 * terminal; another domain's console is seen from the other end: reading gives that guest's
 * output, writing is its input.
 */
#include "lib/bits.h"
#include "lib/log.h"
#include "vmm/cap.h"
#include "vmm/console.h"
#include "vmm/control.h"
#include "vmm/guestmem.h"
#include "vmm/hypercall.h"
#include "vmm/vuart.h"

#define CHUNK     256
#define CALL_MAX  4096 /* bytes that one call moves at most */
#define CALL_HOST 16   /* to the serial port, which takes no more at once */

static int64_t console_put(struct domain *caller, const struct hv_cap *cap, const char *buf,
			   size_t bytes)
{
	if (cap->object == HV_CONSOLE_HOST)
		return console_host_write(caller, buf, bytes);
	if (cap->object == HV_CONSOLE_CONTROL)
		return control_write(buf, bytes);
	if (cap->object == caller->id)
		return vuart_put_output(caller, buf, bytes);
	return console_give(domain_get(cap->object), buf, bytes);
}

/* The domain whose output this handle reads; NULL: the handle reads input. */
static struct domain *console_speaker(const struct domain *caller, const struct hv_cap *cap)
{
	struct domain *d;

	if (cap->object == HV_CONSOLE_HOST || cap->object == HV_CONSOLE_CONTROL ||
	    cap->object == caller->id)
		return NULL;
	d = domain_get(cap->object);
	return d->uart ? d : NULL;
}

/* From *position on, which waits until a later call drops it; without `position` it is taken. */
static size_t console_get(struct domain *caller, const struct hv_cap *cap, char *buf, size_t bytes,
			  uint64_t *position)
{
	struct domain *d = console_speaker(caller, cap);

	if (cap->object == HV_CONSOLE_HOST)
		return console_host_read(buf, bytes);
	if (cap->object == HV_CONSOLE_CONTROL)
		return control_read(buf, bytes);
	if (cap->object == caller->id)
		return vuart_take_input(caller, buf, bytes);
	if (!d)
		return 0;
	return position ? vuart_peek_output(d, position, buf, bytes)
			: vuart_take_output(d, buf, bytes);
}

enum verdict hc_console_write(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *d = v->domain;
	const struct hv_cap *cap;
	uint64_t done = 0, bytes;
	char buf[CHUNK];
	int64_t n;

	*result = cap_lookup(d, arg[0], HV_CAP_CONSOLE, HV_RIGHT_WRITE, &cap);
	if (*result != OK)
		return VERDICT_DONE;
	bytes = MIN(arg[2], cap->object == HV_CONSOLE_HOST ? CALL_HOST : CALL_MAX);
	do {
		size_t part = MIN(bytes - done, sizeof(buf));

		n = HV_ERR_FAULT;
		if (guest_read(d, gpa(arg[1] + done), buf, part))
			n = console_put(d, cap, buf, part);
		if (n > 0)
			done += n;
	} while (n == sizeof(buf) && done < bytes);
	*result = n < 0 && !done ? n : (int64_t)done;
	return VERDICT_DONE;
}

static size_t console_to_guest(struct domain *d, const struct hv_cap *cap, const uint64_t arg[5],
			       uint64_t *position)
{
	uint64_t done = 0, bytes = MIN(arg[2], (uint64_t)CALL_MAX);
	char buf[CHUNK];
	size_t n;

	do {
		n = console_get(d, cap, buf, MIN(bytes - done, sizeof(buf)), position);
		if (!guest_write(d, gpa(arg[1] + done), buf, n))
			break;
		done += n;
	} while (n == sizeof(buf) && done < bytes);
	return done;
}

enum verdict hc_console_read(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *d = v->domain, *speaker;
	const struct hv_cap *cap;
	uint64_t position = 0;

	*result = cap_lookup(d, arg[0], HV_CAP_CONSOLE, HV_RIGHT_READ, &cap);
	if (*result == OK && (!domain_owns(d, gpa(arg[1]), MIN(arg[2], (uint64_t)CALL_MAX)) ||
			      (arg[3] && !guest_read(d, gpa(arg[3]), &position, sizeof(position)))))
		*result = HV_ERR_FAULT;
	if (*result != OK)
		return VERDICT_DONE;
	speaker = arg[3] ? console_speaker(d, cap) : NULL;
	if (speaker)
		position = vuart_drop_output(speaker, position);
	*result = console_to_guest(d, cap, arg, speaker ? &position : NULL);
	if (speaker && !guest_write(d, gpa(arg[3]), &position, sizeof(position)))
		*result = HV_ERR_FAULT;
	return VERDICT_DONE;
}

static int64_t log_to_guest(struct domain *d, uint64_t *position, uint64_t at, uint64_t bytes)
{
	uint64_t done = 0;
	char buf[CHUNK];
	size_t n;

	do {
		n = log_read(position, buf, MIN(bytes - done, sizeof(buf)));
		if (!guest_write(d, gpa(at + done), buf, n))
			return HV_ERR_FAULT;
		done += n;
	} while (n == sizeof(buf) && done < bytes);
	return done;
}

enum verdict hc_log_read(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *d = v->domain;
	const struct hv_cap *cap;
	uint64_t position;

	*result = cap_lookup(d, arg[0], HV_CAP_LOG, HV_RIGHT_READ, &cap);
	if (*result != OK)
		return VERDICT_DONE;
	*result = HV_ERR_FAULT;
	if (!guest_read(d, gpa(arg[1]), &position, sizeof(position)))
		return VERDICT_DONE;
	console_log_was_read(d, position);
	*result = log_to_guest(d, &position, arg[2], MIN(arg[3], (uint64_t)CALL_MAX));
	if (*result >= 0 && !guest_write(d, gpa(arg[1]), &position, sizeof(position)))
		*result = HV_ERR_FAULT;
	return VERDICT_DONE;
}
