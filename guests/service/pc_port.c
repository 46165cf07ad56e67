/*
 * The board's hypercalls and its text, the real ones.
 */
#include "guests/service/pc_port.h"

#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/service/console.h"

void pc_port_line(uint32_t cap, unsigned irq, bool level)
{
	(void)hv_line_set(cap, irq, level);
}

bool pc_port_pulse(uint32_t cap, unsigned irq)
{
	(void)hv_line_set(cap, irq, 0);
	return hv_line_set(cap, irq, 1) != 1;
}

void pc_port_say(uint32_t guest, const char *name, const char *text, size_t bytes)
{
	if (!console_say(guest, text, bytes))
		print("[%s] %.*s\n", name, (int)bytes, text);
}
