/*
 * Lines with a name in front.
 */
#include "vmm/console_line.h"

#include "drivers/uart.h"
#include "lib/string.h"

static void line_print(struct console_line *l, const char *name)
{
	uart_write("[", 1);
	uart_write(name, strlen(name));
	uart_write("] ", 2);
	uart_write(l->text, l->length);
	uart_write("\r\n", 2);
	l->length = 0;
}

void line_add(struct console_line *l, const char *name, const char *buf, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (buf[i] != '\n' && buf[i] != '\r')
			l->text[l->length++] = buf[i];
		if (buf[i] == '\n' || l->length == CONSOLE_LINE_BYTES)
			line_print(l, name);
	}
}

void line_end(struct console_line *l, const char *name)
{
	if (l->length)
		line_print(l, name);
}
