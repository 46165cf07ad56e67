/*
 * The machine's 16550s at the first two COM ports, if there are any: the console and the control
 * port. Output is polled and never waits longer than a stuck port deserves; input is polled or by
 * interrupt.
 */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include <stdbool.h>
#include <stddef.h>

#include "arch/x86/cpu/irq.h"

enum uart { UART_CONSOLE, UART_CONTROL, UARTS };

/* Looks for the port and sets it to 115200 8n1. True if it is there. Without it the calls below do
   nothing, and bytes put there are taken and lost. */
bool uart_init(enum uart u);

/* To the console. The log writes under its lock; whoever writes the console besides uses log lines
   or the same CPU. */
void uart_write(const char *buf, size_t bytes);
/* The log's sink for the console: like uart_write, with a carriage return before each line feed. */
void uart_log(const char *line, size_t bytes);
/* What the transmitter takes at once, a few bytes or none; never waits. */
size_t uart_put(enum uart u, const char *buf, size_t bytes);
/* What has arrived, at most `bytes`; never waits. */
size_t uart_read(enum uart u, char *buf, size_t bytes);

/* From now on fn(arg) is called with interrupts off on the boot CPU whenever input has arrived; it
   must take it with uart_read until that gives nothing, or somebody later. Needs ioapic_init.
   Errors: UNSUPPORTED (no port), NOMEM. */
must_check enum err uart_irq_enable(enum uart u, irq_handler_fn *fn, void *arg);

#endif
