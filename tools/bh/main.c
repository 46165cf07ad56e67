/*
 * `bh`: checks configuration files, makes bootable images of them, boots these, and manages what
 * runs. The verbs' work is in compile.c, image.c, run.c and ctl.c.
 */
#include <stdio.h>
#include <string.h>

#include "abi/boot.h"
#include "tools/bh/compile.h"
#include "tools/bh/ctl.h"
#include "tools/bh/folder.h"
#include "tools/bh/image.h"
#include "tools/bh/options.h"
#include "tools/bh/report.h"
#include "tools/bh/run.h"

static struct system_image image;

/* What a file may leave out but its author may not have meant to. */
static void note_legacy(const struct config *c)
{
	for (unsigned i = 0; i < c->domains; i++) {
		const struct config_domain *d = &c->domain[i];
		bool served = false;

		for (unsigned j = 0; j < d->served; j++)
			served |= d->serve[j].kind == HV_SERVED_PC;
		if (d->flags & CONFIG_FLAG_PC && !served)
			printf("%s: a PC with interrupt controllers and exit ports only: no "
			       "service domain serves its legacy devices\n",
			       d->name);
	}
}

static enum bh_status summarize(const struct options *o)
{
	note_legacy(&image.blob);
	schedule_print(&image.blob);
	printf("%s: %u domains, %u modules, all is well\n", o->file, image.blob.domains,
	       image.blob.modules);
	return BH_OK;
}

static bool is_image(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot && strcmp(dot, ".iso") == 0;
}

int main(int argc, char **argv)
{
	struct options o;
	int status;

	if (argc > 1 && strcmp(argv[1], "ctl") == 0)
		return ctl(argc - 1, argv + 1);
	status = options_parse(&o, argc, argv);
	if (status >= 0)
		return status;
	if (o.verb == VERB_RUN && is_image(o.file))
		return run(&image, &o);
	if (o.verb == VERB_IMAGE && is_folder(o.file))
		return folder_image(o.file, o.output);
	if (!compile(o.file, &image))
		return BH_CONFIG;
	switch (o.verb) {
	case VERB_CHECK: return summarize(&o);
	case VERB_IMAGE: return image_make(&image, &o, o.output);
	default: return run(&image, &o);
	}
}
