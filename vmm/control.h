/*
 * The machine's second serial port, the control port: for programs, as the console is for people.
 * It belongs to the domain that multiplexes the consoles, and nothing is written to it otherwise.
 */
#ifndef VMM_CONTROL_H
#define VMM_CONTROL_H

#include <stddef.h>

/* Boot, after caps_build(): input becomes an event of its owner's. */
void control_build(void);

/* The owner's hypercalls; both return the bytes moved and never wait. Any CPU. */
size_t control_read(char *buf, size_t bytes);
size_t control_write(const char *buf, size_t bytes);

#endif
