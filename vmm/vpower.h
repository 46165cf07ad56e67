/*
 * Power and reset registers of the legacy-free PC: ports HV_PORT_SLEEP .. HV_PORT_BUTTON, and the
 * power button behind HV_GSI_BUTTON.
 */
#ifndef VMM_VPOWER_H
#define VMM_VPOWER_H

#include "vmm/domain.h"
#include "vmm/io.h"

/* The four ports. DONE, or what domain_power answers. */
enum verdict vpower_pio(struct vcpu *v, struct io_access *a);

/* Presses the button: edge on HV_GSI_BUTTON, and HV_PORT_BUTTON reads 1 once. Any CPU. */
void vpower_press(struct domain *d);
/* The button is up. The domain's vCPUs do not run. */
void vpower_reset(struct domain *d);

#endif
