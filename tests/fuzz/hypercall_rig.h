/*
 * A machine for fuzz_hypercall.c, as far as hypercalls reach it: a service domain with every right,
 * a Linux guest and a guest of ours that it serves, one PCI function. Domains, their memory and the
 * end of the machine are fakes, as are CPUs and chips; what stands between is real.
 */
#ifndef TESTS_FUZZ_HYPERCALL_RIG_H
#define TESTS_FUZZ_HYPERCALL_RIG_H

#include <asm/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/fuzz/hypercall_fakes.h"
#include "vmm/cap.h"
#include "vmm/console.h"
#include "vmm/control.h"
#include "vmm/event.h"
#include "vmm/ioreq.h"
#include "vmm/service.h"
#include "vmm/stage.h"
#include "vmm/vuart.h"
#include "vmm/window.h"

static void rig_configs(void)
{
	fake_configs[SERVER].rights = CONFIG_RIGHT_CONSOLE | CONFIG_RIGHT_CONTROL |
				      CONFIG_RIGHT_INSPECT | CONFIG_RIGHT_POWER;
	fake_configs[SERVER].devices = 1;
	fake_configs[SERVER].stage = 2 * PAGE_SIZE;
	fake_configs[SERVER].device[0].class_code = 0x010802;
	fake_configs[OTHER].served = 1;
	fake_configs[OTHER].serve[0].kind = HV_SERVED_WATCHDOG;
	fake_configs[OTHER].serve[0].backend = SERVER;
	fake_configs[OTHER].serve[0].fallback = CONFIG_NONE;
	for (unsigned i = GUEST; i <= OTHER; i++) {
		fake_domains[i].extents = 1;
		fake_domains[i].extent[0] =
			(struct extent){ gpa(0), hpa(rig_ram(i)), RIG_BYTES, EXTENT_RAM, 0 };
	}
}

/* What is there once: consoles, the function's owner, memory. */
static void rig_power_on(struct vuart *uarts[FAKE_DOMAINS])
{
	cpu.self = &cpu;
	syscall(SYS_arch_prctl, ARCH_SET_GS, &cpu);
	function = (struct pci_function){ .class_code = 0x010802,
					  .cap_msix = 0x40,
					  .msix_vectors = 16,
					  .msix_table = RIG_TABLE };
	function.bar[0] = (struct pci_bar){ .base = hpa(RIG_BAR), .bytes = 0x4000, .is64 = true };
	function.bar[1] = (struct pci_bar){ .base = hpa(0xc000), .bytes = 16, .is_io = true };
	fake_memory_bytes = RIG_MEMORY;
	for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
		fake_memory[i] = malloc(RIG_MEMORY);
		vuart_init(&fake_domains[i]);
		uarts[i] = fake_domains[i].uart;
	}
}

/* The state after boot, once more for each input. */
static void rig_boot(void)
{
	static struct vuart *uarts[FAKE_DOMAINS];
	static bool built;
	struct domain *d = &fake_domains[SERVER];
	char dropped[256];

	if (!built)
		rig_power_on(uarts);
	else
		devices_quiesce(d);
	fake_domains_reset();
	rig_configs();
	memset(space, 0, sizeof(space));
	service_reserve(d, 16); /* as for the BAR; devices are given out once */
	demand(ptab_init(&d->nested, &ptab_npt_2m, &d->pool) == OK);
	for (unsigned i = 0; i < FAKE_DOMAINS; i++)
		fake_domains[i].uart = uarts[i];
	if (!built)
		demand(devices_build() == OK);
	if (!built)
		stage_build();
	(void)!stage_finish(d, 0, 0); /* what was coming is forgotten */
	built = true;
	event_build(d);
	event_build(&fake_domains[OTHER]);
	caps_build();
	ioreq_build();
	windows_build();
	console_build();
	control_build();
	console_take_back();
	for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
		vuart_reset(&fake_domains[i]);
		while (vuart_take_output(&fake_domains[i], dropped, sizeof(dropped)))
			;
	}
}

#endif
