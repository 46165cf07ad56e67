/*
 * The person's terminal while bh itself carries the bytes: raw, so that every key reaches the
 * machine at once, and put back in the end.
 */
#ifndef TOOLS_BH_TERMINAL_H
#define TOOLS_BH_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* No line editing, no echo; with `signals` Ctrl-C still interrupts. Nothing without a terminal. */
void terminal_raw(bool signals);

/* Remembers how the terminal is, and puts that back. */
void terminal_save(void);
void terminal_restore(void);

/* Takes Ctrl-A and the key after it out of what was typed, as QEMU does: x leaves (false), Ctrl-A
   is Ctrl-A itself, all else is dropped. Pure; returns the rest in place, its length in *bytes. */
bool terminal_escape(bool *escape, char *keys, size_t *bytes);

#endif
