/*
 * The machine's 16550 at the first COM port, if there is one. Output is polled and never waits
 * longer than a stuck port deserves; input is polled or by interrupt.
 */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include <stdbool.h>
#include <stddef.h>

#include "arch/x86/cpu/irq.h"

#define UART_PORT    0x3f8
#define UART_ISA_IRQ 4

/* Looks for the port and sets it to 115200 8n1. True if it is there. */
bool uart_init(void);

/* Both do nothing without a port. The log writes under its lock; whoever writes the console
   besides uses log lines or the same CPU. */
void uart_write(const char *buf, size_t bytes);
/* The log's sink for the port: like uart_write, with a carriage return before each line feed. */
void uart_log(const char *line, size_t bytes);
/* What has arrived, at most `bytes`; never waits. */
size_t uart_read(char *buf, size_t bytes);

/* From now on fn(arg) is called with interrupts off on the boot CPU whenever input has arrived; it
   must take it with uart_read until that gives nothing. Needs ioapic_init.
   Errors: UNSUPPORTED (no port), NOMEM. */
must_check enum err uart_irq_enable(irq_handler_fn *fn, void *arg);

#endif
