/*
 * The conformance guest: a few hundred architectural cases, a printed line each. Whatever processor
 * is below, AMD's or Intel's, the lines must be the same; tests/system/test_conform.py compares
 * them with what the manuals say. Command line:
 *
 *   area=NAME    runs that area alone
 *   careful=1    leaves out what Bochs does not survive; 2: also what ends the guest on QEMU
 *   neighbour=N  no cases: the neighbour of switch.c for N milliseconds
 */
#include "guests/conform/case.h"

#include "guests/conform/machine.h"
#include "guests/conform/probe.h"
#include "guests/conform/switch.h"
#include "guests/lib/boot.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "lib/format.h"
#include "lib/string.h"

static const struct {
	const char *name;
	void (*run)(void);
} areas[] = {
#define AREA(name, function) { name, function },
#include "guests/conform/areas.def"
#undef AREA
};

static const char *area;
static unsigned cases;

void report(const char *name, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	format_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	cases++;
	print("%s: %s: %s\n", area, name, text);
}

void report_bool(const char *name, bool yes)
{
	report(name, yes ? "yes" : "no");
}

void report_absent(const char *name)
{
	report(name, "not shown");
}

bool report_if_careful(unsigned level, const char *name)
{
	bool careful = boot_number("careful", 0) >= level;

	if (careful)
		report(name, "not run");
	return careful;
}

static bool is_wanted(const char *name)
{
	const char *wanted;
	size_t length = strlen(name);

	if (!boot_option("area", &wanted))
		return true;
	return !strncmp(wanted, name, length) && (!wanted[length] || wanted[length] == ' ');
}

int main(void)
{
	uint64_t neighbour = boot_number("neighbour", 0);

	machine_init();
	if (neighbour) {
		switch_neighbour(neighbour);
		return 0;
	}
	probe_init();
	for (unsigned i = 0; i < ARRAY_SIZE(areas); i++) {
		area = areas[i].name;
		if (is_wanted(area))
			areas[i].run();
	}
	print("conform: end of %u cases\n", cases);
	return 0;
}
