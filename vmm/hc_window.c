/*
 * Hypercalls about windows: batches of parts, each entry copied once, one flush at the end.
 */
#include "lib/bits.h"
#include "vmm/cap.h"
#include "vmm/guestmem.h"
#include "vmm/hypercall.h"
#include "vmm/window.h"

#define WINDOW_ENTRIES 64
#define WINDOW_RIGHTS  HV_WINDOW_WRITE

typedef enum err window_fn(struct domain *holder, const struct domain *guest,
			   const struct hv_window_entry *e, hpa_t *mine);

/* One entry in the caller's memory. Errors: FAULT; what is wrong with the entry itself goes into
   its status. */
static enum err window_entry(struct domain *holder, const struct domain *guest, gpa_t at,
			     window_fn *apply)
{
	struct hv_window_entry e;
	hpa_t mine = hpa(0);
	enum err err = ERR_INVAL;

	if (!guest_read(holder, at, &e, sizeof(e)))
		return ERR_FAULT;
	if (!(e.rights & ~WINDOW_RIGHTS))
		err = apply(holder, guest, &e, &mine);
	e.status = -err;
	e.mine = mine.v;
	return guest_write(holder, at, &e, sizeof(e)) ? OK : ERR_FAULT;
}

static enum err window_batch(struct domain *holder, const struct domain *guest,
			     const uint64_t arg[5], window_fn *apply)
{
	enum err err = OK;

	if (arg[2] > WINDOW_ENTRIES)
		return ERR_INVAL;
	for (uint64_t i = 0; i < arg[2] && err == OK; i++)
		err = window_entry(holder, guest, gpa(arg[1] + i * sizeof(struct hv_window_entry)),
				   apply);
	domain_flush(holder);
	return err;
}

enum verdict hc_window_grant(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *guest =
		cap_domain(v, arg[0], HV_CAP_WINDOW, HV_RIGHT_READ | HV_RIGHT_WRITE, result);

	if (!guest)
		return VERDICT_DONE;
	if (guest->state != HV_STATE_RUNNING && guest->state != HV_STATE_PAUSED)
		*result = HV_ERR_GONE;
	else
		*result = window_batch(v->domain, guest, arg, window_grant);
	return VERDICT_DONE;
}

/* Count 0: the caller lets go of a guest that has died (abi/hypercall.h). */
enum verdict hc_window_revoke(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *guest = cap_domain(v, arg[0], HV_CAP_WINDOW, HV_RIGHT_READ, result);

	if (guest && arg[2])
		*result = window_batch(v->domain, guest, arg, window_revoke);
	else if (guest)
		domain_released(guest, v->domain->id);
	return VERDICT_DONE;
}
