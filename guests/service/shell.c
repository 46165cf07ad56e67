/* See shell.h. */
#include "guests/service/shell.h"

#include "guests/service/lineedit.h"
#include "lib/format.h"
#include "lib/string.h"

static const struct shell_command *table;
static void (*terminal)(const char *text, size_t bytes);
static struct lineedit edit;

void shell_init(const struct shell_command *commands, void (*write)(const char *, size_t))
{
	table = commands;
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

static const struct shell_command *find(const char *name)
{
	for (const struct shell_command *c = table; c->name; c++) {
		if (!strcmp(c->name, name))
			return c;
	}
	return NULL;
}

/* For a mistyped name: the first command that begins with the same letter. */
static const struct shell_command *find_similar(const char *name)
{
	for (const struct shell_command *c = table; c->name; c++) {
		if (c->help && c->name[0] == name[0])
			return c;
	}
	return NULL;
}

static void unknown(const char *name)
{
	const struct shell_command *like = find_similar(name);

	shell_print("%.40s: no such command; ", name);
	if (like)
		shell_print("did you mean `%s`? ", like->name);
	shell_print("`help` lists them all\n");
}

static void help(void)
{
	for (const struct shell_command *c = table; c->name; c++) {
		if (c->help)
			shell_print("  %-9s %-7s %s\n", c->name, c->args, c->help);
	}
	shell_print("  %-9s %-7s %s\n", "help", "", "this list; Ctrl-] ? for the console keys");
}

static unsigned split(char *line, char *word[SHELL_WORDS])
{
	unsigned words = 0;

	while (words < SHELL_WORDS) {
		while (*line == ' ')
			*line++ = 0;
		if (!*line)
			break;
		word[words++] = line;
		while (*line && *line != ' ')
			line++;
	}
	return words;
}

void shell_run(char *line)
{
	char *word[SHELL_WORDS];
	unsigned words = split(line, word);

	if (!words)
		return;
	if (!strcmp(word[0], "help")) {
		help();
		return;
	}
	const struct shell_command *c = find(word[0]);
	unsigned most = c && c->args[0] ? 2 : 1;
	unsigned least = c && c->args[0] && c->args[0] != '[' ? 2 : 1;

	if (!c)
		unknown(word[0]);
	else if (words < least || words > most)
		shell_print("usage: %s %s\n", c->name, c->args);
	else
		c->run(words > 1 ? word[1] : NULL, c->detail);
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
