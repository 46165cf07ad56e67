/*
 * Bochs ends with status 1 whether it was switched off in order or gave up; its log tells. A
 * reset does not end it at all: a second one in the log is a machine that starts again.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/bh/bochs.h"

#define SHOWN 25

void bochs_log_line(struct bochs_log *l, const char *line)
{
	const char *panic = strstr(line, ">>PANIC<< ");

	if (strstr(line, "bx_pc_system_c::Reset(HARDWARE)"))
		l->resets++;
	if (!panic || l->panic[0])
		return;
	snprintf(l->panic, sizeof(l->panic), "%s", panic + strlen(">>PANIC<< "));
	l->panic[strcspn(l->panic, "\n")] = 0;
	l->off = strstr(line, "soft power off") || strstr(line, "Shutdown port");
}

void bochs_log_follow(struct bochs_log *l, const char *path)
{
	char line[512];

	if (!l->file)
		l->file = fopen(path, "r");
	if (!l->file)
		return;
	clearerr(l->file);
	while (fgets(line, sizeof(line), l->file))
		bochs_log_line(l, line);
}

void bochs_log_show(const char *path)
{
	char line[SHOWN][256];
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	while (f && fgets(line[n % SHOWN], sizeof(line[0]), f))
		n++;
	for (unsigned i = n > SHOWN ? n - SHOWN : 0; i < n; i++)
		fputs(line[i % SHOWN], stderr);
	if (f)
		fclose(f);
}
