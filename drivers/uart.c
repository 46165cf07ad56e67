/*
 * The 16550s at the first two COM ports. Waiting for the transmitter is bounded: a port that is
 * stuck loses output and does not stop the machine.
 */
#include "drivers/uart.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/insn.h"
#include "drivers/acpi.h"
#include "drivers/ioapic.h"
#include "lib/bits.h"

#define REG_DATA    0
#define REG_IER     1
#define REG_FCR     2
#define REG_LCR     3
#define REG_MCR     4
#define REG_LSR     5
#define REG_SCRATCH 7
#define REG_DIVISOR 0 /* two bytes, while LCR_DLAB */

#define IER_RECEIVE 0x01
#define FCR_ENABLE  0x07 /* on, both FIFOs cleared, an interrupt for each byte */
#define LCR_8N1     0x03
#define LCR_DLAB    0x80
#define MCR_ON      0x0b /* DTR, RTS, OUT2: the interrupt's gate */
#define LSR_DATA    0x01
#define LSR_THRE    0x20
#define FIFO_BYTES  16
#define THRE_SPINS  100000
#define BAUD_115200 1

static const struct {
	uint16_t port;
	uint8_t isa_irq;
} uarts[UARTS] = {
	[UART_CONSOLE] = { 0x3f8, 4 },
	[UART_CONTROL] = { 0x2f8, 3 },
};

static bool present[UARTS] RO_AFTER_INIT;

static uint8_t reg_read(enum uart u, unsigned reg)
{
	return insn_inb((uint16_t)(uarts[u].port + reg));
}

static void reg_write(enum uart u, unsigned reg, uint8_t v)
{
	insn_outb((uint16_t)(uarts[u].port + reg), v);
}

static bool scratch_holds(enum uart u, uint8_t v)
{
	reg_write(u, REG_SCRATCH, v);
	return reg_read(u, REG_SCRATCH) == v;
}

bool uart_init(enum uart u)
{
	if (!scratch_holds(u, 0x5a) || !scratch_holds(u, 0xa5) || reg_read(u, REG_LSR) == 0xff)
		return false;
	reg_write(u, REG_IER, 0);
	reg_write(u, REG_LCR, LCR_DLAB);
	reg_write(u, REG_DIVISOR, BAUD_115200);
	reg_write(u, REG_DIVISOR + 1, 0);
	reg_write(u, REG_LCR, LCR_8N1);
	/* With a higher trigger Bochs 2.7 may say that there is data when its FIFO is empty, and
	   give an old byte again: its timer for what stays below the trigger runs on. */
	reg_write(u, REG_FCR, FCR_ENABLE);
	reg_write(u, REG_MCR, MCR_ON);
	present[u] = true;
	return true;
}

size_t uart_put(enum uart u, const char *buf, size_t bytes)
{
	size_t n;

	if (!present[u])
		return bytes;
	if (!(reg_read(u, REG_LSR) & LSR_THRE))
		return 0;
	for (n = 0; n < bytes && n < FIFO_BYTES; n++)
		reg_write(u, REG_DATA, (uint8_t)buf[n]);
	return n;
}

void uart_write(const char *buf, size_t bytes)
{
	size_t n = 0;

	for (int spins = THRE_SPINS; bytes && spins; spins--) {
		n = uart_put(UART_CONSOLE, buf, bytes);
		if (n)
			spins = THRE_SPINS;
		buf += n;
		bytes -= n;
	}
}

void uart_log(const char *line, size_t bytes)
{
	size_t text = bytes && line[bytes - 1] == '\n' ? bytes - 1 : bytes;

	uart_write(line, text);
	if (text < bytes)
		uart_write("\r\n", 2);
}

size_t uart_read(enum uart u, char *buf, size_t bytes)
{
	size_t n = 0;

	while (present[u] && n < bytes && reg_read(u, REG_LSR) & LSR_DATA)
		buf[n++] = (char)reg_read(u, REG_DATA);
	return n;
}

enum err uart_irq_enable(enum uart u, irq_handler_fn *fn, void *arg)
{
	struct acpi_override line = acpi_isa_irq(uarts[u].isa_irq);
	struct ioapic_route route = { .level = line.level, .low = line.low };
	int vector;

	if (!present[u])
		return ERR_UNSUPPORTED;
	vector = irq_alloc(fn, arg);
	if (vector < 0)
		return ERR_NOMEM;
	route.vector = (uint8_t)vector;
	route.apic_id = cpu_by_index(0)->apic_id;

	if (ioapic_route(line.gsi, &route) != OK)
		return ERR_UNSUPPORTED;
	reg_write(u, REG_IER, IER_RECEIVE);
	ioapic_unmask(line.gsi);
	return OK;
}
