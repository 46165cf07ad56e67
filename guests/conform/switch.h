/* The neighbour's role (switch.c). */
#ifndef GUESTS_CONFORM_SWITCH_H
#define GUESTS_CONFORM_SWITCH_H

#include <stdint.h>

/* Fills what the area checks with other values, again and again, for so long. */
void switch_neighbour(uint64_t ms);

#endif
