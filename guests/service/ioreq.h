/*
 * The front of this domain: slots of the I/O request pages (abi/ioreq.h) become calls of the device
 * models. One page for each guest that is served.
 */
#ifndef GUESTS_SERVICE_IOREQ_H
#define GUESTS_SERVICE_IOREQ_H

#include "abi/ioreq.h"

/* Answers a request: sets request->data if it is a read. */
typedef void ioreq_fn(uint32_t guest, struct hv_ioreq *request);

/* What the front needs of one guest. */
struct ioreq_front {
	volatile struct hv_ioreq_page *page;
	uint32_t guest, cap;
	ioreq_fn *handle;
	void (*done)(uint32_t cap, unsigned slot); /* hv_ioreq_done */
	unsigned slots;                            /* that the guest uses; the rest stays FREE */
};

/* Serves every slot that is PENDING, or was left behind PROCESSING or COMPLETE by an instance that
   died (`restart`). */
void ioreq_scan(struct ioreq_front *f, int restart);

#endif
