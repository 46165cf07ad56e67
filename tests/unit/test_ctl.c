// sources: tools/bh/ctl.c tools/bh/ctl_image.c tools/bh/values.c guests/service/json.c
// sources: guests/service/base64.c vmm/load_elf.c lib/string.c
// flags: -D_GNU_SOURCE
/* bh ctl: words become a request that the other side's reader takes; the link is the test's. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/base64.h"
#include "guests/service/json.h"
#include "lib/string.h"
#include "tools/bh/ctl.h"
#include "tools/bh/ctl_link.h"

static const char *replies; /* one for each request, all lines; NULL: silence */
static char asked[2048];

void report(const char *fmt, ...)
{
}

bool ctl_connect(struct ctl_link *l, const char *where)
{
	return strcmp(where, "nowhere");
}

/* What `upgrade` sent: the pieces, and the end. */
static uint8_t arrived[4096];
static size_t arrived_bytes;
static uint32_t arrived_crc;

/* As the service domain's verb takes it. */
static void take_upgrade(const char *text)
{
	char copy[2048];
	struct json_object o;
	const struct json_member *input, *from, *crc;

	if (!strstr(text, "\"verb\":\"upgrade\""))
		return;
	assert_true(strlen(text) <= 1024);
	snprintf(copy, sizeof(copy), "%s", text);
	assert_null(json_read(&o, copy, strlen(copy)));
	assert_string_equal(json_find(&o, "domain")->string, "service");
	input = json_find(&o, "input");
	from = json_find(&o, "from");
	crc = json_find(&o, "crc");
	assert_int_equal(from->number, arrived_bytes);
	if (input)
		arrived_bytes += (size_t)base64_decode(
			arrived + arrived_bytes, sizeof(arrived) - arrived_bytes, input->string);
	else
		arrived_crc = (uint32_t)strtoul(crc->string, NULL, 16);
}

/* The second request of a call is the real one: the first asks whether anybody is there. */
bool ctl_send(struct ctl_link *l, const char *text)
{
	snprintf(asked, sizeof(asked), "%s", text);
	take_upgrade(text);
	return true;
}

bool ctl_receive(struct ctl_link *l, int ms)
{
	char id[64] = "";
	const char *at = strstr(asked, "\"id\":\"");

	if (!replies)
		return false;
	if (at)
		sscanf(at, "\"id\":\"%63[^\"]", id);
	snprintf(l->line, sizeof(l->line), "{\"id\":\"%s\",%s", id, replies);
	return true;
}

static int run(char *first, char *second)
{
	char *argv[] = { "ctl", "somewhere", first, second, NULL };

	asked[0] = 0;
	return ctl(second ? 4 : 3, argv);
}

static void words_become_a_line(void **state)
{
	char out[128];

	assert_true(ctl_request(out, sizeof(out), "7", (char *[]){ "stop", "a\"b\\", NULL }, true));
	assert_string_equal(out, "{\"id\":\"7\",\"line\":\"stop a\\\"b\\\\\"}\n");
	assert_true(ctl_request(out, sizeof(out), "7", (char *[]){ "list", NULL }, false));
	assert_string_equal(out, "{\"id\":\"7\",\"form\":\"text\",\"line\":\"list\"}\n");
	assert_true(ctl_request(out, sizeof(out), "7", (char *[]){ "{\"verb\":1}", NULL }, false));
	assert_string_equal(out, "{\"verb\":1}\n");
}

static void what_the_reader_would_refuse_is_not_sent(void **state)
{
	char out[128], longest[200];

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	assert_false(ctl_request(out, sizeof(out), "7", (char *[]){ longest, NULL }, true));
	assert_false(ctl_request(out, sizeof(out), "7", (char *[]){ "a\nb", NULL }, true));
}

/* Whatever the words are, the request is one that the reader takes and reads as it was meant. */
static void every_word_arrives_as_it_is(void **state)
{
	char out[256], word[3] = "";
	struct json_object o;

	for (int c = ' '; c < 0x7f; c++) {
		word[0] = (char)c;
		word[1] = (char)(c ^ 1) >= ' ' ? (char)(c ^ 1) : 'x';
		if (word[1] == 0x7f || word[0] == '{')
			continue;
		assert_true(ctl_request(out, sizeof(out), "7", (char *[]){ word, NULL }, true));
		assert_null(json_read(&o, out, strlen(out)));
		assert_string_equal(json_find(&o, "line")->string, word);
	}
}

static void the_status_says_what_became_of_it(void **state)
{
	replies = "\"ok\":true,\"text\":\"\"}";
	assert_int_equal(run("list", NULL), CTL_OK);
	replies = "\"ok\":false,\"error\":\"no\"}";
	assert_int_equal(run("kill", "one"), CTL_REFUSED);
	replies = "\"ok\":true,\"domains\":[]}";
	assert_int_equal(run("--json", "list"), CTL_OK);
	replies = NULL;
	assert_int_equal(run("--timeout=1", "list"), CTL_NO_CONNECTION);
	assert_int_equal(ctl(2, (char *[]){ "ctl", "nowhere", NULL }), CTL_NO_CONNECTION);
	assert_int_equal(ctl(1, (char *[]){ "ctl", NULL }), CTL_NO_CONNECTION);
}

/* An image of so many loadable bytes, and names and debug information behind them. */
static const uint8_t *make_image(const char *path, size_t bytes)
{
	static uint8_t image[8192];
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
			 .e_type = ET_DYN,
			 .e_machine = EM_X86_64,
			 .e_phoff = sizeof(h),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 1 };
	Elf64_Phdr p = { .p_type = PT_LOAD, .p_filesz = bytes, .p_memsz = bytes };
	FILE *f = fopen(path, "wb");

	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * 31 >> 3);
	memcpy(image, &h, sizeof(h));
	memcpy(image + sizeof(h), &p, sizeof(p));
	assert_int_equal(fwrite(image, 1, sizeof(image), f), sizeof(image));
	fclose(f);
	return image;
}

static int upgrade(char *domain, char *file)
{
	arrived_bytes = 0;
	return ctl(5, (char *[]){ "ctl", "somewhere", "upgrade", domain, file, NULL });
}

static void an_image_arrives_in_pieces(void **state)
{
	char path[] = "/tmp/test_ctl.XXXXXX";
	const uint8_t *image;

	close(mkstemp(path));
	replies = "\"ok\":true,\"text\":\"\"}";
	for (size_t bytes = 1195; bytes < 1205; bytes++) {
		image = make_image(path, bytes);
		assert_int_equal(upgrade("service", path), CTL_OK);
		assert_int_equal(arrived_bytes, bytes);
		assert_memory_equal(arrived, image, bytes);
		assert_int_equal(arrived_crc, crc32c(0, image, bytes));
	}
	replies = "\"ok\":false,\"error\":\"no\"}";
	assert_int_equal(upgrade("service", path), CTL_REFUSED);
	assert_int_equal(arrived_bytes, 600); /* the first refusal ends it */
	unlink(path);
}

static void what_is_no_image_is_not_sent(void **state)
{
	char path[] = "/tmp/test_ctl.XXXXXX";

	close(mkstemp(path));
	replies = "\"ok\":true,\"text\":\"\"}";
	assert_int_equal(upgrade("service", path), CTL_REFUSED);
	assert_int_equal(upgrade("service", "/nonesuch"), CTL_REFUSED);
	(void)make_image(path, 1000000);
	assert_int_equal(upgrade("service", path), CTL_REFUSED);
	(void)make_image(path, 1000);
	assert_int_equal(upgrade("ser\"vice", path), CTL_REFUSED);
	assert_int_equal(arrived_bytes, 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_a_line),
		cmocka_unit_test(what_the_reader_would_refuse_is_not_sent),
		cmocka_unit_test(every_word_arrives_as_it_is),
		cmocka_unit_test(the_status_says_what_became_of_it),
		cmocka_unit_test(an_image_arrives_in_pieces),
		cmocka_unit_test(what_is_no_image_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
