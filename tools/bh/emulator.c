/*
 * What both emulators are told: options win over the file's emulator section, and that over
 * defaults.
 */
#include "tools/bh/emulator.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/bh/report.h"
#include "tools/bh/values.h"

void emulator_add(struct emulator *e, const char *fmt, ...)
{
	va_list ap;

	if (e->argc == EMULATOR_ARGS - 1)
		return;
	va_start(ap, fmt);
	if (vasprintf(&e->argv[e->argc++], fmt, ap) < 0)
		abort();
	va_end(ap);
}

uint64_t emulator_memory(const struct system_image *s, const struct options *o)
{
	uint64_t bytes = 1 << 30;

	value_size(o->memory ? o->memory : s->memory, &bytes);
	return bytes >> 20;
}

unsigned emulator_cpus(const struct system_image *s, const struct options *o)
{
	return o->cpus ? o->cpus : s->cpus ? s->cpus : 1;
}

enum net_kind emulator_net(const struct system_image *s, const struct options *o,
			   const char **forwards)
{
	enum net_kind kind = NET_NONE;

	(void)net_parse(o->net ? o->net : s->net, &kind, forwards);
	return kind;
}

bool emulator_disk(const struct system_image *s, const struct options *o, enum disk_kind *kind,
		   const char **file)
{
	static const struct value_word kinds[] = {
		{ "nvme", DISK_NVME }, { "virtio", DISK_VIRTIO },
		{ "ahci", DISK_AHCI }, { "ide", DISK_IDE },
		{ NULL, 0 },
	};
	const char *disk = o->disk ? o->disk : s->disk, *colon = strchr(disk, ':');
	uint64_t found = DISK_ANY;
	char word[16];

	*kind = DISK_NONE;
	if (!*disk || strcmp(disk, "none") == 0)
		return true;
	snprintf(word, sizeof(word), "%.*s", colon ? (int)(colon - disk) : 0, disk);
	*file = colon && value_word(kinds, word, &found) ? colon + 1 : disk;
	*kind = found;
	if (access(*file, R_OK | W_OK) == 0)
		return true;
	report("disk %s cannot be read and written; make iso builds the demo's, --disk none goes "
	       "without",
	       *file);
	return false;
}
