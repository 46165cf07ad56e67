/*
 * Our own faults: assert and panic stay in release builds, print where and why, and stop the
 * machine. panic's text tells the way out. The host's unit tests link their own panic().
 */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

#include "lib/bits.h"

NORETURN PRINTF(1, 2) void panic(const char *fmt, ...);

/* The last step of panic, the CPU layer's: stops every CPU for good. */
NORETURN void panic_halt(void);
/* Boot: the CPU that panics calls this when the others have been stopped. */
void panic_set_last(void (*last)(void));

#define assert(cond)                                                                               \
	do {                                                                                       \
		if (UNLIKELY(!(cond)))                                                             \
			panic("%s:%d: %s does not hold", __FILE__, __LINE__, #cond);               \
	} while (0)

#endif
