/*
 * Inside the I/O APIC: its state, shared by its pins and its registers. Nobody else includes this.
 */
#ifndef VMM_VIOAPIC_STATE_H
#define VMM_VIOAPIC_STATE_H

#include "abi/platform.h"
#include "vmm/vioapic.h"
#include "vmm/vlapic.h"

/* A redirection table entry (82093AA 3.2.4). */
#define RTE_VECTOR      MASK(7, 0)
#define RTE_MODE        MASK(10, 8)
#define RTE_LOGICAL     BIT(11)
#define RTE_REMOTE_IRR  BIT(14) /* read-only: a level was delivered and not ended */
#define RTE_LEVEL       BIT(15)
#define RTE_MASKED      BIT(16)
#define RTE_DESTINATION MASK(63, 56)
#define RTE_WRITABLE    (MASK(11, 0) | BIT(13) | RTE_LEVEL | RTE_MASKED | RTE_DESTINATION)

/* Other delivery modes are edges whatever the trigger says (82093AA 3.2.4). */
static inline bool rte_is_level(uint64_t rte)
{
	return rte & RTE_LEVEL && field_get(RTE_MODE, rte) <= DELIVER_LOWEST;
}

struct vioapic {
	struct spinlock lock; /* guards all below */
	uint64_t rte[HV_GSI_COUNT];
	uint32_t lines;  /* bit n: pin n is asserted */
	uint32_t select; /* IOREGSEL */
	uint32_t id;
	/* Whom to tell when the interrupt that a pin raised was ended; NULL: nobody. */
	struct {
		struct domain *by;
		unsigned event;
	} watch[HV_GSI_COUNT];
};

/* All with the lock held. */
void vioapic_service(struct domain *d, unsigned pin); /* delivers if the pin is up and may */
void vioapic_end(struct domain *d, uint8_t vector);

#endif
