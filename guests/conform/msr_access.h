/* MSR accesses that may fault, for all areas. */
#ifndef GUESTS_CONFORM_MSR_ACCESS_H
#define GUESTS_CONFORM_MSR_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

/* True if they went through; else msr_fault() has the exception as text. */
bool msr_try_read(uint32_t msr, uint64_t *value);
bool msr_try_write(uint32_t msr, uint64_t value);
const char *msr_fault(void);

/* Reports what the MSR reads as, or the exception. */
void msr_report_read(const char *name, uint32_t msr);

/* Reports what becomes of a write: the exception, or what the MSR reads as then. */
void msr_report_write(const char *name, uint32_t msr, uint64_t value);

#endif
