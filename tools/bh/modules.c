/*
 * Reads the files that a configuration names, checks how they begin, and enters them in the blob.
 */
#include "tools/bh/modules.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/string.h"
#include "tools/bh/magic.h"
#include "tools/bh/report.h"

static const char *config_file = ".";

void modules_relative_to(const char *file)
{
	config_file = file;
}

char *modules_path(const char *file)
{
	const char *slash = strrchr(config_file, '/');
	char *path = NULL;

	if (file[0] == '/' || !slash)
		return strdup(file);
	if (asprintf(&path, "%.*s/%s", (int)(slash - config_file), config_file, file) < 0)
		abort();
	return path;
}

/* The module's name: the file's own, lower case, other characters as '-', and a number if two
   files are called the same. */
static void name_module(struct config *c, unsigned index, const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char name[CONFIG_NAME - 3];
	unsigned same = 0;

	snprintf(name, sizeof(name), "%s", base);
	for (char *p = name; *p; p++) {
		*p = tolower((unsigned char)*p);
		if (!isalnum((unsigned char)*p) && *p != '.' && *p != '_')
			*p = p == name ? 'm' : '-';
	}
	if (!isalnum((unsigned char)name[0]))
		name[0] = 'm';
	snprintf(c->module[index].name, CONFIG_NAME, "%s", name);
	for (unsigned i = 0; i < index; i++)
		if (strcmp(c->module[i].name, c->module[index].name) == 0)
			snprintf(c->module[index].name, CONFIG_NAME, "%s-%u", name, ++same + 1);
}

static const char *wrong_with(const uint8_t *data, size_t bytes, enum module_use use)
{
	switch (use) {
	case MODULE_ELF64: return magic_elf64(data, bytes);
	case MODULE_BZIMAGE: return magic_bzimage(data, bytes, true);
	case MODULE_BZIMAGE32: return magic_bzimage(data, bytes, false);
	case MODULE_MULTIBOOT: return magic_multiboot(data, bytes);
	case MODULE_MULTIBOOT2: return magic_multiboot2(data, bytes);
	case MODULE_PVH: return magic_pvh(data, bytes);
	case MODULE_FIRMWARE: return magic_firmware(data, bytes);
	case MODULE_DISK:
		return bytes % 512 ? "is no disk image; a multiple of 512 bytes would be right"
				   : NULL;
	default: return NULL;
	}
}

/* Maps a file; on an error reports it and returns NULL. */
static uint8_t *map_file(const char *path, size_t *bytes, const char *key)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data = MAP_FAILED;

	if (fd < 0 || fstat(fd, &st) < 0) {
		report_key(key, "%s: %s; build it first (make), or correct the path", path,
			   strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_size == 0) {
		report_key(key, "%s is %s; a file with contents would be right", path,
			   S_ISREG(st.st_mode) ? "empty" : "no plain file");
	} else {
		*bytes = st.st_size;
		data = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED)
			report_key(key, "%s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return data == MAP_FAILED ? NULL : data;
}

static unsigned find_or_claim(struct modules *m, struct config *c, char *path)
{
	for (unsigned i = 0; i < c->modules; i++)
		if (strcmp(m->path[i], path) == 0)
			return i;
	if (c->modules == CONFIG_MODULES)
		return CONFIG_NONE;
	m->path[c->modules] = path;
	name_module(c, c->modules, path);
	return c->modules++;
}

/* `type` as which the file could be started, NULL if none is known. */
static void report_wrong(const char *key, const char *path, const char *wrong, const char *type)
{
	report_key(key, "%s %s%s%s%s", path, wrong, type ? "; it looks like type: " : "",
		   type ? type : "", type ? ", which would take it" : "");
}

unsigned modules_add(struct modules *m, struct config *c, const char *file, enum module_use use,
		     const char *key)
{
	char *path = modules_path(file);
	size_t bytes = 0;
	uint8_t *data = map_file(path, &bytes, key);
	const char *wrong = data ? wrong_with(data, bytes, use) : NULL;
	unsigned index = CONFIG_NONE;

	if (wrong)
		report_wrong(key, path, wrong, magic_type(data, bytes));
	if (data && !wrong) {
		index = find_or_claim(m, c, path);
		if (index == CONFIG_NONE) {
			report_key(key, "too many files; at most %u", CONFIG_MODULES);
		} else if (!c->module[index].bytes) {
			c->module[index].bytes = bytes;
			c->module[index].crc = crc32c(0, data, bytes);
		}
	}
	if (data)
		munmap(data, bytes);
	return index;
}
