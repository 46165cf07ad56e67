/*
 * Options by getopt_long, and the help texts.
 */
#include "tools/bh/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bh/net.h"
#include "tools/bh/report.h"
#include "tools/bh/values.h"

#define BH_VERSION "0.1"

static const char help_all[] =
	"bh makes bootable Bulkhead systems from configuration files.\n"
	"\n"
	"  bh check FILE                 says what is wrong with a configuration\n"
	"  bh image FILE -o OUT.iso      makes the bootable image (CD or USB stick, BIOS and "
	"UEFI)\n"
	"  bh run FILE [options]         boots it, or a finished image, in an emulator\n"
	"  bh ctl SOCKET VERB...         manages a running system\n"
	"  bh VERB --help                says more about one of them\n"
	"  bh --version\n"
	"\n"
	"docs/config.md explains configuration files; configs/ has examples.\n"
	"Exit status: 0 all is well, 1 the configuration is wrong or the system did not end in\n"
	"order, 2 wrong command line, 3 a tool or file that is needed is missing.\n";

static const char help_check[] =
	"bh check FILE\n"
	"\n"
	"Reads a configuration and every file that it names. Prints each error as\n"
	"FILE:LINE: key: what is wrong; what would be right\n";

static const char help_image[] =
	"bh image FILE -o OUT.iso [options]\n"
	"\n"
	"  -o, --output OUT.iso    where the image goes\n"
	"  --append WORDS          more words for the hypervisor's command line\n"
	"  --hypervisor ELF        another hypervisor than bulkhead.elf beside bh\n"
	"\n"
	"The image boots from a CD and, copied to a USB stick (dd if=OUT.iso of=/dev/sdX bs=4M),\n"
	"from the stick, with BIOS and with UEFI.\n"
	"\n"
	"bh image FOLDER -o OUT.img\n"
	"\n"
	"Makes a disk image (ext4) of a folder, which guests read as a disk with read-only: yes.\n";

static const char help_run[] =
	"bh run FILE [options] [-- arguments for the emulator]\n"
	"\n"
	"FILE is a configuration, or an image (.iso) that bh image made.\n"
	"\n"
	"  --firmware bios|uefi    what the machine starts with (bios)\n"
	"  --emulator qemu|bochs   what runs it (qemu): QEMU has AMD-V, Bochs has Intel VT-x\n"
	"  --cpu MODEL             its CPU's model (QEMU: max; Bochs: corei7_skylake_x, ryzen, "
	"...)\n"
	"  --cpus N                its CPUs (as the file's emulator section says, else 1)\n"
	"  --memory SIZE           its memory (likewise, else 1G)\n"
	"  --disk [KIND:]FILE      its disk, KIND nvme, virtio, ahci or ide, Bochs: ide; none: no\n"
	"                          disk (likewise)\n"
	"  --net KIND              its network card, e1000, e1000e or virtio, Bochs: e1000; none:\n"
	"                          no card (likewise). Behind it is a network with DHCP, and a\n"
	"                          way out, at 10.0.2.2; KIND,hostfwd=tcp::2222-10.0.2.15:22\n"
	"                          lets connections in (QEMU)\n"
	"  --headless              no terminal: serial console on standard output, input from\n"
	"                          standard input; exit status 0 only if the system powered off\n"
	"                          in order\n"
	"  --icount                time counts instructions: slow, but the same every time (in\n"
	"                          Bochs it always does)\n"
	"  --one-thread            QEMU's own processors take turns: slower with several, but\n"
	"                          without what goes wrong in QEMU when they run at once\n"
	"  --timeout S             kill it after S seconds (exit status 1)\n"
	"  --append WORDS          more words for the hypervisor's command line\n"
	"  --control PATH          its control port is a socket there, for bh ctl\n"
	"  --log FILE              keeps Bochs' own log\n"
	"  --hypervisor ELF        another hypervisor than bulkhead.elf beside bh\n"
	"\n"
	"KVM is used where /dev/kvm offers nested virtualization; ACCEL=tcg or ACCEL=kvm in the\n"
	"environment decides otherwise.\n";

enum {
	OPT_FIRMWARE = 256,
	OPT_CPUS,
	OPT_MEMORY,
	OPT_DISK,
	OPT_NET,
	OPT_HEADLESS,
	OPT_ICOUNT,
	OPT_ONE_THREAD,
	OPT_TIMEOUT,
	OPT_APPEND,
	OPT_EMULATOR,
	OPT_HYPERVISOR,
	OPT_CPU,
	OPT_LOG,
	OPT_CONTROL,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "firmware", required_argument, NULL, OPT_FIRMWARE },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "net", required_argument, NULL, OPT_NET },
	{ "headless", no_argument, NULL, OPT_HEADLESS },
	{ "icount", no_argument, NULL, OPT_ICOUNT },
	{ "one-thread", no_argument, NULL, OPT_ONE_THREAD },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "emulator", required_argument, NULL, OPT_EMULATOR },
	{ "cpu", required_argument, NULL, OPT_CPU },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "hypervisor", required_argument, NULL, OPT_HYPERVISOR },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const struct value_word verbs[] = {
	{ "check", VERB_CHECK },
	{ "image", VERB_IMAGE },
	{ "run", VERB_RUN },
	{ NULL, 0 },
};

static int wrong(const char *what, const char *right)
{
	report("%s; %s (bh --help)", what, right);
	return BH_USAGE;
}

static int help(enum verb verb)
{
	static const char *const texts[] = { help_all, help_check, help_image, help_run };

	fputs(texts[verb], stdout);
	return BH_OK;
}

static int take_number(unsigned *number, uint64_t max, const char *what)
{
	uint64_t v;

	if (!value_number(optarg, max, &v) || v == 0)
		return wrong(what, "a number would be right");
	*number = v;
	return -1;
}

static int take_firmware(struct options *o)
{
	o->uefi = strcmp(optarg, "uefi") == 0;
	if (o->uefi || strcmp(optarg, "bios") == 0)
		return -1;
	return wrong("unknown firmware", "bios or uefi");
}

static int take_emulator(struct options *o)
{
	o->bochs = strcmp(optarg, "bochs") == 0;
	if (o->bochs || strcmp(optarg, "qemu") == 0)
		return -1;
	return wrong("unknown emulator", "qemu or bochs");
}

static int take_memory(struct options *o)
{
	uint64_t bytes;

	o->memory = optarg;
	return value_size(optarg, &bytes) ? -1 : wrong("--memory: no size", "1G, for instance");
}

static int take_net(struct options *o)
{
	enum net_kind kind;
	const char *forwards;

	o->net = optarg;
	if (net_parse(optarg, &kind, &forwards))
		return -1;
	return wrong("--net: no network card", NET_WORDS);
}

/* One option; -1: go on. */
static int take(struct options *o, int option)
{
	switch (option) {
	case 'o': o->output = optarg; return -1;
	case 'h': return help(o->verb);
	case OPT_VERSION: printf("bh " BH_VERSION " of Bulkhead\n"); return BH_OK;
	case OPT_FIRMWARE: return take_firmware(o);
	case OPT_EMULATOR: return take_emulator(o);
	case OPT_CPUS: return take_number(&o->cpus, 64, "--cpus: not 1 to 64");
	case OPT_TIMEOUT: return take_number(&o->timeout, 1000000, "--timeout: no seconds");
	case OPT_MEMORY: return take_memory(o);
	case OPT_DISK: o->disk = optarg; return -1;
	case OPT_NET: return take_net(o);
	case OPT_HEADLESS: o->headless = true; return -1;
	case OPT_ICOUNT: o->icount = true; return -1;
	case OPT_ONE_THREAD: o->one_thread = true; return -1;
	case OPT_CPU: o->cpu = optarg; return -1;
	case OPT_LOG: o->log = optarg; return -1;
	case OPT_CONTROL: o->control = optarg; return -1;
	case OPT_APPEND: o->append = optarg; return -1;
	case OPT_HYPERVISOR: o->hypervisor = optarg; return -1;
	default: return BH_USAGE; /* getopt has said why */
	}
}

static int finish(struct options *o)
{
	if (o->verb == VERB_NONE)
		return wrong("nothing to do", "check, image or run");
	if (!o->file)
		return wrong("no configuration file", "configs/demo.yaml, for instance");
	if (o->verb == VERB_IMAGE && !o->output)
		return wrong("no place for the image", "-o OUT.iso");
	if (o->verb != VERB_RUN && *o->extra)
		return wrong("too many words", "one configuration file");
	return -1;
}

int options_parse(struct options *o, int argc, char **argv)
{
	uint64_t verb = VERB_NONE;
	int option;

	*o = (struct options){ .verb = VERB_NONE };
	if (argc > 1 && argv[1][0] != '-') {
		if (!value_word(verbs, argv[1], &verb))
			return wrong("unknown verb", "check, image or run");
		o->verb = verb;
		argc--;
		argv++;
	}
	opterr = 1;
	/* "-" keeps the order: a word without a dash comes as option 1, and "--" ends the list. */
	while ((option = getopt_long(argc, argv, "-o:h", long_options, NULL)) != -1) {
		int status = -1;

		if (option != 1)
			status = take(o, option);
		else if (o->file)
			status = wrong("too many words", "one configuration file");
		else
			o->file = optarg;
		if (status >= 0)
			return status;
	}
	o->extra = argv + optind;
	return finish(o);
}
