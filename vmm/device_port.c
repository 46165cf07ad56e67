/*
 * Ports of physical devices. Every port access of a domain exits; one that its config gives it is
 * repeated here on the machine's own port. Called for ports that neither a model of ours nor a back
 * end has.
 */
#include "arch/x86/cpu/insn.h"
#include "vmm/device.h"

static uint32_t port_read(uint16_t port, unsigned size)
{
	if (size == 1)
		return insn_inb(port);
	return size == 2 ? insn_inw(port) : insn_inl(port);
}

static void port_write(uint16_t port, unsigned size, uint32_t value)
{
	if (size == 1)
		insn_outb(port, (uint8_t)value);
	else if (size == 2)
		insn_outw(port, (uint16_t)value);
	else
		insn_outl(port, value);
}

bool device_port(const struct domain *d, struct io_access *a)
{
	if (!d->config->devices || !device_owns_ports(d, a->address, a->size))
		return false;
	if (a->write)
		port_write((uint16_t)a->address, a->size, (uint32_t)a->data);
	else
		a->data = port_read((uint16_t)a->address, a->size);
	return true;
}
