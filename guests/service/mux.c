/* See mux.h. The terminal is raw: every line end sent to it is "\r\n". */
#include "guests/service/mux.h"

#include "guests/service/kept.h"
#include "lib/bits.h"
#include "lib/string.h"

#define ESC       0x1b
#define STEP_ROOM (3 * MUX_LINE) /* more than a step becomes with line ends and a name */
#define MUX_MAGIC (0x58554d4b4c42ull + ((uint64_t)KEPT_VERSION << 48)) /* it is kept, too */

/* --- towards the terminal ----------------------------------------------------------------- */

static void put_byte(struct mux *m, char c)
{
	if (m->out_head - m->out_tail == MUX_OUT) {
		m->lost++;
		return;
	}
	m->out[m->out_head++ % MUX_OUT] = c;
	m->last_out = c;
}

/* As it is, but for a "\n" that lacks its "\r". */
static void put(struct mux *m, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\n' && m->last_out != '\r')
			put_byte(m, '\r');
		put_byte(m, text[i]);
	}
}

static void put_text(struct mux *m, const char *text)
{
	put(m, text, strlen(text));
}

size_t mux_room(const struct mux *m)
{
	return MUX_OUT - (size_t)(m->out_head - m->out_tail);
}

size_t mux_pending(const struct mux *m, const char **text)
{
	size_t at = m->out_tail % MUX_OUT;
	size_t bytes = (size_t)(m->out_head - m->out_tail);

	*text = m->out + at;
	return bytes < MUX_OUT - at ? bytes : MUX_OUT - at;
}

void mux_taken(struct mux *m, size_t bytes)
{
	m->out_tail += bytes;
}

/* Ends the unfinished line of another source, if the terminal stands in one. */
static void claim_line(struct mux *m, int source)
{
	if (m->open != MUX_NONE && m->open != source)
		put_text(m, "\n");
	if (m->open != source)
		m->open = MUX_NONE;
}

/* --- sources ------------------------------------------------------------------------------ */

static void add_built_in(struct mux *m, const struct mux_ops *ops)
{
	m->ops = ops;
	m->sources = 0;
	mux_add(m, "shell", MUX_NO_DOMAIN);
	mux_add(m, "hv", MUX_NO_DOMAIN);
}

void mux_init(struct mux *m, const struct mux_ops *ops)
{
	memset(m, 0, sizeof(*m));
	m->view = MUX_ALL;
	m->open = MUX_NONE;
	m->bytes = sizeof(*m);
	m->magic = MUX_MAGIC;
	add_built_in(m, ops);
}

/* Whether every index can be used as it is. */
static bool makes_sense(const struct mux *m)
{
	if (m->magic != MUX_MAGIC || m->bytes != sizeof(*m) || m->view < MUX_ALL ||
	    m->view >= MUX_SOURCES || m->open < MUX_NONE || m->open >= MUX_SOURCES ||
	    m->out_head - m->out_tail > MUX_OUT)
		return false;
	for (unsigned i = 0; i < MUX_SOURCES; i++)
		if (m->source[i].length >= MUX_LINE || m->source[i].shown > m->source[i].length)
			return false;
	return true;
}

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

/* Others have written to the terminal since: what it has of a line whose rest still waits here
   comes again, so that the line is whole. */
static void rewind_line(struct mux *m)
{
	uint64_t oldest = m->out_head > MUX_OUT ? m->out_head - MUX_OUT : 0;

	if (m->out_tail == m->out_head)
		m->open = MUX_NONE;
	else if (!is_line_end(m->out[m->out_tail % MUX_OUT]))
		while (m->out_tail > oldest && m->out[(m->out_tail - 1) % MUX_OUT] != '\n')
			m->out_tail--;
}

/* --- steps -------------------------------------------------------------------------------- */

/* A death falls between two instructions: the compiler alone could change the order. */
static void step_set(struct mux *m, uint32_t on)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	m->step.on = on;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void step_begin(struct mux *m, unsigned source)
{
	const struct mux_source *s = &m->source[source];

	m->step = (struct mux_step){
		.source = source,
		.length = s->length,
		.shown = s->shown,
		.written = s->written,
		.taken = s->taken,
		.out_head = m->out_head,
		.escape = s->escape,
		.open = m->open,
		.last_out = m->last_out,
	};
	step_set(m, 1);
}

static void step_undo(struct mux *m)
{
	const struct mux_step *step = &m->step;
	struct mux_source *s = &m->source[step->source % MUX_SOURCES];

	if (!step->on)
		return;
	s->length = step->length;
	s->shown = step->shown;
	s->written = step->written;
	s->taken = step->taken;
	s->escape = step->escape;
	m->out_head = step->out_head;
	m->open = step->open;
	m->last_out = step->last_out;
	step_set(m, 0);
}

/* Up to a line's end, and no more than the line has room for: so nothing of it is overwritten that
   was there before the step. */
static size_t step_bytes(const struct mux_source *s, const char *text, size_t bytes)
{
	size_t n = 0, most = MIN(bytes, MUX_LINE - s->length);

	while (n < most && text[n++] != '\n')
		;
	return n;
}

bool mux_is_full(const struct mux *m)
{
	return mux_room(m) < STEP_ROOM;
}

void mux_take(struct mux *m, unsigned source, uint64_t position, const char *text, size_t bytes)
{
	struct mux_source *s = &m->source[source];

	while (bytes && !mux_is_full(m)) {
		size_t n = step_bytes(s, text, bytes);

		step_begin(m, source);
		mux_output(m, source, text, n);
		position += n;
		s->taken = position;
		step_set(m, 0);
		text += n;
		bytes -= n;
	}
}

/* --- start over --------------------------------------------------------------------------- */

bool mux_resume(struct mux *m, const struct mux_ops *ops)
{
	step_undo(m);
	if (!makes_sense(m)) {
		mux_init(m, ops);
		return false;
	}
	rewind_line(m);
	m->escaped = false;
	m->source[MUX_LOG].length = 0;
	m->source[MUX_LOG].written = 0;
	m->source[MUX_LOG].taken = 0;
	add_built_in(m, ops);
	return true;
}

int mux_add(struct mux *m, const char *name, uint32_t domain)
{
	struct mux_source *s = &m->source[m->sources];
	char as_kept[MUX_NAME];

	if (m->sources == MUX_SOURCES)
		return MUX_NONE;
	str_copy(as_kept, name, MUX_NAME);
	if (s->domain != domain || strncmp(s->name, as_kept, MUX_NAME)) {
		memset(s, 0, sizeof(*s));
		str_copy(s->name, as_kept, MUX_NAME);
		s->domain = domain;
	}
	return (int)m->sources++;
}

int mux_find(const struct mux *m, uint32_t domain)
{
	for (unsigned i = MUX_FIRST_DOMAIN; i < m->sources; i++) {
		if (m->source[i].domain == domain)
			return (int)i;
	}
	return MUX_NONE;
}

void mux_remember(struct mux *m, unsigned source, const char *text, size_t bytes)
{
	struct mux_source *s = &m->source[source];

	for (size_t i = 0; i < bytes; i++)
		s->backlog[s->written++ % MUX_BACKLOG] = text[i];
}

size_t mux_backlog(const struct mux *m, unsigned source, uint64_t *position, char *buf, size_t size)
{
	const struct mux_source *s = &m->source[source];
	uint64_t oldest = s->written > MUX_BACKLOG ? s->written - MUX_BACKLOG : 0;
	size_t n;

	if (*position < oldest || *position > s->written)
		*position = oldest;
	for (n = 0; n < size && *position < s->written; n++, (*position)++)
		buf[n] = s->backlog[*position % MUX_BACKLOG];
	return n;
}

static void show_backlog(struct mux *m, struct mux_source *s)
{
	uint64_t from = s->written > MUX_BACKLOG ? s->written - MUX_BACKLOG : 0;

	for (; from < s->written; from++)
		put(m, &s->backlog[from % MUX_BACKLOG], 1);
}

/* --- view "all" --------------------------------------------------------------------------- */

/* What is gathered of the line: what is new of it where the terminal stands in it already, else
   all, with the prefix. */
static void show_gathered(struct mux *m, unsigned source)
{
	struct mux_source *s = &m->source[source];

	claim_line(m, (int)source);
	if (m->open != (int)source) {
		put_text(m, "[");
		put_text(m, s->name);
		put_text(m, "] ");
		s->shown = 0;
	}
	put(m, s->line + s->shown, s->length - s->shown);
	s->shown = s->length;
	m->open = (int)source;
}

static void forget_line(struct mux_source *s)
{
	s->length = 0;
	s->shown = 0;
}

static void end_line(struct mux *m, unsigned source)
{
	show_gathered(m, source);
	forget_line(&m->source[source]);
	put_text(m, "\n");
	m->open = MUX_NONE;
}

/* True for bytes that a line with a prefix must not contain: escape sequences would move the cursor
   or make the terminal answer into the shell. */
static bool is_control(struct mux_source *s, char c)
{
	if (c == ESC) {
		s->escape = 1;
		return true;
	}
	if (s->escape) {
		bool csi = s->escape == 1 && c == '[';
		bool ends = s->escape == 1 || (c >= 0x40 && c <= 0x7e);

		s->escape = csi ? 2 : ends ? 0 : 2;
		return true;
	}
	return (uint8_t)c < ' ' && c != '\t';
}

static void output_lines(struct mux *m, unsigned source, const char *text, size_t bytes)
{
	struct mux_source *s = &m->source[source];

	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\n') {
			s->escape = 0;
			end_line(m, source);
			continue;
		}
		if (is_control(s, text[i]))
			continue;
		s->line[s->length++] = text[i];
		if (s->length == MUX_LINE) {
			show_gathered(m, source);
			forget_line(s);
		}
	}
	s->quiet = false;
}

static void output_shell(struct mux *m, const char *text, size_t bytes)
{
	claim_line(m, MUX_SHELL);
	put(m, text, bytes);
	m->open = text[bytes - 1] == '\n' ? MUX_NONE : MUX_SHELL;
}

bool mux_has_unfinished(const struct mux *m)
{
	for (unsigned i = MUX_LOG; i < m->sources; i++) {
		if (m->view == MUX_ALL && m->source[i].length > m->source[i].shown)
			return true;
	}
	return false;
}

void mux_show_unfinished(struct mux *m)
{
	for (unsigned i = MUX_LOG; m->view == MUX_ALL && i < m->sources; i++) {
		struct mux_source *s = &m->source[i];

		if (s->quiet && s->length > s->shown)
			show_gathered(m, i);
		s->quiet = true;
	}
}

void mux_finish(struct mux *m)
{
	if (m->last_out != '\n')
		put_text(m, "\n");
	m->open = MUX_NONE;
}

void mux_output(struct mux *m, unsigned source, const char *text, size_t bytes)
{
	if (!bytes)
		return;
	mux_remember(m, source, text, bytes);
	if (m->view == (int)source)
		put(m, text, bytes);
	else if (m->view == MUX_ALL && source == MUX_SHELL)
		output_shell(m, text, bytes);
	else if (m->view == MUX_ALL)
		output_lines(m, source, text, bytes);
}

void mux_announce(struct mux *m, unsigned source, const char *text)
{
	bool hidden = m->view != MUX_ALL && m->view != (int)source;

	mux_output(m, source, text, strlen(text));
	if (!hidden)
		return;
	claim_line(m, MUX_NONE);
	put_text(m, "-- ");
	put_text(m, text);
}

/* --- keys --------------------------------------------------------------------------------- */

static const char help[] =
	"Ctrl-] and then:  a all consoles   s shell   l hypervisor log   1..9 domain of that "
	"number\n"
	"                  0 service domain   n next   ? this help   Ctrl-] sends the key itself\n";

void mux_select(struct mux *m, int view)
{
	claim_line(m, MUX_NONE);
	m->open = MUX_NONE;
	m->view = view;
	put_text(m, "-- ");
	put_text(m, view == MUX_ALL ? "all consoles" : m->source[view].name);
	put_text(m, " (Ctrl-] ? for help) --\n");
	if (view == MUX_ALL)
		return;
	forget_line(&m->source[view]);
	show_backlog(m, &m->source[view]);
	if (view == MUX_SHELL && !m->source[view].written)
		m->ops->to_shell(0, true);
}

static void select_domain(struct mux *m, uint32_t domain)
{
	int source = mux_find(m, domain);

	if (source == MUX_NONE)
		put_text(m, "-- no domain of this number; the shell's `list` shows them --\n");
	else
		mux_select(m, source);
}

static void command_key(struct mux *m, char key)
{
	switch (key) {
	case 'a': mux_select(m, MUX_ALL); break;
	case 's': mux_select(m, MUX_SHELL); break;
	case 'l': mux_select(m, MUX_LOG); break;
	case 'n': mux_select(m, m->view + 1 == (int)m->sources ? MUX_ALL : m->view + 1); break;
	default:
		if (key >= '0' && key <= '9') {
			select_domain(m, (uint32_t)(key - '0'));
			break;
		}
		claim_line(m, MUX_NONE);
		put_text(m, help);
	}
}

static void plain_key(struct mux *m, char key)
{
	if (m->view >= MUX_FIRST_DOMAIN)
		m->ops->to_domain((unsigned)m->view, key);
	else if (m->view != MUX_LOG)
		m->ops->to_shell(key, m->view == MUX_ALL && m->open != MUX_SHELL);
}

void mux_key(struct mux *m, char key)
{
	if (m->escaped) {
		m->escaped = false;
		if (key == MUX_ESCAPE)
			plain_key(m, key);
		else
			command_key(m, key);
	} else if (key == MUX_ESCAPE) {
		m->escaped = true;
	} else {
		plain_key(m, key);
	}
}
