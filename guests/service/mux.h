/*
 * The console multiplexer, pure: many sources of text, one terminal. One view is selected:
 *
 *   all       every source by lines, "[name] " in front; keys go to the shell
 *   shell     the shell alone
 *   log       the hypervisor's log alone
 *   a domain  its bytes as they come, both ways
 *
 * The escape key (Ctrl-]) and one more key change the view. Each source keeps its last MUX_BACKLOG
 * bytes, which are shown when it is selected. What the terminal shall get is queued here; console.c
 * carries it to the serial port.
 */
#ifndef GUESTS_SERVICE_MUX_H
#define GUESTS_SERVICE_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUX_SOURCES   20
#define MUX_NAME      32
#define MUX_LINE      256
#define MUX_BACKLOG   4096
#define MUX_OUT       32768 /* a power of two */
#define MUX_NO_DOMAIN 0xffffffffu
#define MUX_ESCAPE    0x1d /* Ctrl-] */

enum { MUX_SHELL = 0, MUX_LOG = 1, MUX_FIRST_DOMAIN = 2, MUX_ALL = -1, MUX_NONE = -2 };

struct mux_source {
	char name[MUX_NAME];
	uint32_t domain;
	/* View "all": the line that has not ended yet, without control characters. A line that
	   another source broke is shown again from its start, so every line is whole somewhere. */
	char line[MUX_LINE];
	size_t length, shown; /* bytes of it; of these on the terminal */
	bool quiet;           /* nothing came since mux_show_unfinished looked last */
	int escape;           /* inside an escape sequence of the source */
	/* The last bytes as they came. */
	char backlog[MUX_BACKLOG];
	uint64_t written; /* bytes ever; the ring's write position modulo its size */
	uint64_t taken;   /* position in the domain's own output up to which it is in here */
};

/* What a step of mux_take() changes, as it was before: an instance that dies in the middle of one
   has not begun it. */
struct mux_step {
	uint32_t on; /* stored last at the begin, first at the end */
	uint32_t source;
	size_t length, shown;
	uint64_t written, taken, out_head;
	int escape, open;
	char last_out;
};

/* Where keys go; 0 is none. `fresh`: the shell's prompt is not, or no longer, the last line on the
   terminal. */
struct mux_ops {
	void (*to_shell)(char key, bool fresh);
	void (*to_domain)(unsigned source, char key);
};

struct mux {
	uint64_t magic;
	uint32_t bytes; /* of this struct */
	const struct mux_ops *ops;
	struct mux_source source[MUX_SOURCES];
	unsigned sources;
	int view;      /* a source, or MUX_ALL */
	int open;      /* source whose unfinished line is the terminal's last, or MUX_NONE */
	bool escaped;  /* the escape key came: the next key is a command */
	char last_out; /* for "\n" -> "\r\n" */
	char out[MUX_OUT];
	uint64_t out_head, out_tail; /* bytes ever queued, bytes ever taken */
	uint64_t lost;               /* bytes for which there was no room */
	unsigned turn;               /* of the sources from MUX_LOG on: who is read first */
	struct mux_step step;
};

/* Starts with the shell and the log as sources and the view "all". */
void mux_init(struct mux *m, const struct mux_ops *ops);

/* Takes up what an earlier instance left in *m, if it makes sense, else starts anew: the view, the
   lines that have not ended, the backlogs and what the terminal has not got yet. True if it did.
   The domains are then added as before; one that is another loses what was there. */
bool mux_resume(struct mux *m, const struct mux_ops *ops);

/* Adds a domain; its index, or MUX_NONE when all are taken. */
int mux_add(struct mux *m, const char *name, uint32_t domain);

/* The source of a domain number, or MUX_NONE. */
int mux_find(const struct mux *m, uint32_t domain);

/* What lies at that position of a source's own output, as far as there is room. It is in here, and
   `taken` behind it, all at once by steps of at most a line, whenever this instance dies. */
void mux_take(struct mux *m, unsigned source, uint64_t position, const char *text, size_t bytes);

/* There is no room for a step. */
bool mux_is_full(const struct mux *m);

/* Text from a source. */
void mux_output(struct mux *m, unsigned source, const char *text, size_t bytes);

/* Text from a source that shall be in its backlog only. */
void mux_remember(struct mux *m, unsigned source, const char *text, size_t bytes);

/* What a source said from byte *position on (of all that it ever said), as far as it is kept and
   has room; *position is behind it then. Returns the bytes. */
size_t mux_backlog(const struct mux *m, unsigned source, uint64_t *position, char *buf,
		   size_t size);

/* A line that is shown in every view. */
void mux_announce(struct mux *m, unsigned source, const char *text);

/* One key of the terminal. */
void mux_key(struct mux *m, char key);

/* Changes the view and shows the backlog of what is selected. */
void mux_select(struct mux *m, int view);

/* Shows in view "all" the unfinished lines (a prompt) of sources that said nothing since the last
   call; called every so often while mux_has_unfinished(). */
void mux_show_unfinished(struct mux *m);
bool mux_has_unfinished(const struct mux *m);

/* The terminal's last line is ended: for others who print there next. */
void mux_finish(struct mux *m);

/* What the terminal shall get next: its bytes at *text, as many as lie in one piece. */
size_t mux_pending(const struct mux *m, const char **text);
void mux_taken(struct mux *m, size_t bytes);
size_t mux_room(const struct mux *m);

#endif
