/*
 * Machine checks that came while a guest ran (SDM 3B 16, APM 2 9).
 */
#ifndef ARCH_X86_CPU_MCE_H
#define ARCH_X86_CPU_MCE_H

#include <stdbool.h>

#include "lib/err.h"

/* This CPU, after a machine check: logs what its banks say, clears them and declares the check
   over, without which the next one would reset the machine. False: the CPU's own state is corrupt.
 */
must_check bool mce_take(void);

#endif
