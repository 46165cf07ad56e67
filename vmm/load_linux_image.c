/*
 * Reads a bzImage's setup header. Called by load_linux.c; kept apart from it to be tested and
 * fuzzed alone. Field offsets are those of the file.
 */
#include "vmm/load_linux.h"

#include "lib/bits.h"

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
#define VERSION_MIN     0x20a
#define VERSION_WIDE    0x20c
#define LOADED_HIGH     BIT(0)
#define XLF_KERNEL_64   BIT(0)
#define SECTOR          512u
#define SECTS_DEFAULT   4u
#define ALIGN_MAX       BIT(30)

static const char *check_kind(const struct span *p)
{
	if (p->bytes < FIELDS_END || span_field(p, BOOT_FLAG, 2) != BOOT_FLAG_VALUE ||
	    span_field(p, MAGIC, 4) != MAGIC_VALUE)
		return "not a Linux bzImage (a raw vmlinux is not taken: use "
		       "arch/x86/boot/bzImage)";
	if (span_field(p, VERSION, 2) < VERSION_MIN)
		return "a Linux kernel older than boot protocol 2.10 (2.6.31)";
	if (!(span_field(p, LOADFLAGS, 1) & LOADED_HIGH))
		return "a Linux zImage: only bzImage is taken";
	return NULL;
}

const char *linux_parse(const struct span *p, struct linux_image *out)
{
	const char *wrong = check_kind(p);
	unsigned sects;

	*out = (struct linux_image){ 0 };
	if (wrong)
		return wrong;
	sects = span_field(p, SETUP_SECTS, 1);
	out->kernel_at = ((sects ? sects : SECTS_DEFAULT) + 1) * SECTOR;
	out->kernel_bytes = span_field(p, SYSSIZE, 4) * 16;
	out->load_at = span_field(p, PREF_ADDRESS, 8);
	out->init_bytes = span_field(p, INIT_SIZE, 4);
	out->align = span_field(p, KERNEL_ALIGN, 4);
	out->initrd_max = span_field(p, INITRD_ADDR_MAX, 4);
	out->cmdline_max = span_field(p, CMDLINE_SIZE, 4);
	out->relocatable = span_field(p, RELOCATABLE, 1);
	out->wide = span_field(p, VERSION, 2) >= VERSION_WIDE &&
		    (span_field(p, XLOADFLAGS, 2) & XLF_KERNEL_64);
	out->header_bytes =
		MIN(MAGIC + span_field(p, JUMP_OFFSET, 1) - LINUX_HEADER_AT, LINUX_HEADER_MAX);
	if (!out->kernel_bytes || !out->init_bytes || !out->align ||
	    (out->align & (out->align - 1)) || out->align > ALIGN_MAX || out->load_at >= BIT(52))
		return "a broken Linux setup header";
	/* syssize is rounded up to 16 bytes. */
	if (!range_within(out->kernel_at, out->kernel_bytes - 15, p->bytes))
		return "the Linux image is truncated";
	out->kernel_bytes = MIN(out->kernel_bytes, p->bytes - out->kernel_at);
	return NULL;
}
