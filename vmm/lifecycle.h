/*
 * Starting, stopping and restarting domains by order. Everything happens on the CPU that owns the
 * domain's first vCPU, so it needs no lock: other CPUs leave orders (domain_control), and what is
 * to be done to a vCPU of another CPU is done there, by request.
 */
#ifndef VMM_LIFECYCLE_H
#define VMM_LIFECYCLE_H

#include "vmm/domain.h"

/* REQUEST_ORDER: the first vCPU carries out its domain's orders, another one is paused or goes on
   as its domain does. Its CPU, from the scheduler. */
void lifecycle_orders(struct vcpu *v);

/* Starts the domain, now or as soon as nothing holds it back. Owner CPU. */
void lifecycle_begin(struct domain *d);

/* It runs or is paused. */
bool lifecycle_is_alive(const struct domain *d);

#endif
