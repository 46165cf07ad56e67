/* See lineedit.h. */
#include "guests/service/lineedit.h"

#define KEY_CTRL_C    0x03
#define KEY_BACKSPACE 0x08
#define KEY_CTRL_U    0x15
#define KEY_CTRL_W    0x17
#define KEY_ESC       0x1b
#define KEY_DELETE    0x7f

void lineedit_clear(struct lineedit *e)
{
	e->length = 0;
	e->text[0] = 0;
}

static void erase_last(struct lineedit *e, lineedit_echo_fn *echo)
{
	if (!e->length)
		return;
	e->text[--e->length] = 0;
	echo("\b \b", 3);
}

static void erase_word(struct lineedit *e, lineedit_echo_fn *echo)
{
	while (e->length && e->text[e->length - 1] == ' ')
		erase_last(e, echo);
	while (e->length && e->text[e->length - 1] != ' ')
		erase_last(e, echo);
}

static void add(struct lineedit *e, char key, lineedit_echo_fn *echo)
{
	if (e->length + 1 == sizeof(e->text)) {
		echo("\a", 1);
		return;
	}
	e->text[e->length++] = key;
	e->text[e->length] = 0;
	echo(&key, 1);
}

/* True if the key belongs to an escape sequence: ESC, then one key, or "[" and keys up to a letter
   or "~" (ECMA-48 5.4: the final byte is 0x40..0x7e). */
static int in_escape(struct lineedit *e, char key)
{
	if (key == KEY_ESC) {
		e->escape = 1;
		return 1;
	}
	if (!e->escape)
		return 0;
	if (e->escape == 1 && key == '[')
		e->escape = 2;
	else if (e->escape == 1 || (key >= 0x40 && key <= 0x7e))
		e->escape = 0;
	return 1;
}

enum lineedit_result lineedit_key(struct lineedit *e, char key, lineedit_echo_fn *echo)
{
	int was_cr = e->was_cr;

	e->was_cr = key == '\r';
	if (in_escape(e, key) || (key == '\n' && was_cr))
		return LINEEDIT_MORE;
	switch (key) {
	case '\r':
	case '\n': echo("\n", 1); return LINEEDIT_DONE;
	case KEY_CTRL_C:
		echo("^C\n", 3);
		lineedit_clear(e);
		return LINEEDIT_CANCEL;
	case KEY_BACKSPACE:
	case KEY_DELETE: erase_last(e, echo); break;
	case KEY_CTRL_U:
		while (e->length)
			erase_last(e, echo);
		break;
	case KEY_CTRL_W: erase_word(e, echo); break;
	default:
		if (key >= ' ')
			add(e, key, echo);
	}
	return LINEEDIT_MORE;
}
