/* See i6300esb.h. */
#include "guests/service/i6300esb.h"

#include "lib/bits.h"

#define PRELOAD1 0x0u
#define PRELOAD2 0x4u
#define RELOAD   0xcu

#define PRELOAD_MASK  0xfffffu
#define RELOAD_TIMERS 0x100u
#define UNLOCK_FIRST  0x80u
#define UNLOCK_SECOND 0x86u
#define UNLOCKED      2u

#define CONFIG_FAST     0x04u /* ticks of 2^5 clocks of 33 MHz, not 2^15 */
#define CONFIG_NO_RESET 0x20u
#define CONFIG_MASK     0x27u

#define LOCK_LOCKED 1u /* this register cannot be written any more */
#define LOCK_ENABLE 2u
#define LOCK_MASK   7u

#define CLOCK_KHZ  33000u
#define TICK_SHIFT 15u
#define FAST_SHIFT 5u

void i6300esb_reset(struct i6300esb *s)
{
	*s = (struct i6300esb){ .preload = { PRELOAD_MASK, PRELOAD_MASK } };
}

uint32_t i6300esb_word(const struct i6300esb *s, unsigned reg)
{
	return reg == I6300ESB_CONFIG ? s->config : reg == I6300ESB_LOCK ? s->lock : 0;
}

bool i6300esb_word_write(struct i6300esb *s, unsigned reg, uint32_t value)
{
	bool was = s->lock & LOCK_ENABLE;

	if (reg == I6300ESB_CONFIG) {
		s->config = value & CONFIG_MASK;
		return was;
	}
	if (reg != I6300ESB_LOCK || s->lock & LOCK_LOCKED)
		return false;
	s->lock = value & LOCK_MASK;
	return was != !!(s->lock & LOCK_ENABLE);
}

uint32_t i6300esb_read(const struct i6300esb *s, unsigned offset)
{
	return offset == PRELOAD1 ? s->preload[0] : offset == PRELOAD2 ? s->preload[1] : 0;
}

/* Another value ends the sequence; the second one twice does not: it may be the same write. */
static bool unlock(struct i6300esb *s, uint32_t value)
{
	if (value == UNLOCK_FIRST)
		s->unlocked = 1;
	else if (value == UNLOCK_SECOND && s->unlocked)
		s->unlocked = UNLOCKED;
	else
		return false;
	return true;
}

bool i6300esb_write(struct i6300esb *s, unsigned offset, uint32_t value)
{
	bool open = s->unlocked == UNLOCKED;

	if (offset == RELOAD && unlock(s, value))
		return false;
	s->unlocked = 0;
	if (!open)
		return false;
	if (offset == PRELOAD1 || offset == PRELOAD2)
		s->preload[offset / PRELOAD2] = value & PRELOAD_MASK;
	return offset == RELOAD && value & RELOAD_TIMERS && s->lock & LOCK_ENABLE;
}

uint64_t i6300esb_ms(const struct i6300esb *s)
{
	uint64_t ticks = (uint64_t)s->preload[0] + s->preload[1];
	unsigned shift = s->config & CONFIG_FAST ? FAST_SHIFT : TICK_SHIFT;

	if (!(s->lock & LOCK_ENABLE) || s->config & CONFIG_NO_RESET)
		return 0;
	return MAX((ticks << shift) / CLOCK_KHZ, 1);
}
