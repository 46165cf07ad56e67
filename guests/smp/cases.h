/*
 * Inside the SMP guest: the crew of vCPUs that works on one case at a time, and the cases.
 */
#ifndef GUESTS_SMP_CASES_H
#define GUESTS_SMP_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/boot.h"

#define VCPUS 8

/* Vectors, by use. */
enum { VECTOR_TOKEN = 0x40, VECTOR_FLUSH, VECTOR_CALL };

/* Every vCPU runs fn(its number); returns when all have. From the first one, which does so, too. */
void together(void (*fn)(unsigned id));

/* Prints the line and whether it went well; counts. From one vCPU at a time. */
void verdict(const char *what, bool well);

void ipi_cases(void);
void tlb_cases(void);

#endif
