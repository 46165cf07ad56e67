/*
 * The smallest useful guest: says its name, beats a few times, ends. Tests choose with the command
 * line what else it does:
 *
 *   uart          prints through its 16550 instead of the console hypercall
 *   lines=N       says N lines at once, with numbers
 *   beats=N       beats N times, 100 ms apart (default 3)
 *   forever       beats each second until the power button is pressed
 *   fault=WHAT    commits a misdeed first, see fault.c
 */
#include "guests/hello/fault.h"

#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"

#define UART_DATA   0x3f8
#define UART_STATUS 0x3fd
#define UART_THRE   0x20

static struct timer beat_timer;
static uint64_t beats, period;
static int ended;

static void uart_write(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		while (!(inb(UART_STATUS) & UART_THRE))
			cpu_relax();
		outb(UART_DATA, (uint8_t)text[i]);
	}
}

static void beat(void *arg)
{
	beats++;
	print("%s: beat %lu\n", boot->name, beats);
	timer_set(&beat_timer, beat_timer.deadline + ns_to_tsc(period), beat, NULL);
}

static void power_button(void *arg)
{
	print("%s: power button\n", boot->name);
	ended = 1;
}

int main(void)
{
	int forever = boot_option("forever", NULL);
	uint64_t wanted = forever ? ~0ull : boot_number("beats", 3);

	period = forever ? NS_PER_SEC : 100 * NS_PER_MS;
	if (boot_option("uart", NULL))
		print_to(uart_write);
	print("%s: hello, incarnation %u\n", boot->name, boot->incarnation);
	fault_commit();
	for (uint64_t n = 1; n <= boot_number("lines", 0); n++)
		print("%s: line %lu\n", boot->name, n);
	event_bind(HV_EVENT_SHUTDOWN, power_button, NULL);
	timer_set_ns(&beat_timer, period, beat, NULL);
	while (beats < wanted && !ended)
		event_step();
	print("%s: done\n", boot->name);
	return 0;
}
