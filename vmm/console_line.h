/*
 * Guests' output cut into lines for a port that several share: "[name] " in front of each, nothing
 * printed before a line is whole or the buffer is full. Pure but for uart_write.
 */
#ifndef VMM_CONSOLE_LINE_H
#define VMM_CONSOLE_LINE_H

#include <stddef.h>

#define CONSOLE_LINE_BYTES 240

struct console_line {
	size_t length;
	char text[CONSOLE_LINE_BYTES];
};

/* Adds output and prints what is whole. Carriage returns are dropped. */
void line_add(struct console_line *l, const char *name, const char *buf, size_t bytes);
/* Prints what has gathered, if anything, as a line. */
void line_end(struct console_line *l, const char *name);

#endif
