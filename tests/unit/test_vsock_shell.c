// sources: guests/service/vsock_shell.c guests/service/verb.c guests/service/verb_help.c
// sources: guests/service/answer.c guests/service/json.c lib/string.c lib/format.c
/* The management shell's end of a guest's virtio socket: connection, credit, and what is refused.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/vsock_shell.h"

#define GUEST  3u
#define OTHER  4u
#define PORT   7000u
#define ROOM   65536u
#define PROMPT "bulkhead> "

static unsigned done;

static void verb_greet(struct answer *a, const struct request *r, int detail)
{
	answer_note(a, "hello, %s", r->what ? r->what : "nobody");
}

static void verb_flood(struct answer *a, const struct request *r, int detail)
{
	for (unsigned i = 0; i < 1000; i++)
		answer_note(a, "%060u", i);
}

static void finish(int detail)
{
	done += (unsigned)detail;
}

static void verb_end(struct answer *a, const struct request *r, int detail)
{
	answer_note(a, "ends");
	a->after = finish;
	a->after_detail = 5;
}

static const struct verb verbs[] = {
	{ "greet", "w", "all", "says hello", "greet you", verb_greet, 0 },
	{ "flood", "", "all", "says much", "flood", verb_flood, 0 },
	{ "end", "", "all", "ends", "end", verb_end, 0 },
	{ 0 },
};

static bool sends_to(uint32_t port, uint64_t cid, enum vsock_op op, const char *text,
		     uint32_t flags)
{
	const struct vsock_header h = {
		.from_cid = cid,
		.to_cid = VSOCK_CID_HOST,
		.from_port = PORT,
		.to_port = port,
		.bytes = (uint32_t)strlen(text),
		.type = VSOCK_TYPE_STREAM,
		.op = (uint16_t)op,
		.flags = flags,
		.buffer = ROOM,
	};

	return vsock_shell_take(&h, text);
}

static bool sends(enum vsock_op op, const char *text, uint32_t flags)
{
	return sends_to(VSOCK_SHELL_PORT, GUEST, op, text, flags);
}

/* The next packet must be this. Data is taken `piece` bytes at a time. */
static void comes(enum vsock_op op)
{
	struct vsock_header h;
	const char *data;

	assert_true(vsock_shell_next(GUEST, &h, &data));
	assert_int_equal(h.op, op);
	assert_int_equal(h.to_cid, GUEST);
	assert_int_equal(h.to_port, PORT);
	assert_int_equal(h.buffer, VSOCK_SHELL_BYTES);
	vsock_shell_sent(&h, 0);
}

static void nothing_comes(void)
{
	struct vsock_header h;
	const char *data;

	assert_false(vsock_shell_next(GUEST, &h, &data));
}

/* All data that comes, in pieces. */
static const char *says(uint32_t piece)
{
	static char text[65536];
	struct vsock_header h;
	const char *data;
	size_t bytes = 0;

	while (vsock_shell_next(GUEST, &h, &data) && h.op == VSOCK_OP_DATA) {
		uint32_t n = MIN(h.bytes, piece);

		memcpy(text + bytes, data, n);
		bytes += n;
		vsock_shell_sent(&h, n);
	}
	text[bytes] = 0;
	return text;
}

static int connected(void **state)
{
	done = 0;
	vsock_shell_init(verbs);
	if (!sends(VSOCK_OP_REQUEST, "", 0))
		return -1;
	comes(VSOCK_OP_RESPONSE);
	return strcmp(says(3), PROMPT);
}

static void a_line_has_an_answer_and_a_prompt(void **state)
{
	assert_true(sends(VSOCK_OP_DATA, "greet me\r\n", 0));
	assert_string_equal(says(1000), "hello, me\n" PROMPT);
	assert_true(sends(VSOCK_OP_DATA, "gre", 0));
	nothing_comes();
	assert_true(sends(VSOCK_OP_DATA, "et\nnonsense\n", 0));
	assert_non_null(strstr(says(7), "hello, nobody\n" PROMPT "nonsense: "));
}

static void an_order_is_carried_out_when_its_answer_is_out(void **state)
{
	struct vsock_header h;
	const char *data;

	assert_true(sends(VSOCK_OP_DATA, "end\n", 0));
	assert_true(vsock_shell_next(GUEST, &h, &data));
	vsock_shell_sent(&h, h.bytes - 1);
	assert_int_equal(done, 0);
	assert_string_equal(says(1000), " ");
	assert_int_equal(done, 5);
}

static void no_more_is_sent_than_the_guest_has_room_for(void **state)
{
	struct vsock_header h = {
		.from_cid = GUEST,
		.to_cid = VSOCK_CID_HOST,
		.from_port = PORT,
		.to_port = VSOCK_SHELL_PORT,
		.bytes = 6,
		.type = VSOCK_TYPE_STREAM,
		.op = VSOCK_OP_DATA,
		.buffer = 14,
		.forwarded = sizeof(PROMPT) - 1,
	};

	assert_true(vsock_shell_take(&h, "greet\n"));
	assert_string_equal(says(1000), "hello, nobody\n");
	nothing_comes();
	h.op = VSOCK_OP_CREDIT_UPDATE;
	h.bytes = 0;
	h.forwarded += 14;
	assert_true(vsock_shell_take(&h, NULL));
	assert_string_equal(says(1000), PROMPT);
	assert_true(sends(VSOCK_OP_CREDIT_REQUEST, "", 0));
	comes(VSOCK_OP_CREDIT_UPDATE);
	nothing_comes();
}

static void a_guest_that_sends_no_more_gets_the_rest_and_the_end(void **state)
{
	assert_true(sends(VSOCK_OP_DATA, "greet a\ngreet b\ngreet c", 0));
	assert_true(sends(VSOCK_OP_SHUTDOWN, "", VSOCK_SHUTDOWN_SEND));
	assert_string_equal(says(5), "hello, a\n" PROMPT "hello, b\n" PROMPT "hello, c\n" PROMPT);
	comes(VSOCK_OP_SHUTDOWN);
	nothing_comes();
	assert_false(sends(VSOCK_OP_RESET, "", 0));
	assert_false(sends(VSOCK_OP_DATA, "greet\n", 0));
}

static void an_answer_is_cut_and_says_so(void **state)
{
	const char *text;

	assert_true(sends(VSOCK_OP_DATA, "flood\n", 0));
	text = says(4096);
	assert_non_null(strstr(text, "left out"));
	assert_string_equal(text + strlen(text) - strlen(PROMPT), PROMPT);
}

static void what_is_too_long_is_no_line(void **state)
{
	char text[VSOCK_SHELL_BYTES + 1];

	memset(text, 'x', sizeof(text));
	text[VSOCK_SHELL_BYTES] = 0;
	assert_true(sends(VSOCK_OP_DATA, text, 0));
	assert_string_equal(says(100), "a line is too long\n" PROMPT);
	/* More than its credit, while an answer waits. */
	assert_true(sends(VSOCK_OP_DATA, "greet\n", 0));
	assert_true(sends(VSOCK_OP_DATA, "greet\n", 0));
	assert_false(sends(VSOCK_OP_DATA, text, 0));
	nothing_comes();
}

static void only_one_guest_is_connected(void **state)
{
	assert_false(sends_to(VSOCK_SHELL_PORT, OTHER, VSOCK_OP_REQUEST, "", 0));
	assert_false(sends_to(VSOCK_SHELL_PORT, OTHER, VSOCK_OP_DATA, "end\n", 0));
	vsock_shell_gone(OTHER);
	assert_true(sends(VSOCK_OP_DATA, "greet\n", 0));
	assert_string_equal(says(1000), "hello, nobody\n" PROMPT);
	vsock_shell_gone(GUEST);
	assert_false(sends(VSOCK_OP_DATA, "greet\n", 0));
	assert_true(sends_to(VSOCK_SHELL_PORT, OTHER, VSOCK_OP_REQUEST, "", 0));
	nothing_comes();
}

static void what_no_stream_knows_ends_it(void **state)
{
	assert_false(sends((enum vsock_op)99, "", 0));
	assert_false(sends(VSOCK_OP_DATA, "greet\n", 0));
	assert_true(sends(VSOCK_OP_REQUEST, "", 0));
	assert_false(sends(VSOCK_OP_RESPONSE, "", 0));
	nothing_comes();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_has_an_answer_and_a_prompt, connected),
		cmocka_unit_test_setup(an_order_is_carried_out_when_its_answer_is_out, connected),
		cmocka_unit_test_setup(no_more_is_sent_than_the_guest_has_room_for, connected),
		cmocka_unit_test_setup(a_guest_that_sends_no_more_gets_the_rest_and_the_end,
				       connected),
		cmocka_unit_test_setup(an_answer_is_cut_and_says_so, connected),
		cmocka_unit_test_setup(what_is_too_long_is_no_line, connected),
		cmocka_unit_test_setup(only_one_guest_is_connected, connected),
		cmocka_unit_test_setup(what_no_stream_knows_ends_it, connected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
