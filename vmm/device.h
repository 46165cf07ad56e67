/*
 * Physical PCI functions in the hands of service domains: who owns which, their configuration space
 * through an allow-list, their BARs in the owner's nested tables, their interrupts as events. The
 * hypervisor owns configuration space and MSI-X tables; each function has one owner, from boot on.
 */
#ifndef VMM_DEVICE_H
#define VMM_DEVICE_H

#include "abi/boot.h"
#include "drivers/pci.h"
#include "vmm/domain.h"
#include "vmm/io.h"

#define DEVICES        32
#define DEVICE_VECTORS 8 /* interrupts a function, at most */
#define DEVICE_NO_GSI  (~0u)

enum device_irq_kind { DEVICE_NO_IRQ, DEVICE_LINE, DEVICE_MSI, DEVICE_MSIX };

struct device_irq {
	uint8_t vector;  /* of the host, 0: not bound yet */
	bool level, low; /* DEVICE_LINE */
	uint32_t gsi;    /* likewise; DEVICE_NO_GSI: this one cannot be bound */
	uint32_t event;  /* of the owner; HV_EVENT_NONE: nobody listens */
	struct device *device;
};

struct device {
	/* fixed after boot */
	struct domain *owner;
	const struct pci_function *pci;
	unsigned config_index; /* in the owner's config device[] */
	enum device_irq_kind kind;
	unsigned interrupts;     /* that can be bound */
	volatile uint32_t *msix; /* the table, mapped; DEVICE_MSIX */

	struct spinlock lock; /* the rest, and what is programmed into the function */
	struct device_irq irq[DEVICE_VECTORS];
	uint32_t ports; /* bit n: BAR n is a range of ports that the owner may use */
};

/* Boot, after domains have vCPUs: gives out functions as the config asks, quiesced, and reserves
   table pages for their BARs. A device that is missing or asked for twice is logged with what the
   machine has. Errors: NOENT, EXISTS, NOMEM. */
must_check enum err devices_build(void);

unsigned device_count(void);
struct device *device_get(unsigned index); /* NULL if there is none: HV_CAP_DEVICE's object */
/* The device that stands at this place of the owner's config, NULL if the machine lacks it. */
struct device *device_of(const struct domain *owner, unsigned config_index);

/* The owner's hypercalls, after its handle was checked. Errors as in the contract: INVAL (register,
   size or number), PERM (not on the allow-list). */
must_check enum err device_cfg_read(struct device *v, unsigned reg, unsigned bytes,
				    uint32_t *value);
must_check enum err device_cfg_write(struct device *v, unsigned reg, unsigned bytes,
				     uint32_t value);
/* For memory the owner's address of it, mapped; for ports the first of them, which the owner
   reaches from now on. */
must_check enum err device_bar_map(struct device *v, unsigned bar, uint64_t *at);
must_check enum err device_irq_bind(struct device *v, unsigned index, unsigned event);
/* True if the interrupt waits for device_irq_ack after each time. */
bool device_irq_is_level(const struct device *v, unsigned index);
must_check enum err device_irq_ack(struct device *v, unsigned index);

/* True if all of these ports are within BARs that d has asked for. */
bool device_owns_ports(const struct domain *d, uint64_t port, unsigned bytes);
/* The owner's access to a port of its devices, done on the spot. False: it is none of them. */
bool device_port(const struct domain *d, struct io_access *a);

/* The owner is dead: its functions stop their DMA and interrupts. Any CPU. */
void devices_quiesce(struct domain *owner);

/* Boot, inside devices_build(): which interrupts a function can give, and its MSI-X table. */
void device_irq_build(struct device *v);
/* Inside devices_quiesce(): nobody listens any more, and the ports are closed. */
void device_irq_drop(struct device *v);
/* Table pages that mapping a BAR can take. */
size_t device_bar_pages(const struct device *v, unsigned bar);

#endif
