/*
 * See selfkill.h. A death is HV_EXIT: nothing of this domain runs after it.
 */
#include "guests/service/selfkill.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/service/campaign.h"
#include "guests/service/kept_store.h"

#define KILL_TIMES 3

static const struct disk *victim;
static bool (*submit)(struct disk *d, struct disk_request *r);
static uint64_t sector;

static void die(void)
{
	hv_exit(1);
}

uint64_t selfkill_number(const char *list, unsigned index)
{
	uint64_t n = 0;

	for (; (*list >= '0' && *list <= '9') || *list == ','; list++) {
		if (*list == ',') {
			if (index-- == 0)
				return n;
			n = 0;
		} else {
			n = n * 10 + (uint64_t)(*list - '0');
		}
	}
	return index == 0 ? n : 0;
}

void selfkill_start(void)
{
	const char *list;

	if (boot_option("killseed", NULL))
		campaign_start();
	else if (boot_option("killstores", &list))
		kept_store_limit(selfkill_number(list, boot->incarnation - 1), die);
}

static bool submit_or_die(struct disk *d, struct disk_request *r)
{
	if (r->sector == sector && r->op != DISK_FLUSH)
		die();
	return submit(d, r);
}

void selfkill_disk(struct disk *d)
{
	if (selfkill_planned)
		campaign_disk(d);
	if (victim || !boot_option("killsector", NULL) ||
	    boot->incarnation > boot_number("killtimes", KILL_TIMES))
		return;
	victim = d;
	sector = boot_number("killsector", 0);
	submit = d->submit;
	d->submit = submit_or_die;
}
