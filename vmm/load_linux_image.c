/*
 * Reads a bzImage's setup header. Called by load_linux.c; kept apart from it to be tested and
 * fuzzed alone. Field offsets are those of the file.
 */
#include "vmm/load_linux.h"

#include "lib/addr.h"
#include "lib/bits.h"
#include "lib/string.h"

#define SETUP_SECTS     0x1f1
#define SYSSIZE         0x1f4
#define BOOT_FLAG       0x1fe
#define JUMP_OFFSET     0x201
#define MAGIC           0x202
#define VERSION         0x206
#define LOADFLAGS       0x211
#define INITRD_ADDR_MAX 0x22c
#define KERNEL_ALIGN    0x230
#define RELOCATABLE     0x234
#define XLOADFLAGS      0x236
#define CMDLINE_SIZE    0x238
#define PREF_ADDRESS    0x258
#define INIT_SIZE       0x260
#define FIELDS_END      0x268

#define BOOT_FLAG_VALUE 0xaa55
#define MAGIC_VALUE     0x53726448 /* "HdrS" */
#define VERSION_MIN     0x20c
#define LOADED_HIGH     BIT(0)
#define XLF_KERNEL_64   BIT(0)
#define SECTOR          512u
#define SECTS_DEFAULT   4u
#define ALIGN_MAX       BIT(30)

static uint64_t get(const uint8_t *p, unsigned at, unsigned bytes)
{
	uint64_t v = 0;

	memcpy(&v, p + at, bytes);
	return v;
}

static const char *check_kind(const uint8_t *p, uint64_t bytes)
{
	if (bytes < FIELDS_END || get(p, BOOT_FLAG, 2) != BOOT_FLAG_VALUE ||
	    get(p, MAGIC, 4) != MAGIC_VALUE)
		return "not a Linux bzImage (a raw vmlinux is not taken: use "
		       "arch/x86/boot/bzImage)";
	if (get(p, VERSION, 2) < VERSION_MIN)
		return "a Linux kernel older than boot protocol 2.12 (3.8)";
	if (!(get(p, XLOADFLAGS, 2) & XLF_KERNEL_64))
		return "a Linux kernel without a 64-bit entry point: a 32-bit one?";
	if (!(get(p, LOADFLAGS, 1) & LOADED_HIGH))
		return "a Linux zImage: only bzImage is taken";
	return NULL;
}

static const char *parse(const uint8_t *p, uint64_t bytes, struct linux_image *out)
{
	const char *wrong = check_kind(p, bytes);
	unsigned sects;

	if (wrong)
		return wrong;
	sects = get(p, SETUP_SECTS, 1);
	out->kernel_at = ((sects ? sects : SECTS_DEFAULT) + 1) * SECTOR;
	out->kernel_bytes = get(p, SYSSIZE, 4) * 16;
	out->load_at = get(p, PREF_ADDRESS, 8);
	out->init_bytes = get(p, INIT_SIZE, 4);
	out->align = get(p, KERNEL_ALIGN, 4);
	out->initrd_max = get(p, INITRD_ADDR_MAX, 4);
	out->cmdline_max = get(p, CMDLINE_SIZE, 4);
	out->relocatable = get(p, RELOCATABLE, 1);
	out->header_bytes = MIN(MAGIC + get(p, JUMP_OFFSET, 1) - LINUX_HEADER_AT, LINUX_HEADER_MAX);
	if (!out->kernel_bytes || !out->init_bytes || !out->align ||
	    (out->align & (out->align - 1)) || out->align > ALIGN_MAX || out->load_at >= BIT(52))
		return "a broken Linux setup header";
	/* syssize is rounded up to 16 bytes. */
	if (!range_within(out->kernel_at, out->kernel_bytes - 15, bytes))
		return "the Linux image is truncated";
	out->kernel_bytes = MIN(out->kernel_bytes, bytes - out->kernel_at);
	return NULL;
}

enum err linux_parse(const void *data, uint64_t bytes, struct linux_image *out, const char **why)
{
	memset(out, 0, sizeof(*out));
	*why = parse(data, bytes, out);
	return *why ? ERR_FORMAT : OK;
}
