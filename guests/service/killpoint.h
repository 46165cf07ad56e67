/*
 * Names for the places where a death may fall: see killpoint.def. For selfkill.c only.
 */
#ifndef GUESTS_SERVICE_KILLPOINT_H
#define GUESTS_SERVICE_KILLPOINT_H

#include <stdint.h>

enum killpoint {
#define KILL_HEADER(name, field) KILL_##name,
#define KILL_DEVICE(name, field) KILL_##name,
#define KILL_QUEUE(name, field)  KILL_##name,
#define KILL_HEAD(name)          KILL_##name,
#define KILL_RING(name)          KILL_##name,
#define KILL_STEP(name)          KILL_##name,
#include "guests/service/killpoint.def"
#undef KILL_HEADER
#undef KILL_DEVICE
#undef KILL_QUEUE
#undef KILL_HEAD
#undef KILL_RING
#undef KILL_STEP
	KILL_POINTS,
};

/* What an ordered store of `value` to p is; KILL_OTHER where no name fits. */
enum killpoint killpoint_of_store(const volatile void *p, uint64_t value);

#endif
