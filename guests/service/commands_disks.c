/*
 * The verb `disks`: what each served disk has done for its guest since this instance began.
 */
#include "guests/service/blk.h"
#include "guests/service/commands.h"

static const struct answer_column columns[] = {
	{ "domain", "GUEST", -12, ANSWER_PLAIN },     { "device", "DEVICE", 6, ANSWER_PLAIN },
	{ "requests", "REQUESTS", 10, ANSWER_PLAIN }, { "read", "READ", 12, ANSWER_KIB },
	{ "written", "WRITTEN", 12, ANSWER_KIB },     { "cleared", "CLEARED", 12, ANSWER_KIB },
	{ "flushes", "FLUSHES", 8, ANSWER_PLAIN },    { "errors", "ERRORS", 7, ANSWER_PLAIN },
	{ "source", "SOURCE", -20, ANSWER_PLAIN },    { 0 },
};

void command_disks(struct answer *a, const struct request *r, int detail)
{
	const struct blk *b;

	answer_table(a, "disks", columns);
	for (unsigned i = 0; (b = blk_get(i)); i++) {
		answer_row(a);
		answer_text(a, b->v->guest_name);
		answer_number(a, b->v->function >> 3);
		answer_number(a, b->counts.requests);
		answer_number(a, b->counts.read);
		answer_number(a, b->counts.written);
		answer_number(a, b->counts.cleared);
		answer_number(a, b->counts.flushes);
		answer_number(a, b->counts.errors);
		answer_text(a, b->disk->name);
	}
	answer_end(a);
}
