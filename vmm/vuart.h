/*
 * A domain's console: a 16550A at HV_PORT_UART between two rings. The guest's output waits in one
 * until the console's owner takes it; input waits in the other. A full output ring keeps THRE
 * clear: the guest waits, or drops and we count. Every call takes the UART's own lock; any CPU.
 */
#ifndef VMM_VUART_H
#define VMM_VUART_H

#include "vmm/domain.h"
#include "vmm/io.h"

#define VUART_OUT_BYTES 0x10000u
#define VUART_IN_BYTES  0x4000u

/* Called, with no lock held, when output came to an empty ring or a line was completed. NULL: not
   at all. */
extern void (*vuart_output_hook)(struct domain *d);

/* Boot only: takes its pages, sets d->uart. */
void vuart_init(struct domain *d);
/* Registers as after reset and input dropped; output stays until it is taken. */
void vuart_reset(struct domain *d);

/* The eight ports from HV_PORT_UART on. Always DONE. */
enum verdict vuart_pio(struct vcpu *v, struct io_access *a);

/* Moves output to buf; returns the bytes moved. */
size_t vuart_take_output(struct domain *d, char *buf, size_t bytes);
/* The same in two steps, by positions in all that was ever output: a copy of what waits from
   *position on, which is moved behind it; and what lies before `position` is taken. A position that
   is not in what waits counts as its beginning, and that is returned. */
size_t vuart_peek_output(struct domain *d, uint64_t *position, char *buf, size_t bytes);
uint64_t vuart_drop_output(struct domain *d, uint64_t position);
/* Output of a guest of ours (CONSOLE_WRITE); returns the bytes that fitted. */
size_t vuart_put_output(struct domain *d, const char *buf, size_t bytes);
/* Input for the guest; returns the bytes that fitted. */
size_t vuart_put_input(struct domain *d, const char *buf, size_t bytes);
/* Input taken by a guest of ours (CONSOLE_READ); returns the bytes moved. */
size_t vuart_take_input(struct domain *d, char *buf, size_t bytes);

/* Output bytes dropped since boot because the ring was full. */
uint64_t vuart_lost(const struct domain *d);

#endif
