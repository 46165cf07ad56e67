/*
 * `bh`: checks configuration files, makes bootable images of them, and boots these. The verbs'
 * work is in compile.c, image.c and run.c.
 */
#include <stdio.h>
#include <string.h>

#include "tools/bh/compile.h"
#include "tools/bh/image.h"
#include "tools/bh/options.h"
#include "tools/bh/report.h"
#include "tools/bh/run.h"

static struct system_image image;

static enum bh_status summarize(const struct options *o)
{
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
	int status = options_parse(&o, argc, argv);

	if (status >= 0)
		return status;
	if (o.verb == VERB_RUN && is_image(o.file))
		return run(&image, &o);
	if (!compile(o.file, &image))
		return BH_CONFIG;
	switch (o.verb) {
	case VERB_CHECK: return summarize(&o);
	case VERB_IMAGE: return image_make(&image, &o, o.output);
	default: return run(&image, &o);
	}
}
