/*
 * Console output of our guests, and panic(). A line is written in one hypercall. A console that
 * stays full for 50 ms loses the rest of the line: output hangs no guest that did not ask for it. A
 * domain without a console handle writes to its 16550.
 */
#include "guests/lib/print.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "lib/format.h"

#define UART_DATA 0x3f8

static char line[256];
static size_t length;
static print_sink_fn *sink;
static uint64_t patience = 50 * NS_PER_MS;

static void to_uart(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		outb(UART_DATA, (uint8_t)text[i]);
}

static void to_console(const char *text, size_t bytes)
{
	const struct hv_cap *cap = boot_cap(HV_CAP_CONSOLE, boot->domain);
	uint64_t end = time_after(patience);

	if (!cap) {
		to_uart(text, bytes);
		return;
	}
	while (bytes) {
		int64_t n = hv_console_write(cap->handle, text, bytes);

		if (n < 0 || (uint64_t)n > bytes || (!n && rdtsc() > end))
			return;
		text += n;
		bytes -= (size_t)n;
		if (!n)
			hv_event_wait(time_after(NS_PER_MS));
	}
}

void print_patience(uint64_t ns)
{
	patience = ns;
}

void print_flush(void)
{
	size_t bytes = length;

	length = 0;
	if (bytes)
		(sink ? sink : to_console)(line, bytes);
}

void print_bytes(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		line[length++] = text[i];
		if (text[i] == '\n' || length == sizeof(line))
			print_flush();
	}
}

void print(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	size_t bytes = format_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_bytes(text, bytes);
}

void print_to(print_sink_fn *to)
{
	print_flush();
	sink = to;
}

void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	format_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_to(NULL);
	print("%s: panic: %s\n", boot->name, text);
	hv_exit(1);
}
