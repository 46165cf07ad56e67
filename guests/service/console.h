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

/* Makes a domain's console or the log the view. False if that console is not here. */
bool console_select(uint32_t domain);
void console_select_log(void);

/* A line on a domain's console that is not from its UART. False if that console is not here. */
bool console_say(uint32_t domain, const char *text, size_t bytes);

/* Bytes that the terminal may get now without loss; each line end counts twice. */
size_t console_room(void);

/* Brings what is still to be read and written to the serial port; at most 200 ms. Before the
   machine goes down. */
void console_flush(void);

#endif
