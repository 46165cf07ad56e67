/*
 * Message-signalled interrupts: from the address and data that a guest wrote into an MSI or MSI-X
 * table to a message between APICs.
 */
#include "vmm/vmsi.h"

#include "vmm/vlapic.h"

#define ADDRESS_FIXED       MASK(63, 20) /* must be 0xfee00000 */
#define ADDRESS_DESTINATION MASK(19, 12)
#define ADDRESS_LOGICAL     BIT(2)

#define DATA_VECTOR MASK(7, 0)
#define DATA_MODE   MASK(10, 8)
#define DATA_LEVEL  BIT(15)

enum err vmsi_deliver(struct domain *d, uint64_t address, uint32_t data)
{
	struct vlapic_message m = {
		.destination = field_get(ADDRESS_DESTINATION, address),
		.vector = data & DATA_VECTOR,
		.mode = field_get(DATA_MODE, data),
		.logical = address & ADDRESS_LOGICAL,
	};

	if ((address & ADDRESS_FIXED) != 0xfee00000 || m.mode > DELIVER_LOWEST || m.vector < 32 ||
	    data & DATA_LEVEL)
		return ERR_INVAL;
	if (m.destination == 0xff)
		m.destination = ~0u;
	vlapic_deliver(d, &m);
	return OK;
}
