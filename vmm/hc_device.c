/*
 * Hypercalls of a function's owner.
 */
#include "vmm/cap.h"
#include "vmm/device.h"
#include "vmm/hypercall.h"

static struct device *device_of_handle(struct vcpu *v, uint64_t handle, int64_t *result)
{
	const struct hv_cap *cap;

	*result = cap_lookup(v->domain, handle, HV_CAP_DEVICE, HV_RIGHT_USE, &cap);
	return *result == OK ? device_get(cap->object) : NULL;
}

/* An argument that must fit 32 bits; what does not becomes a number that no handler accepts. */
static unsigned narrow(uint64_t arg)
{
	return arg >> 32 ? ~0u : arg;
}

enum verdict hc_cfg_read(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct device *d = device_of_handle(v, arg[0], result);
	uint32_t value = 0;

	if (!d)
		return VERDICT_DONE;
	*result = device_cfg_read(d, narrow(arg[1]), narrow(arg[2]), &value);
	if (*result == OK)
		*result = value;
	return VERDICT_DONE;
}

enum verdict hc_cfg_write(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct device *d = device_of_handle(v, arg[0], result);

	if (d)
		*result = device_cfg_write(d, narrow(arg[1]), narrow(arg[2]), arg[3]);
	return VERDICT_DONE;
}

enum verdict hc_bar_map(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct device *d = device_of_handle(v, arg[0], result);
	uint64_t at = 0;

	if (!d)
		return VERDICT_DONE;
	*result = device_bar_map(d, narrow(arg[1]), &at);
	if (*result == OK)
		*result = at;
	return VERDICT_DONE;
}

enum verdict hc_irq_bind(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct device *d = device_of_handle(v, arg[0], result);

	if (d)
		*result = device_irq_bind(d, narrow(arg[1]), narrow(arg[2]));
	if (d && *result == OK)
		*result = device_irq_is_level(d, arg[1]);
	return VERDICT_DONE;
}

enum verdict hc_irq_ack(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct device *d = device_of_handle(v, arg[0], result);

	if (d)
		*result = device_irq_ack(d, narrow(arg[1]));
	return VERDICT_DONE;
}
