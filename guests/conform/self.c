/* The framework on itself: that probes end as they should, in both rings. */
#include "guests/conform/case.h"
#include "guests/conform/probe.h"

extern const struct snippet probe_cases[];

void area_probe(void)
{
	struct probe p;

	probe_table(probe_cases, false);
	probe_plain(&p, &probe_cases[0], true);
	report("nothing at all in ring 3", "%s", probe_text(&p));
	probe_plain(&p, &probe_cases[2], true);
	report("ud2 behind a nop in ring 3", "%s", probe_text(&p));
}
