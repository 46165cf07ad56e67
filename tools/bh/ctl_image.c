/*
 * See ctl_image.h. What is behind the last loadable byte of the file (names, debug information) is
 * not sent.
 */
#include "tools/bh/ctl_image.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guests/service/base64.h"
#include "lib/bits.h"
#include "tools/bh/ctl.h"
#include "tools/bh/report.h"
#include "vmm/load_elf.h"

#define PIECE 600 /* bytes: a request with the members around it, and an id */

static void show_progress(size_t done, size_t all)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rbh: upgrade: %zu of %zu KiB%s", done >> 10, all >> 10,
			done == all ? "\n" : "");
}

static int send_piece(const char *domain, const struct span *image, size_t at, ctl_ask_fn *ask)
{
	char text[BASE64_CHARS(PIECE) + 1], members[CTL_REQUEST];

	base64_encode(text, image->at + at, MIN((size_t)PIECE, image->bytes - at));
	snprintf(members, sizeof(members),
		 "\"verb\":\"upgrade\",\"domain\":\"%s\",\"from\":%zu,\"input\":\"%s\"", domain, at,
		 text);
	return ask(members, false);
}

static int send_image(const char *domain, const struct span *image, ctl_ask_fn *ask)
{
	char members[CTL_REQUEST];

	for (size_t at = 0; at < image->bytes; at += PIECE) {
		int status = send_piece(domain, image, at, ask);

		if (status != CTL_OK)
			return status;
		show_progress(MIN(at + PIECE, image->bytes), image->bytes);
	}
	snprintf(members, sizeof(members),
		 "\"verb\":\"upgrade\",\"domain\":\"%s\",\"from\":%zu,\"crc\":\"%08x\"", domain,
		 image->bytes, crc32c(0, image->at, image->bytes));
	return ask(members, true);
}

/* Cuts off what is not loaded. NULL or what is wrong with the file. */
static const char *find_end(struct span *image)
{
	struct elf_image elf;
	const char *wrong = elf_parse(image, &elf);

	if (!wrong && !elf.wide)
		wrong = "not an ELF64 file";
	if (wrong)
		return wrong;
	image->bytes = 0;
	for (unsigned i = 0; i < elf.segments; i++)
		image->bytes = MAX(image->bytes, elf.segment[i].offset + elf.segment[i].file_bytes);
	return NULL;
}

/* False after reporting why not. */
static bool map_image(const char *file, struct span *image)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	const char *wrong = "cannot be read";
	struct stat s;
	void *p;

	if (fd >= 0 && fstat(fd, &s) == 0 && s.st_size > 0) {
		p = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p != MAP_FAILED) {
			*image = (struct span){ p, (size_t)s.st_size };
			wrong = find_end(image);
		}
	}
	if (fd >= 0)
		close(fd);
	if (wrong)
		report("%s: %s; the image of a native guest or service domain would be right", file,
		       wrong);
	return !wrong;
}

int ctl_upgrade(const char *domain, const char *file, ctl_ask_fn *ask)
{
	struct span image;

	if (strlen(domain) > 31 || domain[strcspn(domain, "\"\\")]) {
		report("%s: no domain has such a name", domain);
		return CTL_REFUSED;
	}
	return map_image(file, &image) ? send_image(domain, &image, ask) : CTL_REFUSED;
}
