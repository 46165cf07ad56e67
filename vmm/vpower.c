/*
 * ACPI's sleep and reset registers and the power button, four ports. The button's line stays up
 * until the guest has read HV_PORT_BUTTON, so that two presses are two edges.
 */
#include "vmm/vpower.h"

#include "abi/platform.h"
#include "vmm/vioapic.h"

/* ACPI 4.8.3.7: SLEEP_CONTROL. */
#define SLEEP_ENABLE  BIT(5)
#define SLEEP_TYPE    MASK(4, 2)
#define SLEEP_TYPE_S5 5

static bool take_button(struct domain *d)
{
	bool pressed = __atomic_exchange_n(&d->button, 0, __ATOMIC_ACQ_REL);

	if (pressed)
		vioapic_set_line(d, HV_GSI_BUTTON, false);
	return pressed;
}

enum verdict vpower_pio(struct vcpu *v, struct io_access *a)
{
	if (!a->write) {
		a->data = a->address == HV_PORT_BUTTON ? take_button(v->domain) : 0;
		return VERDICT_DONE;
	}
	if (a->address == HV_PORT_SLEEP && a->data & SLEEP_ENABLE &&
	    field_get(SLEEP_TYPE, a->data) == SLEEP_TYPE_S5)
		return domain_power(v->domain, false);
	if (a->address == HV_PORT_RESET && (uint8_t)a->data == HV_RESET_VALUE)
		return domain_power(v->domain, true);
	return VERDICT_DONE;
}

void vpower_press(struct domain *d)
{
	if (!__atomic_exchange_n(&d->button, 1, __ATOMIC_ACQ_REL))
		vioapic_set_line(d, HV_GSI_BUTTON, true);
}

void vpower_reset(struct domain *d)
{
	__atomic_store_n(&d->button, 0, __ATOMIC_RELEASE);
}
