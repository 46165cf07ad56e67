/*
 * Looking a moment up in the cyclic table. It has few slots and is asked once a slot: a walk does.
 */
#include "vmm/sched_table.h"

#include <stddef.h>

const struct sched_slot *sched_table_look(struct sched_table *t, uint64_t now, uint64_t *until)
{
	uint64_t into;

	t->begin += (now - t->begin) / t->frame * t->frame;
	into = now - t->begin;
	for (const struct sched_slot *s = t->slot; s < t->slot + t->slots; s++) {
		if (into >= s->end)
			continue;
		*until = t->begin + (into < s->start ? s->start : s->end);
		return into < s->start ? NULL : s;
	}
	*until = t->begin + t->frame;
	return NULL;
}
