/*
 * Lays out the files and has grub-mkrescue make the ISO. Guest images are not copied: they are
 * grafted in from where they are. Only the GRUB modules that the boot needs are put in, which
 * keeps the image small and its making quick.
 */
#include "tools/bh/image.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/bh/host.h"

#define GRUB_MODULES                                                                               \
	"normal configfile echo test serial terminal multiboot2 boot iso9660 fat "                 \
	"part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_gpt part_msdos "        \
	"part_plan part_sun part_sunpc "                                                           \
	" search search_fs_file search_fs_uuid search_label halt reboot all_video"

static bool tools_are_there(void)
{
	bool all = host_has_program("grub-mkrescue", "grub-common");

	all &= host_has_program("xorriso", "xorriso");
	all &= host_has_program("mformat", "mtools");
	all &= host_has_file("/usr/lib/grub/i386-pc/kernel.img", "grub-pc-bin");
	all &= host_has_file("/usr/lib/grub/x86_64-efi/kernel.img", "grub-efi-amd64-bin");
	return all;
}

/* The hypervisor: as given, else beside this program. */
static bool find_hypervisor(const struct options *o, char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[n > 0 ? n : 0] = 0;
	if (o->hypervisor)
		snprintf(path, PATH_MAX, "%s", o->hypervisor);
	else if (strrchr(path, '/'))
		snprintf(strrchr(path, '/'), 20, "/bulkhead.elf");
	if (access(path, R_OK) == 0)
		return true;
	report("%s is missing; make builds it", path);
	return false;
}

static bool write_grub_cfg(const struct system_image *s, const struct options *o, const char *path)
{
	char *text;
	size_t bytes;
	FILE *f = open_memstream(&text, &bytes);
	bool good;

	fputs("serial --unit=0 --speed=115200\n"
	      "terminal_input console serial\n"
	      "terminal_output console serial\n"
	      "set gfxmode=auto\n",
	      f);
	fprintf(f, "multiboot2 /boot/bulkhead.elf %s%s%s\n", s->cmdline, o->append ? " " : "",
		o->append ? o->append : "");
	fprintf(f, "module2 --nounzip /boot/%s %s\n", CONFIG_MODULE, CONFIG_MODULE);
	for (unsigned i = 0; i < s->blob.modules; i++)
		fprintf(f, "module2 --nounzip /boot/%s %s\n", s->blob.module[i].name,
			s->blob.module[i].name);
	/* After multiboot2, which sets gfxpayload from the header's wish: on a BIOS, VGA text is
	   enough and costs no video mode switch, which Bochs' GRUB does not survive. */
	fputs("if [ \"$grub_platform\" = pc ]; then set gfxpayload=text; fi\n"
	      "boot\n",
	      f);
	fclose(f);
	good = host_write(path, text, bytes);
	free(text);
	return good;
}

static char *graft(const char *name, const char *path)
{
	char full[PATH_MAX], *arg;

	if (!realpath(path, full) || asprintf(&arg, "/boot/%s=%s", name, full) < 0)
		abort(); /* the file was read a moment ago */
	return arg;
}

static enum bh_status run_mkrescue(const struct system_image *s, const char *hypervisor,
				   const char *stage, const char *out)
{
	char *argv[16 + CONFIG_MODULES], log[PATH_MAX];
	unsigned n = 0;

	argv[n++] = "grub-mkrescue";
	argv[n++] = "-o";
	argv[n++] = (char *)out;
	argv[n++] = "--install-modules=" GRUB_MODULES;
	argv[n++] = "--locales=";
	argv[n++] = "--fonts=";
	argv[n++] = "--themes=";
	argv[n++] = (char *)stage;
	argv[n++] = graft("bulkhead.elf", hypervisor);
	for (unsigned i = 0; i < s->blob.modules; i++)
		argv[n++] = graft(s->blob.module[i].name, s->modules.path[i]);
	argv[n] = NULL;
	snprintf(log, sizeof(log), "%s.log", stage);
	if (host_run(argv, log) == 0 && access(out, R_OK) == 0)
		return BH_OK;
	host_show(log);
	report("grub-mkrescue could not make %s; its words are above", out);
	return BH_ENVIRONMENT;
}

enum bh_status image_make(const struct system_image *s, const struct options *o, const char *out)
{
	char hypervisor[PATH_MAX], stage[512], path[600];
	const char *scratch;

	if (!tools_are_there() || !find_hypervisor(o, hypervisor) || !(scratch = host_scratch()))
		return BH_ENVIRONMENT;
	snprintf(stage, sizeof(stage), "%s/stage", scratch);
	if (!host_mkdir(stage))
		return BH_ENVIRONMENT;
	snprintf(path, sizeof(path), "%s/boot", stage);
	if (!host_mkdir(path))
		return BH_ENVIRONMENT;
	snprintf(path, sizeof(path), "%s/boot/%s", stage, CONFIG_MODULE);
	if (!host_write(path, &s->blob, sizeof(s->blob)))
		return BH_ENVIRONMENT;
	snprintf(path, sizeof(path), "%s/boot/grub", stage);
	if (!host_mkdir(path))
		return BH_ENVIRONMENT;
	snprintf(path, sizeof(path), "%s/boot/grub/grub.cfg", stage);
	if (!write_grub_cfg(s, o, path))
		return BH_ENVIRONMENT;
	return run_mkrescue(s, hypervisor, stage, out);
}
