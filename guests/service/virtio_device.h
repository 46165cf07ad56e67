/*
 * One virtio device as a guest sees it: the transport-neutral part (status, features, queues) and
 * what its PCI function needs. Built at start from boot->serve and its kept page; a model (block,
 * console) gives it behaviour. All state that the guest can set lies in *kept, so a new instance of
 * the service domain goes on where the last one was stopped.
 *
 *   virtio_common.c  registers of the common configuration, status machine
 *   virtio_region.c  what lies where in BAR 2
 *   virtio_msix.c    MSI-X table and messages
 *   pcidev.c         configuration space; pcidev_bar.c  its BARs (pcibar.c)
 */
#ifndef GUESTS_SERVICE_VIRTIO_DEVICE_H
#define GUESTS_SERVICE_VIRTIO_DEVICE_H

#include "guests/service/virtio.h"
#include "guests/service/virtio_chain.h"
#include "guests/service/virtio_queue.h"

struct virtio_device;

struct virtio_model {
	const char *name;
	unsigned id; /* virtio device id */
	uint32_t class_code;
	unsigned queues;
	/* Copies device configuration to buf, zero where there is none. */
	void (*config)(struct virtio_device *v, unsigned offset, unsigned bytes, void *buf);
	/* The guest may have put something into queue q; runs within its budget. */
	void (*kick)(struct virtio_device *v, unsigned q);
	/* The queues are gone: forget what came from them. May be NULL. */
	void (*reset)(struct virtio_device *v);
};

struct virtio_device {
	const struct virtio_model *model;
	struct kept_device *kept;
	const struct window *window;
	const char *guest_name;
	uint32_t guest;
	unsigned vcpus;  /* the guest's */
	unsigned number; /* index into boot->serve and the kept pages */
	unsigned slot;   /* the guest's device number, from 0 on: initial BARs */
	uint16_t function;
	bool multifunction;
	uint64_t offered; /* feature bits */
	uint32_t ioreq_cap, irq_cap;
	unsigned ioreq_event;
	unsigned kick_event[KEPT_QUEUES];
	struct virtio_queue queue[KEPT_QUEUES];
	unsigned generation;  /* counts resets, so that late completions are known */
	unsigned outstanding; /* requests that still use the guest's memory, of any generation */
	void *backend;        /* the model's own */
};

/* What a guest's vCPU reads and writes in the common configuration. */
uint64_t virtio_common_read(struct virtio_device *v, unsigned offset, unsigned bytes);
void virtio_common_write(struct virtio_device *v, unsigned offset, unsigned bytes, uint64_t value);

/* As after power-on, for this incarnation of the guest; BARs excepted. */
void virtio_device_power_on(struct virtio_device *v);

/* Driver's reset: status 0. */
void virtio_device_reset(struct virtio_device *v);

/* After a restart of this domain: takes every enabled queue up where the last instance left it. */
void virtio_device_recover(struct virtio_device *v);

static inline bool virtio_device_is_live(const struct virtio_device *v)
{
	return (v->kept->status & VIRTIO_STATUS_DRIVER_OK) && !v->kept->broken;
}

static inline uint64_t virtio_device_features(const struct virtio_device *v)
{
	return v->offered &
	       (v->kept->driver_features[0] | (uint64_t)v->kept->driver_features[1] << 32);
}

/* A doorbell of queue q, or a look without one. */
void virtio_device_kick(struct virtio_device *v, unsigned q);

/* Takes the next chain off queue q: the head is then at work (poison rule) until
   virtio_device_parked or _complete. False: nothing is there, or ring or chain make no sense; then
   the device is broken already. */
bool virtio_device_next(struct virtio_device *v, unsigned q, uint16_t *head,
			struct virtio_chain *chain);

/* The head that was taken waits for something else now. */
void virtio_device_parked(struct virtio_device *v);

/* Gives a head back and interrupts the guest if it wants that. */
void virtio_device_complete(struct virtio_device *v, unsigned q, uint16_t head, uint32_t bytes);

/* The same for n heads at once, elem[i] = {head, bytes}. */
void virtio_device_complete_all(struct virtio_device *v, unsigned q,
				const struct virtq_used_elem *elem, unsigned n);

/* The device can't go on: says so once on the console and to the guest (DEVICE_NEEDS_RESET). */
void virtio_device_break(struct virtio_device *v, const char *why);

/* BAR 2. */
uint64_t virtio_region_read(struct virtio_device *v, unsigned offset, unsigned bytes);
void virtio_region_write(struct virtio_device *v, unsigned offset, unsigned bytes, uint64_t value);

#define VIRTIO_REGION_COMMON 0x0000u
#define VIRTIO_REGION_ISR    0x0400u
#define VIRTIO_REGION_DEVICE 0x0800u
#define VIRTIO_REGION_TABLE  0x1000u
#define VIRTIO_REGION_PBA    0x1800u
#define VIRTIO_REGION_NOTIFY 0x2000u
#define VIRTIO_REGION_BYTES  0x4000u
#define VIRTIO_NOTIFY_STRIDE 4u
#define VIRTIO_NOTIFY_BYTES  64u /* the I/O BAR */

/* MSI-X. */
#define VIRTIO_MSIX_ENABLE 0x8000u
#define VIRTIO_MSIX_MASK   0x4000u
uint64_t virtio_msix_read(struct virtio_device *v, unsigned offset, unsigned bytes);
void virtio_msix_write(struct virtio_device *v, unsigned offset, unsigned bytes, uint64_t value);
uint64_t virtio_msix_pending(struct virtio_device *v, unsigned offset, unsigned bytes);
/* The function's message control changed. */
void virtio_msix_control(struct virtio_device *v, uint32_t control);
/* Sends vector's message now or, where it is masked, when it is unmasked. */
void virtio_msix_notify(struct virtio_device *v, unsigned vector);

#endif
