/*
 * A line being typed on a raw terminal: printable keys, backspace, Ctrl-U, Ctrl-C, Ctrl-W. Pure:
 * what the terminal shall show goes to a function of the caller. Escape sequences (arrow keys,
 * answers of the terminal) are swallowed.
 */
#ifndef GUESTS_SERVICE_LINEEDIT_H
#define GUESTS_SERVICE_LINEEDIT_H

#include <stddef.h>

#define LINEEDIT_MAX 128

typedef void lineedit_echo_fn(const char *text, size_t bytes);

struct lineedit {
	char text[LINEEDIT_MAX]; /* always zero-terminated */
	size_t length;
	int escape; /* inside an escape sequence: 1 after ESC, 2 after ESC [ */
	int was_cr; /* the last key was CR: a LF right after it is the same end of line */
};

enum lineedit_result {
	LINEEDIT_MORE,
	LINEEDIT_DONE,   /* text holds the line; lineedit_clear() before the next key */
	LINEEDIT_CANCEL, /* Ctrl-C; text is empty */
};

enum lineedit_result lineedit_key(struct lineedit *e, char key, lineedit_echo_fn *echo);
void lineedit_clear(struct lineedit *e);

#endif
