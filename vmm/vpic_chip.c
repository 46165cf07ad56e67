/*
 * The 8259A's registers and priorities.
 */
#include "vmm/vpic_chip.h"

#include "lib/bits.h"

#define INPUTS 8

#define ICW1        BIT(4) /* at A0 low; else bit 3 tells OCW3 from OCW2 */
#define ICW1_ICW4   BIT(0)
#define ICW1_SINGLE BIT(1)
#define ICW2_BASE   MASK(7, 3)
#define ICW4_AEOI   BIT(1)
#define ICW4_NESTED BIT(4)

#define OCW2_COMMAND MASK(7, 5)
#define OCW2_INPUT   MASK(2, 0)
#define OCW3         BIT(3)
#define OCW3_READ    BIT(1) /* bit 0 says which */
#define OCW3_ISR     BIT(0)
#define OCW3_POLL    BIT(2)
#define OCW3_SPECIAL BIT(5)
#define OCW3_SET     BIT(6) /* bit 5 is meant */

#define POLL_REQUEST BIT(7)

/* OCW2: R, SL, EOI. */
enum {
	OCW2_ROTATE_AUTO_CLEAR,
	OCW2_EOI,
	OCW2_NOTHING,
	OCW2_EOI_SPECIFIC,
	OCW2_ROTATE_AUTO_SET,
	OCW2_ROTATE_EOI,
	OCW2_SET_LOWEST,
	OCW2_ROTATE_EOI_SPECIFIC,
};

void vpic_chip_reset(struct vpic_chip *c)
{
	*c = (struct vpic_chip){ .lowest = INPUTS - 1 };
}

static unsigned rank(const struct vpic_chip *c, unsigned input)
{
	return (input - c->lowest - 1u) % INPUTS;
}

/* The input of a set that is served first, -1: the set is empty. */
static int first(const struct vpic_chip *c, uint8_t set)
{
	unsigned top = (c->lowest + 1u) % INPUTS;
	unsigned turned = ((unsigned)set | (unsigned)set << INPUTS) >> top & 0xff;

	return turned ? (int)((__builtin_ctz(turned) + top) % INPUTS) : -1;
}

int vpic_chip_request(const struct vpic_chip *c)
{
	uint8_t holds = c->special_mask ? c->isr & ~c->imr : c->isr;
	int asks = first(c, c->irr & ~c->imr), served;

	if (asks < 0)
		return -1;
	if (c->nested && asks == VPIC_CASCADE)
		holds &= ~(1u << VPIC_CASCADE);
	served = first(c, holds);
	return served < 0 || rank(c, asks) < rank(c, served) ? asks : -1;
}

uint8_t vpic_chip_ack(struct vpic_chip *c, int input)
{
	if (input < 0)
		return c->base + VPIC_SPURIOUS;
	if (!(c->elcr >> input & 1))
		c->irr &= ~(1u << input);
	if (!c->auto_eoi)
		c->isr |= 1u << input;
	else if (c->auto_rotate)
		c->lowest = input;
	return c->base + input;
}

void vpic_chip_line(struct vpic_chip *c, unsigned input, bool level)
{
	uint8_t bit = 1u << input;

	if (level && !(c->lines & bit))
		c->irr |= bit;
	if (!level && c->elcr & bit)
		c->irr &= ~bit;
	c->lines = level ? c->lines | bit : c->lines & ~bit;
}

void vpic_chip_set_elcr(struct vpic_chip *c, uint8_t elcr)
{
	c->elcr = elcr;
	c->irr = (c->irr & ~elcr) | (c->lines & elcr);
}

/* Edges that came before are forgotten; ICW4's functions are off until it comes. */
static void begin(struct vpic_chip *c, uint8_t icw1)
{
	c->irr = c->lines & c->elcr;
	c->isr = c->imr = 0;
	c->lowest = INPUTS - 1;
	c->expects = 2;
	c->icw4 = icw1 & ICW1_ICW4;
	c->single = icw1 & ICW1_SINGLE;
	c->auto_eoi = c->auto_rotate = c->special_mask = c->nested = false;
	c->poll = c->shows_isr = false;
}

static void go_on(struct vpic_chip *c, uint8_t value)
{
	switch (c->expects) {
	case 2:
		c->base = value & ICW2_BASE;
		c->expects = !c->single ? 3 : c->icw4 ? 4 : 0;
		break;
	case 3: c->expects = c->icw4 ? 4 : 0; break;
	default:
		c->auto_eoi = value & ICW4_AEOI;
		c->nested = value & ICW4_NESTED;
		c->expects = 0;
	}
}

/* An input that is masked in special mask mode is not the one whose service ends. */
static int in_service(const struct vpic_chip *c)
{
	return first(c, c->special_mask ? c->isr & ~c->imr : c->isr);
}

static void end(struct vpic_chip *c, int input, bool rotate)
{
	if (input < 0)
		return;
	c->isr &= ~(1u << input);
	if (rotate)
		c->lowest = input;
}

static void write_ocw2(struct vpic_chip *c, uint8_t value)
{
	int input = field_get(OCW2_INPUT, value);

	switch (field_get(OCW2_COMMAND, value)) {
	case OCW2_EOI: end(c, in_service(c), false); break;
	case OCW2_ROTATE_EOI: end(c, in_service(c), true); break;
	case OCW2_EOI_SPECIFIC: end(c, input, false); break;
	case OCW2_ROTATE_EOI_SPECIFIC: end(c, input, true); break;
	case OCW2_SET_LOWEST: c->lowest = input; break;
	case OCW2_ROTATE_AUTO_SET: c->auto_rotate = true; break;
	case OCW2_ROTATE_AUTO_CLEAR: c->auto_rotate = false; break;
	}
}

static void write_ocw3(struct vpic_chip *c, uint8_t value)
{
	if (value & OCW3_SET)
		c->special_mask = value & OCW3_SPECIAL;
	c->poll = value & OCW3_POLL;
	if (!c->poll && value & OCW3_READ)
		c->shows_isr = value & OCW3_ISR;
}

void vpic_chip_write(struct vpic_chip *c, bool a0, uint8_t value)
{
	if (!a0 && value & ICW1)
		begin(c, value);
	else if (!a0 && value & OCW3)
		write_ocw3(c, value);
	else if (!a0)
		write_ocw2(c, value);
	else if (c->expects)
		go_on(c, value);
	else
		c->imr = value;
}

static uint8_t poll(struct vpic_chip *c)
{
	int input = vpic_chip_request(c);

	c->poll = false;
	if (input < 0)
		return 0;
	vpic_chip_ack(c, input);
	return POLL_REQUEST | input;
}

uint8_t vpic_chip_read(struct vpic_chip *c, bool a0)
{
	if (c->poll)
		return poll(c);
	if (a0)
		return c->imr;
	return c->shows_isr ? c->isr : c->irr;
}
