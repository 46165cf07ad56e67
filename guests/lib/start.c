/*
 * From the entry to main(): takes the boot page, sets up what every guest of ours relies on, and
 * ends the domain with main's result. Called by start.asm only.
 */
#include "guests/lib/start.h"

#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/paging.h"
#include "guests/lib/print.h"
#include "guests/lib/trap.h"

struct hv_boot *boot;
bool hv_vmmcall;

static bool cpu_is_amd(void)
{
	struct cpuid id = cpuid(0, 0);

	/* "AuthenticAMD" or "HygonGenuine": the second word of the vendor string tells. */
	return id.edx == 0x69746e65 || id.edx == 0x6e65476e;
}

void guest_start(struct hv_boot *page)
{
	boot = page;
	hv_vmmcall = cpu_is_amd();
	trap_init();
	if (boot->magic != HV_BOOT_MAGIC || boot->abi_version != HV_ABI_VERSION)
		panic("boot page at %p: magic %#lx, ABI version %u; this guest was built for "
		      "version %u",
		      page, boot->magic, boot->abi_version, HV_ABI_VERSION);
	paging_init();
	event_init();
	int status = main();
	print_flush();
	hv_exit(status);
}

const char *hv_error(int64_t result)
{
	switch (result) {
#define HV_ERROR(name, number, text)                                                               \
	case HV_ERR_##name:                                                                        \
		return text;
#include "abi/errors.def"
#undef HV_ERROR
	default: return result < 0 ? "unknown error" : "no error";
	}
}
