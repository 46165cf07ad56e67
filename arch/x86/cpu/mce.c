/*
 * The banks of the machine-check architecture. Which of a machine's errors raise #MC is the
 * firmware's choice: nothing is switched on here.
 */
#include "arch/x86/cpu/mce.h"

#include "arch/x86/cpu/msr.h"
#include "lib/bits.h"
#include "lib/log.h"

#define BANKS          MASK(7, 0) /* of MCG_CAP */
#define STATUS_VALID   BIT(63)
#define STATUS_ADDRESS BIT(58)
#define STATUS_CORRUPT BIT(57) /* PCC */

/* False: it holds an error that corrupted the CPU's state. */
static bool take_bank(unsigned bank)
{
	uint64_t status, address = 0;

	if (!msr_read_safe(MSR_MC_STATUS + 4 * bank, &status) || !(status & STATUS_VALID))
		return true;
	if (status & STATUS_ADDRESS)
		(void)!msr_read_safe(MSR_MC_ADDRESS + 4 * bank, &address);
	log_error("machine check: bank %u, status %#lx, address %#lx", bank, status, address);
	msr_write(MSR_MC_STATUS + 4 * bank, 0);
	return !(status & STATUS_CORRUPT);
}

bool mce_take(void)
{
	bool intact = true;
	uint64_t cap;

	if (!msr_read_safe(MSR_MCG_CAP, &cap))
		return true;
	for (unsigned i = 0; i < field_get(BANKS, cap); i++)
		intact &= take_bank(i);
	msr_write(MSR_MCG_STATUS, 0);
	return intact;
}
