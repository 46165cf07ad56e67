/*
 * A ticket lock, fair to every CPU. The hypervisor runs with interrupts off, so a lock is never
 * taken twice on one CPU; no lock is held while a guest runs.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include <stdint.h>

struct spinlock {
	uint32_t next;    /* the ticket for the next one who comes */
	uint32_t serving; /* the ticket that may go in */
};

static inline void spin_lock(struct spinlock *l)
{
	uint32_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	/* Pairs with the release in spin_unlock. */
	while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket)
		__builtin_ia32_pause();
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->serving, l->serving + 1, __ATOMIC_RELEASE);
}

#endif
