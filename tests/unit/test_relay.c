// sources: tools/bh/relay.c
// flags: -D_GNU_SOURCE
/* bh's relay between the emulator's second serial port and the clients of a path. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/bh/relay.h"
#include "tools/bh/report.h"

static char path[64];
static struct relay relay;
static int machine, client;

void report(const char *fmt, ...)
{
}

static void one_turn(void)
{
	struct pollfd p[RELAY_POLLS];

	relay_poll(&relay, p);
	assert_true(poll(p, RELAY_POLLS, 5000) > 0);
	relay_turn(&relay, p);
}

static int connect_to(const char *name, socklen_t abstract)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(a.sun_path + abstract, name, strlen(name));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* A machine and a client, connected. */
static int connected(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	char port[32];

	snprintf(port, sizeof(port), "relay-test-%d", (int)getpid());
	snprintf(path, sizeof(path), "/tmp/%s", port);
	memcpy(a.sun_path + 1, port, strlen(port));
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) || listen(listener, 1) ||
	    !relay_open(&relay, path, listener))
		return -1;
	machine = connect_to(port, 1);
	one_turn();
	client = connect_to(path, 0);
	one_turn();
	return 0;
}

static int closed(void **state)
{
	close(client);
	close(relay.listener);
	close(relay.clients);
	relay_close(&relay);
	return access(path, F_OK) ? 0 : -1;
}

static void bytes_go_both_ways(void **state)
{
	char got[8] = "";

	assert_int_equal(write(machine, "answer", 6), 6);
	one_turn();
	assert_int_equal(read(client, got, sizeof(got)), 6);
	assert_memory_equal(got, "answer", 6);
	assert_int_equal(write(client, "ask", 3), 3);
	one_turn();
	assert_int_equal(read(machine, got, sizeof(got)), 3);
	assert_memory_equal(got, "ask", 3);
	close(machine);
}

static void the_last_words_of_a_machine_that_has_ended_arrive(void **state)
{
	static char said[3000], got[sizeof(said)];

	memset(said, 'x', sizeof(said));
	assert_int_equal(write(machine, said, sizeof(said)), sizeof(said));
	close(machine);
	relay_drain(&relay);
	assert_int_equal(recv(client, got, sizeof(got), MSG_DONTWAIT | MSG_WAITALL), sizeof(said));
	assert_memory_equal(got, said, sizeof(said));
}

static void a_client_that_takes_nothing_holds_up_no_end(void **state)
{
	static char said[4096];

	while (send(relay.client, said, sizeof(said), MSG_DONTWAIT) > 0)
		continue;
	assert_int_equal(write(machine, said, sizeof(said)), sizeof(said));
	close(machine);
	relay_drain(&relay);
	assert_int_equal(relay.port, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_go_both_ways, connected, closed),
		cmocka_unit_test_setup_teardown(the_last_words_of_a_machine_that_has_ended_arrive,
						connected, closed),
		cmocka_unit_test_setup_teardown(a_client_that_takes_nothing_holds_up_no_end,
						connected, closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
