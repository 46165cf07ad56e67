/*
 * See stage.h. Whoever stages is on any CPU, the domain starts on its own: a lock for each domain.
 */
#include "vmm/stage.h"

#include "abi/hypercall.h"
#include "lib/format.h"
#include "lib/log.h"
#include "mm/frames.h"
#include "mm/hvmap.h"
#include "vmm/guestmem.h"
#include "vmm/loader.h"

static struct stage {
	struct spinlock lock; /* guards all that follows */
	uint8_t *area[2];     /* NULL: none */
	uint64_t area_bytes;
	unsigned coming;   /* the area that pieces go to */
	uint64_t bytes;    /* that are there, and */
	uint32_t crc;      /* their checksum */
	struct span image; /* of the next start; none: the preloaded one */
	bool started, preloaded_ran;
	struct hv_note_state runs, preloaded; /* what the image that started last reads and writes,
						 and what the preloaded one does if it ever ran */
} stages[CONFIG_DOMAINS];

static void stage_make(struct domain *d)
{
	struct stage *s = &stages[d->id];
	uint64_t bytes = d->config->stage;

	if (frames_largest(MIB_2, hvmap_chunk_limit()) < align_up(2 * bytes, MIB_2)) {
		log_error("%s: stage: twice %lu KiB do not fit: it cannot be upgraded; lower it, "
			  "or memory of domains",
			  d->name, bytes >> 10);
		return;
	}
	s->area[0] = frames_hv(2 * bytes >> PAGE_SHIFT);
	s->area[1] = s->area[0] + bytes;
	s->area_bytes = bytes;
	d->overhead += 2 * bytes;
}

void stage_build(void)
{
	domain_for_each(d) {
		if (d->config->stage && d->vcpus)
			stage_make(d);
	}
}

static enum err stage_take(struct stage *s, uint64_t offset, struct domain *from, gpa_t at,
			   uint64_t n)
{
	uint8_t *to;

	if (n > HV_STAGE_BYTES)
		return ERR_INVAL;
	if (!offset)
		s->bytes = 0;
	if (offset != s->bytes)
		return ERR_STATE;
	if (!range_within(offset, n, s->area_bytes))
		return ERR_RANGE;
	to = s->area[s->coming] + offset;
	if (!guest_read(from, at, to, n))
		return ERR_FAULT;
	s->crc = crc32c(offset ? s->crc : 0, to, n);
	s->bytes = offset + n;
	return OK;
}

enum err stage_write(struct domain *d, uint64_t offset, struct domain *from, gpa_t at, uint64_t n)
{
	struct stage *s = &stages[d->id];
	enum err e;

	if (!s->area_bytes)
		return ERR_UNSUPPORTED;
	spin_lock(&s->lock);
	e = stage_take(s, offset, from, at, n);
	spin_unlock(&s->lock);
	return e;
}

/* An image with this note understands what the last one has kept. */
static bool stage_reads(const struct hv_note_state *state, const struct stage *s)
{
	return s->runs.version >= state->oldest && s->runs.version <= state->version;
}

static enum err stage_check(struct domain *d, const struct stage *s, uint64_t crc)
{
	struct span image = { s->area[s->coming], s->bytes };
	struct hv_note_state state;
	char why[160];
	enum err e = ERR_CHECKSUM;

	if (crc != s->crc)
		format(why, sizeof(why), "its checksum differs");
	else
		e = loader_check(d, &image, &state, why, sizeof(why));
	if (e == OK && s->started && !stage_reads(&state, s)) {
		format(why, sizeof(why),
		       "it reads kept state of the versions %u to %u, the running one writes %u",
		       state.oldest, state.version, s->runs.version);
		e = ERR_VERSION;
	}
	if (e != OK)
		log_warn("%s: a new image is refused: %s", d->name, why);
	return e;
}

enum err stage_finish(struct domain *d, uint64_t bytes, uint64_t crc)
{
	struct stage *s = &stages[d->id];
	enum err e;

	if (!s->area_bytes)
		return ERR_UNSUPPORTED;
	spin_lock(&s->lock);
	e = bytes && bytes == s->bytes ? stage_check(d, s, crc) : ERR_STATE;
	if (e == OK) {
		s->image = (struct span){ s->area[s->coming], bytes };
		s->coming ^= 1;
		log_info("%s: a new image of %lu bytes: it starts from that from now on", d->name,
			 bytes);
	}
	s->bytes = 0;
	spin_unlock(&s->lock);
	return e;
}

bool stage_hold(const struct domain *d, struct span *image)
{
	struct stage *s = &stages[d->id];

	spin_lock(&s->lock);
	if (s->image.at)
		*image = s->image;
	return s->image.at;
}

void stage_release(const struct domain *d)
{
	spin_unlock(&stages[d->id].lock);
}

void stage_started(const struct domain *d, const struct hv_note_state *state)
{
	struct stage *s = &stages[d->id];

	s->started = true;
	s->runs = *state;
	if (!s->image.at) {
		s->preloaded_ran = true;
		s->preloaded = *state;
	}
}

bool stage_take_back(const struct domain *d)
{
	struct stage *s = &stages[d->id];
	bool can;

	spin_lock(&s->lock);
	can = s->image.at && s->preloaded_ran && stage_reads(&s->preloaded, s);
	if (can)
		s->image = (struct span){ 0 };
	spin_unlock(&s->lock);
	return can;
}
