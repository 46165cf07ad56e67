/*
 * A PC with the i440FX chipset: the image in the CD drive of the first IDE channel, the disk on the
 * second, the first serial port connected to a socket of ours, which neither loses bytes nor comes
 * late. There is no picture: the display is a VNC server for which nobody waits, on the first
 * free port, so that several machines can run at once. Debian's Bochs contains its debugger, which
 * has to be told to go on.
 */
#include "tools/bh/bochs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/bh/host.h"
#include "tools/bh/report.h"

#define BIOS        "/usr/share/bochs/BIOS-bochs-latest"
#define VGA_BIOS    "/usr/share/vgabios/vgabios.bin"
#define OVMF        "/usr/share/ovmf/OVMF.fd"
#define MODEL       "corei7_skylake_x"
#define MEMORY_MOST 2048 /* MiB */

/* Geometry of disks: what is no multiple of a cylinder is not seen by the machine. */
#define HEADS        16
#define SECTORS      32
#define SECTOR_BYTES 512

static bool all_is_there(const struct options *o)
{
	bool all = host_has_program("bochs-bin", "bochs");

	all &= o->uefi ? host_has_file(OVMF, "ovmf") : host_has_file(BIOS, "bochsbios");
	all &= host_has_file(VGA_BIOS, "vgabios");
	return all;
}

/* True if Bochs has the CPU model; else it is reported, with those that it has. */
static bool model_is_known(const char *model, const char *scratch)
{
	char *const help[] = { "bochs-bin", "-help", "cpu", NULL };
	char path[PATH_MAX], line[128], all[1024] = "";
	bool known = false, listed = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/models", scratch);
	if (host_run(help, path) != 0 || !(f = fopen(path, "r")))
		return true; /* then Bochs itself will say what is wrong */
	while (!known && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		known = listed && strcmp(line, model) == 0;
		if (listed && strcspn(line, " =[:") == strlen(line) && *line)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s", line);
		listed |= strncmp(line, "Supported CPU models", 20) == 0;
	}
	fclose(f);
	if (!known)
		report("Bochs has no CPU model %s; it has%s", model, all);
	return known;
}

/* A socket that listens on a free port of this computer alone. */
static int listen_here(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &bytes) < 0) {
		report("no socket for the serial port: %s", strerror(errno));
		return -1;
	}
	*port = ntohs(a.sin_port);
	return fd;
}

static void write_machine(FILE *f, const struct system_image *s, const struct options *o)
{
	unsigned long memory = emulator_memory(s, o);

	fprintf(f,
		"cpu: model=%s, count=%u, ips=50000000, reset_on_triple_fault=0, "
		"ignore_bad_msrs=%d\n",
		o->cpu ? o->cpu : MODEL, emulator_cpus(s, o), o->uefi);
	fprintf(f, "memory: guest=%lu, host=%lu\n", memory, memory);
	if (o->uefi)
		fputs("romimage: file=" OVMF "\n", f);
	else
		fputs("romimage: file=" BIOS ", options=fastboot\n", f);
	fputs("vgaromimage: file=" VGA_BIOS "\n"
	      "vga: extension=vbe, update_freq=1, realtime=0\n"
	      "pci: enabled=1, chipset=i440fx\n",
	      f);
}

/* A person wants to see a clock that agrees with his own; a test, the same run every time. */
static void write_time(FILE *f, const struct options *o)
{
	if (o->headless)
		fputs("clock: sync=none, time0=946684800\n", f);
	else
		fputs("clock: sync=slowdown, time0=utc\n", f);
}

/* Bochs puts a lock file beside a disk and leaves it there when it is killed, so that no other run
   gets the disk. So it sees another name, in our folder, and the disk is locked by us. */
static bool claim_disk(const struct emulator *e, const char *file, char name[PATH_MAX])
{
	int fd = open(file, O_RDWR | O_CLOEXEC); /* for as long as we live */
	char *full = realpath(file, NULL);
	bool good = fd >= 0 && full;

	if (good && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		report("disk %s is in use by another run", file);
		free(full);
		return false;
	}
	snprintf(name, PATH_MAX, "%s/disk", e->scratch);
	good = good && symlink(full, name) == 0;
	if (!good)
		report("disk %s: %s", file, strerror(errno));
	free(full);
	return good;
}

static bool write_disk(FILE *f, const struct emulator *e, const struct system_image *s,
		       const struct options *o)
{
	enum disk_kind kind;
	char name[PATH_MAX];
	const char *file;
	struct stat st;

	if (!emulator_disk(s, o, &kind, &file))
		return false;
	if (kind == DISK_NONE)
		return true;
	if (kind != DISK_ANY && kind != DISK_IDE) {
		report("Bochs has IDE disks only; --disk ide:FILE or none");
		return false;
	}
	if (stat(file, &st) < 0 || st.st_size % (HEADS * SECTORS * SECTOR_BYTES) != 0) {
		report("disk %s: Bochs needs a multiple of 256 KiB", file);
		return false;
	}
	if (!claim_disk(e, file, name))
		return false;
	fprintf(f,
		"ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15\n"
		"ata1-master: type=disk, mode=flat, path=\"%s\", cylinders=%lu, heads=%d, spt=%d, "
		"model=\"Bulkhead disk\"\n",
		name, (unsigned long)st.st_size / (HEADS * SECTORS * SECTOR_BYTES), HEADS, SECTORS);
	return true;
}

static bool write_net(FILE *f, const struct system_image *s, const struct options *o)
{
	const char *forwards;
	enum net_kind kind = emulator_net(s, o, &forwards);

	if (kind == NET_NONE)
		return true;
	if (kind != NET_E1000 || *forwards) {
		report("Bochs has no network card but e1000, and forwards nothing; --net e1000 or "
		       "none");
		return false;
	}
	fputs("e1000: enabled=1, mac=52:54:00:12:34:56, ethmod=slirp, script=\"\"\n", f);
	return true;
}

static bool write_rc(FILE *f, const struct emulator *e, const struct system_image *s,
		     const struct options *o, const char *iso, const unsigned port[2])
{
	fputs("plugin_ctrl: unmapped=1, biosdev=1, serial=1, iodebug=0, speaker=0, parallel=0, "
	      "gameport=0, extfpuirq=1\n"
	      "config_interface: textconfig\n"
	      "display_library: rfb, options=\"timeout=0\"\n"
	      "panic: action=fatal\n"
	      "info: action=report",
	      f);
	/* A CPU would note each virtual interrupt. */
	for (unsigned i = 0; i < emulator_cpus(s, o); i++)
		fprintf(f, ", cpu%u=ignore", i);
	fputs("\n", f);
	fprintf(f, "log: %s\n", e->log);
	for (unsigned i = 0; i < 2 && port[i]; i++)
		fprintf(f, "com%u: enabled=1, mode=socket-client, dev=localhost:%u\n", i + 1,
			port[i]);
	fprintf(f,
		"ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14\n"
		"ata0-master: type=cdrom, path=\"%s\", status=inserted\n"
		"boot: cdrom\n",
		iso);
	write_machine(f, s, o);
	write_time(f, o);
	return write_net(f, s, o) && write_disk(f, e, s, o);
}

static bool write_files(struct emulator *e, const struct system_image *s, const struct options *o,
			const char *iso, const char *rc)
{
	char debugger[PATH_MAX], *text;
	size_t bytes;
	unsigned port[2] = { 0 };
	FILE *f;
	bool good;

	e->listener = listen_here(&port[0]);
	e->control = o->control ? listen_here(&port[1]) : -1;
	if (e->listener < 0 || (o->control && e->control < 0))
		return false;
	f = open_memstream(&text, &bytes);
	good = write_rc(f, e, s, o, iso, port);
	fclose(f);
	good = good && host_write(rc, text, bytes);
	free(text);
	snprintf(debugger, sizeof(debugger), "%s/bochs.go", e->scratch);
	return good && host_write(debugger, "c\nq\n", 4);
}

bool bochs_prepare(struct emulator *e, const struct system_image *s, const struct options *o,
		   const char *iso)
{
	char rc[PATH_MAX];

	e->name = "Bochs";
	if (!all_is_there(o) || (o->cpu && !model_is_known(o->cpu, e->scratch)))
		return false;
	if (emulator_memory(s, o) > MEMORY_MOST) {
		report("Bochs has at most 2G of memory; --memory 1G, for instance");
		return false;
	}
	snprintf(e->log, sizeof(e->log), "%s/bochs.log", e->scratch);
	if (o->log)
		snprintf(e->log, sizeof(e->log), "%s", o->log);
	snprintf(e->output, sizeof(e->output), "%s/bochs.out", e->scratch);
	snprintf(rc, sizeof(rc), "%s/bochsrc", e->scratch);
	if (!write_files(e, s, o, iso, rc))
		return false;
	emulator_add(e, "bochs-bin");
	emulator_add(e, "-q");
	emulator_add(e, "-f");
	emulator_add(e, "%s", rc);
	emulator_add(e, "-rc");
	emulator_add(e, "%s/bochs.go", e->scratch);
	for (char **extra = o->extra; extra && *extra; extra++)
		emulator_add(e, "%s", *extra);
	return true;
}
