/*
 * The multiplexer's hands: carries bytes between the serial port, the guests' consoles, the log and
 * mux.c, and keys between mux.c and the shell. Where the config gives this domain no serial port
 * nothing is started, and what this domain prints goes to its own console.
 */
#ifndef GUESTS_SERVICE_CONSOLE_H
#define GUESTS_SERVICE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Binds the events, takes over print(), shows the banner. */
void console_start(void);

#define CONSOLE_BACKLOG 4096 /* bytes of each console that are kept */

/* Whether that domain's console is here: the next three do nothing else. */
bool console_has(uint32_t domain);
/* Makes a domain's console or the log the view. */
bool console_select(uint32_t domain);
/* What it said from byte *position on, see mux_backlog. */
size_t console_backlog(uint32_t domain, uint64_t *position, char *buf, size_t size);
/* Keys for the domain, whatever the view is; returns those that its console had room for. */
size_t console_type(uint32_t domain, const char *keys, size_t bytes);

void console_select_log(void);

/* A line on a domain's console that is not from its UART. False if that console is not here. */
bool console_say(uint32_t domain, const char *text, size_t bytes);

/* Bytes that the terminal may get now without loss; each line end counts twice. */
size_t console_room(void);

/* Brings what is still to be read and written to the serial port; at most 2 s. Before the
   machine goes down. */
void console_flush(void);

#endif
