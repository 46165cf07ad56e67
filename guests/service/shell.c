/* See shell.h. */
#include "guests/service/shell.h"

#include "guests/service/lineedit.h"
#include "lib/format.h"
#include "lib/string.h"

static const struct verb *table;
static void (*terminal)(const char *text, size_t bytes);
static struct lineedit edit;

void shell_init(const struct verb *verbs, void (*write)(const char *, size_t))
{
	table = verbs;
	terminal = write;
	edit = (struct lineedit){ 0 };
}

void shell_print(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	size_t bytes = format_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	terminal(text, bytes);
}

void shell_prompt(void)
{
	terminal(SHELL_PROMPT, strlen(SHELL_PROMPT));
}

static void show(void *arg, const char *text, size_t bytes)
{
	if (bytes)
		terminal(text, bytes);
}

void shell_run(char *line)
{
	struct answer a = { .write = show };

	verb_run_line(table, line, &a);
	if (a.error[0])
		shell_print("%s\n", a.error);
	if (a.after)
		a.after(a.after_detail);
}

void shell_key(char key, bool fresh)
{
	if (fresh) {
		shell_prompt();
		terminal(edit.text, edit.length);
	}
	switch (lineedit_key(&edit, key, terminal)) {
	case LINEEDIT_DONE:
		shell_run(edit.text);
		lineedit_clear(&edit);
		shell_prompt();
		break;
	case LINEEDIT_CANCEL: shell_prompt(); break;
	case LINEEDIT_MORE: break;
	}
}
