/*
 * The physical serial port and who speaks on it. While a domain that holds the host console writes
 * to it (the multiplexer), port and input are that domain's. Before, and at once when it dies, the
 * hypervisor prints its log plain and guests' lines with "[name] " in front, and its input goes to
 * one selected guest.
 */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include <stddef.h>

#include "vmm/domain.h"

/* Boot, after caps_build() and with the log on the serial port: takes over input and output. */
void console_build(void);

/* A guest has written to its UART or console (vuart.c, owner CPU): bytes wait in its ring. Tells
   the multiplexer, or prints whole lines when there is none. */
void console_output(struct domain *d);

/* The machine ends: port and log are the hypervisor's again, and what waits in guests' rings is
   printed. */
void console_take_back(void);

/* A domain is dead: its unfinished line is printed, and if it was the multiplexer the hypervisor
   speaks again. Any CPU. */
void console_died(struct domain *d);

#endif
