/*
 * The arithmetic of caps.
 */
#include "vmm/sched_cap.h"

#include "lib/bits.h"

void sched_cap_init(struct sched_cap *c, unsigned percent, uint64_t period)
{
	*c = (struct sched_cap){ .period = period, .share = (int64_t)(period * percent / 100) };
}

void sched_cap_settle(struct sched_cap *c, uint64_t now)
{
	uint64_t periods;

	c->left = MAX(c->left, -c->share);
	if (now < c->end)
		return;
	periods = (now - c->end) / c->period + 1;
	c->end += periods * c->period;
	c->left = c->left < 0 && periods == 1 ? c->left + c->share : c->share;
}
