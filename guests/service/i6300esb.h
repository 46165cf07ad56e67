/*
 * The watchdog timer of Intel's 6300ESB (document 300641, chapter "Watchdog Timer"), as far as
 * drivers use it: two timers that run one after the other, and a reset when the second one ends.
 * Here are its registers only; time is kept by the hypervisor, which is told how long the two last
 * together. The interrupt between the two is not delivered.
 *
 * A write works on a copy of the state: its owner sets the time first and then stores what has
 * changed, `unlocked` last, so that a write which is done twice counts once.
 */
#ifndef GUESTS_SERVICE_I6300ESB_H
#define GUESTS_SERVICE_I6300ESB_H

#include <stdbool.h>
#include <stdint.h>

#define I6300ESB_BYTES  16u   /* of its memory BAR */
#define I6300ESB_CONFIG 0x60u /* words of the configuration space that are its */
#define I6300ESB_LOCK   0x68u

struct i6300esb {
	uint32_t preload[2]; /* of the two timers, in ticks */
	uint32_t config, lock;
	uint32_t unlocked; /* steps of the sequence that opens the registers for one write */
};

/* What a guest finds at its start. */
void i6300esb_reset(struct i6300esb *s);

/* The word at I6300ESB_CONFIG or I6300ESB_LOCK. A write of the whole word is true if the time
   begins anew, or ends. */
uint32_t i6300esb_word(const struct i6300esb *s, unsigned reg);
bool i6300esb_word_write(struct i6300esb *s, unsigned reg, uint32_t value);

/* The memory BAR; likewise. */
uint32_t i6300esb_read(const struct i6300esb *s, unsigned offset);
bool i6300esb_write(struct i6300esb *s, unsigned offset, uint32_t value);

/* Milliseconds from the start of the first timer to the end of the second; 0: the watchdog is off,
   or must not reset anything. */
uint64_t i6300esb_ms(const struct i6300esb *s);

#endif
