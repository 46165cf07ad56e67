/*
 * The command line: `bh VERB FILE [options] [-- arguments for the emulator]`.
 */
#ifndef TOOLS_BH_OPTIONS_H
#define TOOLS_BH_OPTIONS_H

#include <stdbool.h>

enum verb { VERB_NONE, VERB_CHECK, VERB_IMAGE, VERB_RUN };

struct options {
	enum verb verb;
	const char *file;
	const char *output;     /* image: where to */
	const char *hypervisor; /* bulkhead.elf; NULL: beside bh itself */
	const char *append;     /* joins the hypervisor's command line */
	const char *cpu;        /* the emulated CPU's model; NULL: the emulator's best */
	const char *log;        /* Bochs: where its log goes; NULL: nowhere for good */
	const char *control;    /* where its control port can be reached; NULL: it has none */
	const char *memory, *disk, *net; /* NULL: as the file says */
	bool bochs, uefi, headless, icount, one_thread;
	unsigned cpus;    /* 0: as the file says */
	unsigned timeout; /* seconds; 0: none */
	char **extra;     /* the emulator's further arguments, NULL-terminated */
};

/* Returns -1 if bh shall go on, else the status to exit with: --help and --version have printed
   their text, a wrong command line its error. */
int options_parse(struct options *o, int argc, char **argv);

#endif
