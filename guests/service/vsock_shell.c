/*
 * See vsock_shell.h. A line is run when the answer to the one before is out: until then it waits in
 * the buffer whose size is the guest's credit (virtio 1.2, 5.10.6.3).
 */
#include "guests/service/vsock_shell.h"

#include "guests/service/shell.h"
#include "lib/string.h"

#define ANSWER_BYTES 32768
#define TOO_LONG     "\nthe rest is left out: it is too long\n"

static const struct verb *table;

/* The connection. */
static struct {
	enum { NONE, OPEN, CLOSING, CLOSED } state; /* CLOSED: the guest has yet to agree */
	uint64_t cid;
	uint32_t port;
	uint32_t room, taken;    /* what the guest says of its buffer */
	uint32_t sent, received; /* bytes since the beginning; received: that were read here */
	bool respond, update;    /* packets that are due */
	size_t in_bytes;
	size_t out_at, out_bytes;
	bool cut;
	void (*after)(int detail);
	int after_detail;
} shell;

static char in[VSOCK_SHELL_BYTES];
static char out[ANSWER_BYTES + sizeof(TOO_LONG) + sizeof(SHELL_PROMPT)];

void vsock_shell_init(const struct verb *verbs)
{
	table = verbs;
	shell.state = NONE;
}

static void append(const char *text, size_t bytes)
{
	memcpy(out + shell.out_bytes, text, bytes);
	shell.out_bytes += bytes;
}

/* What a verb says. */
static void say(void *arg, const char *text, size_t bytes)
{
	size_t n = MIN(bytes, ANSWER_BYTES - MIN(shell.out_bytes, (size_t)ANSWER_BYTES));

	append(text, n);
	shell.cut |= n < bytes;
}

static void prompt(void)
{
	if (shell.cut)
		append(TOO_LONG, strlen(TOO_LONG));
	append(SHELL_PROMPT, strlen(SHELL_PROMPT));
	shell.cut = false;
}

static void run(char *line)
{
	struct answer a = { .write = say, .arg = &shell };

	verb_run_line(table, line, &a);
	if (a.error[0]) {
		say(NULL, a.error, strlen(a.error));
		say(NULL, "\n", 1);
	}
	shell.after = a.after;
	shell.after_detail = a.after_detail;
	prompt();
}

/* The first `bytes` of what came are read. */
static void drop(size_t bytes)
{
	shell.in_bytes -= bytes;
	memmove(in, in + bytes, shell.in_bytes);
	shell.received += (uint32_t)bytes;
}

/* The next line, if there is a whole one and nothing is left to say about the last. What stands
   before the end of all is one, too. */
static void next_line(void)
{
	static char line[VSOCK_SHELL_BYTES];
	size_t n = 0;

	if (shell.out_bytes || shell.after)
		return;
	while (n < shell.in_bytes && in[n] != '\n')
		n++;
	if (n == sizeof(in)) {
		drop(n);
		say(NULL, "a line is too long\n", 19);
		prompt();
	} else if (n < shell.in_bytes || (n && shell.state == CLOSING)) {
		memcpy(line, in, n);
		line[n && line[n - 1] == '\r' ? n - 1 : n] = 0;
		drop(MIN(n + 1, shell.in_bytes));
		run(line);
	}
}

static bool open(const struct vsock_header *h)
{
	bool same = h->from_cid == shell.cid && h->from_port == shell.port;

	if (h->bytes || ((shell.state == OPEN || shell.state == CLOSING) && !same))
		return false;
	memset(&shell, 0, sizeof(shell));
	shell.state = OPEN;
	shell.cid = h->from_cid;
	shell.port = h->from_port;
	shell.respond = true;
	prompt();
	return true;
}

/* A half that the guest closes: what it has asked for is still answered. */
static bool shut(uint32_t flags)
{
	if (flags & VSOCK_SHUTDOWN_RECEIVE)
		return false;
	if (flags & VSOCK_SHUTDOWN_SEND && shell.state == OPEN) {
		shell.state = CLOSING;
		next_line();
	}
	return true;
}

static bool take_data(const struct vsock_header *h, const char *data)
{
	if (shell.state != OPEN || h->bytes > sizeof(in) - shell.in_bytes)
		return false;
	memcpy(in + shell.in_bytes, data, h->bytes);
	shell.in_bytes += h->bytes;
	next_line();
	return true;
}

static bool take(const struct vsock_header *h, const char *data)
{
	shell.room = h->buffer;
	shell.taken = h->forwarded;
	switch (h->op) {
	case VSOCK_OP_DATA: return take_data(h, data);
	case VSOCK_OP_SHUTDOWN: return shut(h->flags);
	case VSOCK_OP_CREDIT_UPDATE: return true;
	case VSOCK_OP_CREDIT_REQUEST: shell.update = true; return true;
	default: return false;
	}
}

bool vsock_shell_take(const struct vsock_header *h, const char *data)
{
	if (h->op == VSOCK_OP_REQUEST) {
		if (!open(h))
			return false;
		shell.room = h->buffer;
		shell.taken = h->forwarded;
		return true;
	}
	if (shell.state == NONE || h->from_cid != shell.cid || h->from_port != shell.port)
		return false;
	if (take(h, data))
		return true;
	shell.state = NONE;
	return false;
}

/* Bytes of the answer that the guest has room for. */
static uint32_t sendable(void)
{
	uint32_t under_way = shell.sent - shell.taken;
	uint32_t room = shell.room > under_way ? shell.room - under_way : 0;

	return (uint32_t)MIN(shell.out_bytes - shell.out_at, (size_t)room);
}

static enum vsock_op next_op(void)
{
	if (shell.respond)
		return VSOCK_OP_RESPONSE;
	if (shell.state != CLOSED && sendable())
		return VSOCK_OP_DATA;
	if (shell.state == CLOSING && !shell.out_bytes)
		return VSOCK_OP_SHUTDOWN;
	return shell.update ? VSOCK_OP_CREDIT_UPDATE : 0;
}

bool vsock_shell_next(uint64_t cid, struct vsock_header *h, const char **data)
{
	enum vsock_op op = shell.state != NONE && shell.cid == cid ? next_op() : 0;

	*h = (struct vsock_header){
		.from_cid = VSOCK_CID_HOST,
		.to_cid = cid,
		.from_port = VSOCK_SHELL_PORT,
		.to_port = shell.port,
		.bytes = op == VSOCK_OP_DATA ? sendable() : 0,
		.type = VSOCK_TYPE_STREAM,
		.op = (uint16_t)op,
		.flags = op == VSOCK_OP_SHUTDOWN ? VSOCK_SHUTDOWN_RECEIVE | VSOCK_SHUTDOWN_SEND : 0,
		.buffer = sizeof(in),
		.forwarded = shell.received,
	};
	*data = out + shell.out_at;
	return op;
}

static void data_sent(uint32_t bytes)
{
	void (*after)(int) = shell.after;

	shell.sent += bytes;
	shell.out_at += bytes;
	if (shell.out_at < shell.out_bytes)
		return;
	shell.out_at = shell.out_bytes = 0;
	shell.after = NULL;
	if (after)
		after(shell.after_detail);
	next_line();
}

void vsock_shell_sent(const struct vsock_header *h, uint32_t bytes)
{
	switch (h->op) {
	case VSOCK_OP_RESPONSE: shell.respond = false; break;
	case VSOCK_OP_DATA: data_sent(bytes); break;
	case VSOCK_OP_SHUTDOWN: shell.state = CLOSED; break;
	default: shell.update = false;
	}
}

void vsock_shell_gone(uint64_t cid)
{
	if (shell.cid == cid)
		shell.state = NONE;
}
