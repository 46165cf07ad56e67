/* See ledger.h. A line is printed at once, so that another's text can't come between. */
#include "guests/disktest/ledger.h"

#include <stddef.h>

#include "guests/lib/boot.h"
#include "guests/lib/print.h"
#include "lib/format.h"

#define LINE  200
#define PAIRS 8

static char line[LINE];
static size_t length;
static unsigned pairs;
static const char *last;
static uint64_t sum;

void ledger_end(void)
{
	if (pairs)
		print("%s =%lx\n", line, sum);
	pairs = 0;
	sum = 0;
}

void ledger_say(const char *what, unsigned block, uint64_t generation)
{
	if (pairs == PAIRS || last != what)
		ledger_end();
	if (!pairs)
		length = format(line, LINE, "%s: %s", boot->name, what);
	last = what;
	pairs++;
	sum += block + generation;
	length += format(line + length, LINE - length, " %x:%lx", block, generation);
}
