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

/* A guest has written to its UART or console (vuart's hook): bytes wait in its ring. Tells the
   multiplexer, or prints whole lines when there is none. Any CPU, no lock held. */
void console_output(struct domain *d);

/* Input for a guest: into its UART's ring, and the event of its own console. Returns the bytes
   that fitted. Any CPU. */
size_t console_give(struct domain *d, const char *buf, size_t bytes);

/* The machine ends: port and log are the hypervisor's again, and what waits in guests' rings is
   printed. */
void console_take_back(void);

/* A whole line of the hypervisor's that the log shall not hold; also in a panic. No lock held. */
void console_print_line(const char *line, size_t bytes);

/* A domain is dead: its unfinished line is printed, and if it was the multiplexer the hypervisor
   speaks again, beginning with the log lines that the multiplexer had not read. While one that will
   be back (d->wants_start) is away, guests' output and keys wait for it. Any CPU. */
void console_died(struct domain *d);

/* d writes to the port and so is the multiplexer from now on; returns the bytes that the port takes
   at once, a few or none.
   Errors: STATE (another domain is). */
must_check int64_t console_host_write(struct domain *d, const char *buf, size_t bytes);
/* Input of the port. */
size_t console_host_read(char *buf, size_t bytes);
/* d has put out the log up to this position. */
void console_log_was_read(const struct domain *d, uint64_t position);

#endif
