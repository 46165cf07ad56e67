/*
 * Output processing is left alone: the hypervisor sends carriage returns of its own.
 */
#include "tools/bh/terminal.h"

#include <termios.h>
#include <unistd.h>

#define CTRL_A 1

static struct termios saved;
static bool is_terminal;

void terminal_save(void)
{
	is_terminal = tcgetattr(STDIN_FILENO, &saved) == 0;
}

void terminal_raw(bool signals)
{
	struct termios t = saved;

	if (!is_terminal)
		return;
	t.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	t.c_lflag &= ~(ECHO | ECHONL | ICANON | IEXTEN);
	if (!signals)
		t.c_lflag &= ~ISIG;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

void terminal_restore(void)
{
	if (is_terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

bool terminal_escape(bool *escape, char *keys, size_t *bytes)
{
	size_t kept = 0;

	for (size_t i = 0; i < *bytes; i++) {
		if (!*escape && keys[i] == CTRL_A) {
			*escape = true;
			continue;
		}
		if (*escape && keys[i] == 'x')
			return false;
		if (!*escape || keys[i] == CTRL_A)
			keys[kept++] = keys[i];
		*escape = false;
	}
	*bytes = kept;
	return true;
}
