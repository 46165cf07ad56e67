/*
 * See folder.h. The file system has no journal: it is never written.
 */
#include "tools/bh/folder.h"

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/bits.h"
#include "tools/bh/host.h"

#define BLOCK  4096u
#define INODE  1024u          /* what a file costs beside its content, generously */
#define SPARE  (2u << 20)     /* for an empty file system */
#define WHOLE  (256ull << 10) /* Bochs' disks are multiples of this */
#define OPENED 16

static uint64_t needed;

bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int count_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	needed += align_up((uint64_t)st->st_size, BLOCK) + INODE;
	return 0;
}

enum bh_status folder_image(const char *folder, const char *out)
{
	char size[32], log[600];
	char *argv[] = { "mke2fs", "-q", "-F", "-t",           "ext4",      "-O", "^has_journal",
			 "-m",     "0",  "-d", (char *)folder, (char *)out, size, NULL };
	const char *scratch = host_scratch();

	if (!scratch || !host_has_program("mke2fs", "e2fsprogs"))
		return BH_ENVIRONMENT;
	needed = SPARE;
	if (nftw(folder, count_file, OPENED, FTW_PHYS) != 0) {
		report("folder %s cannot be read", folder);
		return BH_ENVIRONMENT;
	}
	needed = align_up(needed + needed / 8, WHOLE);
	snprintf(size, sizeof(size), "%luk", (unsigned long)(needed >> 10));
	snprintf(log, sizeof(log), "%s/mke2fs.log", scratch);
	(void)unlink(out);
	if (host_run(argv, log) == 0 && access(out, R_OK) == 0)
		return BH_OK;
	host_show(log);
	report("mke2fs could not make %s; its words are above", out);
	return BH_ENVIRONMENT;
}
