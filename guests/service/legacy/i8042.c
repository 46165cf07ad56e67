/*
 * The commands that firmware and kernels send (IBM PS/2 technical reference, keyboard controller).
 */
#include "guests/service/legacy/i8042.h"

#include "lib/bits.h"

#define STATUS_FULL    0x01u /* of the output buffer */
#define STATUS_SYSTEM  0x04u /* self test passed */
#define STATUS_COMMAND 0x08u /* the last write was to the command port */
#define STATUS_ENABLED 0x10u /* no keyboard lock */
#define STATUS_MOUSE   0x20u /* the byte comes from there */
#define STATUS_TIMEOUT 0x40u

#define CONTROL_IRQ_KEYBOARD 0x01u
#define CONTROL_IRQ_MOUSE    0x02u
#define CONTROL_SYSTEM       0x04u
#define CONTROL_NO_KEYBOARD  0x10u
#define CONTROL_NO_MOUSE     0x20u

#define OUTPUT_NO_RESET 0x01u
#define OUTPUT_A20      0x02u
#define RESEND          0xfeu /* what a controller makes of no answer */
#define SELF_TEST_GOOD  0x55u
#define INPUT_UNLOCKED  0x80u

enum {
	READ_CONTROL = 0x20,
	WRITE_CONTROL = 0x60,
	MOUSE_OFF = 0xa7,
	MOUSE_ON = 0xa8,
	MOUSE_TEST = 0xa9,
	SELF_TEST = 0xaa,
	KEYBOARD_TEST = 0xab,
	KEYBOARD_OFF = 0xad,
	KEYBOARD_ON = 0xae,
	READ_INPUT = 0xc0,
	READ_OUTPUT = 0xd0,
	WRITE_OUTPUT = 0xd1,
	FROM_KEYBOARD = 0xd2,
	FROM_MOUSE = 0xd3,
	TO_MOUSE = 0xd4,
};

void i8042_power_on(struct i8042 *k)
{
	*k = (struct i8042){ .control = CONTROL_SYSTEM | CONTROL_NO_MOUSE };
}

static void answer(struct i8042 *k, uint8_t value, unsigned with)
{
	k->out = value;
	k->status = (uint8_t)((k->status & STATUS_COMMAND) | STATUS_FULL | with);
}

static void command(struct i8042 *k, uint8_t value)
{
	k->command = 0;
	switch (value) {
	case READ_CONTROL: answer(k, k->control, 0); break;
	case MOUSE_OFF: k->control |= CONTROL_NO_MOUSE; break;
	case MOUSE_ON: k->control &= (uint8_t)~CONTROL_NO_MOUSE; break;
	case SELF_TEST: answer(k, SELF_TEST_GOOD, 0); break;
	case MOUSE_TEST:
	case KEYBOARD_TEST: answer(k, 0, 0); break;
	case KEYBOARD_OFF: k->control |= CONTROL_NO_KEYBOARD; break;
	case KEYBOARD_ON: k->control &= (uint8_t)~CONTROL_NO_KEYBOARD; break;
	case READ_INPUT: answer(k, INPUT_UNLOCKED, 0); break;
	case READ_OUTPUT: answer(k, OUTPUT_NO_RESET | OUTPUT_A20, 0); break;
	case WRITE_CONTROL:
	case WRITE_OUTPUT:
	case FROM_KEYBOARD:
	case FROM_MOUSE:
	case TO_MOUSE: k->command = value; break;
	default: break;
	}
}

/* With no command before it the byte is for the keyboard. */
static void data(struct i8042 *k, uint8_t value)
{
	switch (k->command) {
	case WRITE_CONTROL: k->control = value; break;
	case WRITE_OUTPUT: break; /* A20 is always on */
	case FROM_KEYBOARD: answer(k, value, 0); break;
	case FROM_MOUSE: answer(k, value, STATUS_MOUSE); break;
	case TO_MOUSE: answer(k, RESEND, STATUS_MOUSE | STATUS_TIMEOUT); break;
	default: answer(k, RESEND, STATUS_TIMEOUT);
	}
	k->command = 0;
}

uint8_t i8042_read(struct i8042 *k, bool command)
{
	if (command)
		return k->status | STATUS_ENABLED | (k->control & CONTROL_SYSTEM);
	k->status &= STATUS_COMMAND;
	return k->out;
}

void i8042_write(struct i8042 *k, bool to_command, uint8_t value)
{
	k->status = (uint8_t)((k->status & ~STATUS_COMMAND) | (to_command ? STATUS_COMMAND : 0));
	if (to_command)
		command(k, value);
	else
		data(k, value);
}

bool i8042_line(const struct i8042 *k, bool mouse)
{
	bool from_mouse = k->status & STATUS_MOUSE;
	unsigned enable = mouse ? CONTROL_IRQ_MOUSE : CONTROL_IRQ_KEYBOARD;

	return k->status & STATUS_FULL && from_mouse == mouse && k->control & enable;
}
