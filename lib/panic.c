/*
 * The end after a fault of our own: one line with the reason, then every CPU stops. The log's ring
 * stays in memory. A panic inside a panic says nothing more.
 */
#include "lib/assert.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/format.h"
#include "lib/log.h"

NORETURN void __stack_chk_fail(void);

void panic(const char *fmt, ...)
{
	static bool panicking;
	char text[400];
	va_list ap;

	if (__atomic_exchange_n(&panicking, true, __ATOMIC_SEQ_CST))
		panic_halt();
	log_break_lock();
	va_start(ap, fmt);
	format_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("panic: %s", text);
	log_error(
		"the machine is stopped; this is a defect of Bulkhead: keep these lines, reset it");
	panic_halt();
}

/* The compiler's call when a function's canary has changed. */
void __stack_chk_fail(void)
{
	panic("stack overrun in the function that returns to %p", __builtin_return_address(0));
}
