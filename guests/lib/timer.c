/* Timers in a list by deadline: a service domain has a dozen of them, so a list is enough. */
#include "guests/lib/timer.h"

#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "lib/bits.h"

static struct list queue = { &queue, &queue };

static struct timer *timer_of(struct list *node)
{
	return CONTAINER_OF(node, struct timer, node);
}

void timer_set(struct timer *t, uint64_t deadline, timer_fn *fn, void *arg)
{
	struct list *at;

	timer_cancel(t);
	at = queue.next;
	t->deadline = deadline;
	t->fn = fn;
	t->arg = arg;
	while (at != &queue && timer_of(at)->deadline <= deadline)
		at = at->next;
	list_add_before(at, &t->node);
}

void timer_set_ns(struct timer *t, uint64_t ns, timer_fn *fn, void *arg)
{
	timer_set(t, time_after(ns), fn, arg);
}

void timer_cancel(struct timer *t)
{
	if (!t->node.next)
		list_init(&t->node);
	list_remove(&t->node);
}

/* `now` is read once: a timer that its handler sets to "at once" waits for the next round, so that
   it cannot hold up the events. */
uint64_t timer_run(void)
{
	uint64_t now = rdtsc();

	while (!list_is_empty(&queue) && timer_of(queue.next)->deadline <= now) {
		struct timer *t = timer_of(queue.next);

		list_remove(&t->node);
		t->fn(t->arg);
	}
	return list_is_empty(&queue) ? TIMER_NEVER : timer_of(queue.next)->deadline;
}
