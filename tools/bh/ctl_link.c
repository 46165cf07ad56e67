/* See ctl_link.h. What is longer than a line may be is cut into several. */
#include "tools/bh/ctl_link.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tools/bh/report.h"

static int connect_path(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(a.sun_path, path);
	return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ? fd : -1;
}

static int connect_host(const char *where, const char *colon)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found, *a;
	char host[256];
	int fd = -1;

	snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	errno = ENOENT;
	if (getaddrinfo(*host ? host : "localhost", colon + 1, &hints, &found) != 0)
		return -1;
	for (a = found; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

bool ctl_connect(struct ctl_link *l, const char *where)
{
	const char *colon = strchr(where, '/') ? NULL : strrchr(where, ':');

	l->bytes = 0;
	l->fd = colon ? connect_host(where, colon) : connect_path(where);
	if (l->fd >= 0)
		return true;
	report("%s: %s; `bh run FILE --control PATH` gives a system a control port", where,
	       strerror(errno));
	return false;
}

bool ctl_send(struct ctl_link *l, const char *text)
{
	size_t bytes = strlen(text);

	while (bytes > 0) {
		ssize_t n = send(l->fd, text, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			bytes -= (size_t)n;
		}
	}
	return true;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes a line out of what was received. */
static bool take_line(struct ctl_link *l)
{
	char *end = memchr(l->buf, '\n', l->bytes);
	size_t bytes = end ? (size_t)(end - l->buf) : l->bytes;

	if (!end && l->bytes < sizeof(l->buf))
		return false;
	bytes = bytes < sizeof(l->line) - 1 ? bytes : sizeof(l->line) - 1;
	memcpy(l->line, l->buf, bytes);
	l->line[bytes] = 0;
	l->bytes -= bytes + !!end;
	memmove(l->buf, l->buf + bytes + !!end, l->bytes);
	return true;
}

bool ctl_receive(struct ctl_link *l, int ms)
{
	long end = now_ms() + ms;

	while (!take_line(l)) {
		struct pollfd p = { .fd = l->fd, .events = POLLIN };
		long left = ms < 0 ? -1 : end - now_ms();
		ssize_t n;

		if ((ms >= 0 && left <= 0) || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return false;
		if (!p.revents)
			continue;
		n = read(l->fd, l->buf + l->bytes, sizeof(l->buf) - l->bytes);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		l->bytes += n > 0 ? (size_t)n : 0;
	}
	return true;
}
