/*
 * A 16550 at the first COM port. Waiting for the transmitter is bounded: a port that is stuck loses
 * output and does not stop the machine.
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
#define FCR_ENABLE  0x07 /* on, both FIFOs cleared */
#define LCR_8N1     0x03
#define LCR_DLAB    0x80
#define MCR_ON      0x0b /* DTR, RTS, OUT2: the interrupt's gate */
#define LSR_DATA    0x01
#define LSR_THRE    0x20
#define FIFO_BYTES  16
#define THRE_SPINS  100000
#define BAUD_115200 1

static bool present RO_AFTER_INIT;

static uint8_t reg_read(unsigned reg)
{
	return insn_inb((uint16_t)(UART_PORT + reg));
}

static void reg_write(unsigned reg, uint8_t v)
{
	insn_outb((uint16_t)(UART_PORT + reg), v);
}

static bool scratch_holds(uint8_t v)
{
	reg_write(REG_SCRATCH, v);
	return reg_read(REG_SCRATCH) == v;
}

bool uart_init(void)
{
	if (!scratch_holds(0x5a) || !scratch_holds(0xa5) || reg_read(REG_LSR) == 0xff)
		return false;
	reg_write(REG_IER, 0);
	reg_write(REG_LCR, LCR_DLAB);
	reg_write(REG_DIVISOR, BAUD_115200);
	reg_write(REG_DIVISOR + 1, 0);
	reg_write(REG_LCR, LCR_8N1);
	reg_write(REG_FCR, FCR_ENABLE);
	reg_write(REG_MCR, MCR_ON);
	present = true;
	return true;
}

static bool wait_empty(void)
{
	for (int i = 0; i < THRE_SPINS; i++)
		if (reg_read(REG_LSR) & LSR_THRE)
			return true;
	return false;
}

void uart_write(const char *buf, size_t bytes)
{
	while (present && bytes && wait_empty())
		for (int room = FIFO_BYTES; room && bytes; room--, bytes--)
			reg_write(REG_DATA, (uint8_t)*buf++);
}

void uart_log(const char *line, size_t bytes)
{
	size_t text = bytes && line[bytes - 1] == '\n' ? bytes - 1 : bytes;

	uart_write(line, text);
	if (text < bytes)
		uart_write("\r\n", 2);
}

size_t uart_read(char *buf, size_t bytes)
{
	size_t n = 0;

	while (present && n < bytes && reg_read(REG_LSR) & LSR_DATA)
		buf[n++] = (char)reg_read(REG_DATA);
	return n;
}

enum err uart_irq_enable(irq_handler_fn *fn, void *arg)
{
	struct acpi_override line = acpi_isa_irq(UART_ISA_IRQ);
	struct ioapic_route route = { .level = line.level, .low = line.low };
	int vector;

	if (!present)
		return ERR_UNSUPPORTED;
	vector = irq_alloc(fn, arg);
	if (vector < 0)
		return ERR_NOMEM;
	route.vector = (uint8_t)vector;
	route.apic_id = cpu_by_index(0)->apic_id;

	if (ioapic_route(line.gsi, &route) != OK)
		return ERR_UNSUPPORTED;
	reg_write(REG_IER, IER_RECEIVE);
	ioapic_unmask(line.gsi);
	return OK;
}
