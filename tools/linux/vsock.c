/*
 * A program for Linux guests that uses a virtio socket, as busybox cannot:
 *
 *   vsock listen PORT            takes one connection, reads it to its end, says how many bytes
 *                                there were and their sum, and gives that as its answer
 *   vsock send CID PORT BYTES    sends so many bytes and shows the answer
 *   vsock talk CID PORT          sends what stands at its input and shows what comes, until the
 *                                other side ends
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

static char buf[100000];

static int fail(const char *what)
{
	printf("vsock: %s: %s\n", what, strerror(errno));
	return 1;
}

static int listen_on(unsigned port)
{
	struct sockaddr_vm me = { .svm_family = AF_VSOCK,
				  .svm_cid = VMADDR_CID_ANY,
				  .svm_port = port };
	int s = socket(AF_VSOCK, SOCK_STREAM, 0), c;
	unsigned long bytes = 0, sum = 0;
	ssize_t n;

	if (bind(s, (struct sockaddr *)&me, sizeof(me)) || listen(s, 1))
		return fail("listen");
	printf("vsock: listens\n");
	fflush(stdout);
	c = accept(s, NULL, NULL);
	while ((n = read(c, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum += ((unsigned char)buf[i] + 1) * (bytes++ % 251 + 1);
	}
	if (n < 0)
		return fail("read");
	n = snprintf(buf, sizeof(buf), "vsock: got %lu bytes, sum %lx\n", bytes, sum);
	printf("%s", buf);
	return write(c, buf, (size_t)n) == n ? 0 : fail("write");
}

static int connect_to(unsigned cid, unsigned port)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };
	int s = socket(AF_VSOCK, SOCK_STREAM, 0);

	return connect(s, (struct sockaddr *)&to, sizeof(to)) ? -1 : s;
}

static int talk(unsigned cid, unsigned port)
{
	struct pollfd p[2] = { { .fd = connect_to(cid, port), .events = POLLIN },
			       { .fd = STDIN_FILENO, .events = POLLIN } };
	ssize_t n;

	if (p[0].fd < 0)
		return fail("connect");
	for (;;) {
		poll(p, 2, -1);
		if (p[0].revents) {
			n = read(p[0].fd, buf, sizeof(buf));
			if (n <= 0)
				return n < 0 ? fail("read") : 0;
			if (write(STDOUT_FILENO, buf, (size_t)n) != n)
				return fail("write");
		}
		if (p[1].revents) {
			n = read(STDIN_FILENO, buf, sizeof(buf));
			if (n > 0 && write(p[0].fd, buf, (size_t)n) != n)
				return fail("write");
			if (n <= 0) {
				shutdown(p[0].fd, SHUT_WR);
				p[1].fd = -1;
			}
		}
	}
}

static int send_to(unsigned cid, unsigned port, unsigned long bytes)
{
	int s = connect_to(cid, port);
	unsigned long sent = 0, sum = 0;
	ssize_t n;

	if (s < 0)
		return fail("connect");
	printf("vsock: connected\n");
	fflush(stdout);
	while (sent < bytes) {
		size_t want = bytes - sent < sizeof(buf) ? bytes - sent : sizeof(buf);

		for (size_t i = 0; i < want; i++)
			buf[i] = (char)((sent + i) * 7 >> 3);
		n = write(s, buf, want);
		if (n < 0)
			return fail("write");
		for (ssize_t i = 0; i < n; i++)
			sum += ((unsigned char)buf[i] + 1) * (sent++ % 251 + 1);
	}
	if (bytes)
		shutdown(s, SHUT_WR);
	printf("vsock: sent %lu bytes, sum %lx\n", sent, sum);
	fflush(stdout);
	n = read(s, buf, sizeof(buf));
	if (n < 0)
		return fail("read");
	printf("vsock: answer: %.*s", (int)n, buf);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "listen"))
		return listen_on((unsigned)atoi(argv[2]));
	if (argc == 5 && !strcmp(argv[1], "send"))
		return send_to((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]),
			       strtoul(argv[4], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "talk"))
		return talk((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	fprintf(stderr, "usage: vsock listen PORT | send CID PORT BYTES | talk CID PORT\n");
	return 2;
}
