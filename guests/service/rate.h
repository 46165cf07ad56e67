/*
 * How much a guest may ask of a device: bytes and requests a second, each with a burst of
 * RATE_BURST_NS. Whoever serves the device asks rate_ready before he takes a request and charges
 * it once he knows its size; so a request larger than the burst passes, and is paid off before the
 * next one. Pure: the time is the caller's. Nothing is kept over a restart of the service domain,
 * which so gives one burst away.
 */
#ifndef GUESTS_SERVICE_RATE_H
#define GUESTS_SERVICE_RATE_H

#include <stdint.h>

#define RATE_BURST_NS 20000000ul
#define RATE_UNITS    (1ul << 32) /* more than that at a time counts as that much */

/* One limit, as the time at which all that was taken will be paid for. */
struct rate_limit {
	uint64_t a_second; /* 0: no limit */
	uint64_t paid;     /* ns */
};

struct rate {
	struct rate_limit bytes, requests;
};

/* At most so much a second; 0: no limit. */
void rate_init(struct rate *r, uint64_t bytes, uint64_t requests);

/* When the next request may be taken: `now`, or a later time, both in ns. */
uint64_t rate_ready(const struct rate *r, uint64_t now);

/* A request of `bytes` was taken. */
void rate_charge(struct rate *r, uint64_t bytes, uint64_t now);

#endif
