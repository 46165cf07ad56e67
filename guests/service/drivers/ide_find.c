/*
 * The start of an IDE function: quiet, then a look at each place where a drive may be.
 */
#include "guests/service/drivers/ide_find.h"

#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/ide.h"
#include "guests/service/drivers/pcifn.h"
#include "lib/format.h"

#define BOUNCE_MAX 0x10000u
#define BOUNCE_MIN 0x1000u

static struct ide ides[IDE_FUNCTIONS];
static unsigned ide_count;

struct ide *ide_of(const struct hv_device *d)
{
	for (unsigned i = 0; i < ide_count; i++)
		if (ides[i].device == d)
			return &ides[i];
	return NULL;
}

void ide_quiet(const struct hv_device *d)
{
	struct ide *ide;

	pcifn_enable(d, false);
	if (ide_count == IDE_FUNCTIONS) {
		print("ide at slot %#x: more than %u of them\n", d->slot, IDE_FUNCTIONS);
		return;
	}
	ide = &ides[ide_count++];
	ide->device = d;
	for (unsigned n = 0; n < IDE_CHANNELS; n++) {
		struct ide_lane *l = &ide->lane[n];

		if (!ide_channel_find(&l->channel, d, n) || ide_channel_reset(&l->channel))
			continue;
		print("ide at slot %#x: channel %u does not stop\n", d->slot, n);
		l->dead = true;
	}
}

static bool lane_alloc(struct ide_lane *l)
{
	l->channel.table = dma_alloc(IDE_PRD_ENTRIES * sizeof(struct ide_prd));
	for (uint32_t bytes = BOUNCE_MAX; bytes >= BOUNCE_MIN && !l->bounce; bytes /= 2) {
		l->bounce_bytes = bytes;
		l->bounce = dma_left() >= bytes ? dma_alloc(bytes) : NULL;
	}
	return l->channel.table && l->bounce;
}

static void look_at(struct ide *ide, struct ide_lane *l, unsigned number)
{
	struct ide_drive *drive = &ide->drive[ide->drives];
	uint16_t words[IDE_IDENTIFY_WORDS];
	const char *why;

	format(drive->name, sizeof(drive->name), "%s disk %u.%u", ide->name,
	       (unsigned)(l - ide->lane), number);
	switch (ide_channel_identify(&l->channel, number, words)) {
	case IDE_NOTHING: return;
	case IDE_SILENT:
		print("%s: does not say what it is\n", drive->name);
		ide->silent = true;
		return;
	case IDE_DISK: break;
	}
	why = ide_identify(words, &drive->disk);
	if (why) {
		print("%s: %s: left out\n", drive->name, why);
		return;
	}
	drive->lane = l;
	drive->number = number;
	ide->drives++;
}

static bool lane_start(struct ide *ide, struct ide_lane *l)
{
	unsigned n = (unsigned)(l - ide->lane), drives = ide->drives;
	int64_t bound;

	if (l->dead)
		return false;
	for (unsigned number = 0; number < IDE_DRIVES && !ide->silent; number++)
		look_at(ide, l, number);
	if (ide->drives == drives)
		return true;
	if (!lane_alloc(l)) {
		print("%s: the DMA pool is too small: raise `dma-pool` in the config\n", ide->name);
		return false;
	}
	bound = hv_irq_bind(ide->device->cap, ide->device->interrupts > 1 ? n : 0, ide->event);
	if (bound < 0) {
		print("%s: channel %u has no interrupt: %s\n", ide->name, n, hv_error(bound));
		return false;
	}
	ide->acknowledged |= bound != 0;
	list_init(&l->queue);
	l->ide = ide;
	ide_channel_listen(&l->channel);
	return true;
}

struct ide *ide_find(const struct hv_device *d, event_fn *fn)
{
	struct ide *ide = ide_of(d);

	if (!ide || ide->name[0])
		return ide;
	pcifn_name(d, "ide", ide->name, sizeof(ide->name));
	ide->event = event_alloc();
	event_bind(ide->event, fn, ide);
	pcifn_enable(d, true);
	for (unsigned n = 0; n < IDE_CHANNELS && !ide->silent; n++)
		if (ide->lane[n].channel.command && !lane_start(ide, &ide->lane[n]))
			ide->silent = true;
	return ide;
}
