/*
 * See relay.h. One client at a time: another one waits until it has gone. What the machine says to
 * nobody is lost, as on a serial line.
 */
#include "tools/bh/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/bh/report.h"

bool relay_open(struct relay *r, const char *path, int listener)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*r = (struct relay){ .listener = listener, .port = -1, .clients = fd, .client = -1 };
	if (strlen(path) < sizeof(a.sun_path)) {
		strcpy(a.sun_path, path);
		unlink(path);
		if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
		    listen(fd, 4) == 0) {
			r->path = path;
			return true;
		}
	} else {
		errno = ENAMETOOLONG;
	}
	report("control port %s: %s", path, strerror(errno));
	return false;
}

void relay_close(struct relay *r)
{
	if (r->path)
		unlink(r->path);
	r->path = NULL;
}

void relay_poll(const struct relay *r, struct pollfd p[RELAY_POLLS])
{
	p[0] = (struct pollfd){ .fd = r->port < 0 ? r->listener : r->port, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = r->client < 0 ? r->clients : r->client, .events = POLLIN };
	if (!r->path)
		p[0].fd = p[1].fd = -1;
	else if (r->port < 0)
		p[1].fd = -1; /* clients wait for the machine */
}

/* False: there will be no more from there. */
static bool carry(int from, int to)
{
	char buf[256];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n > 0 && to >= 0)
		send(to, buf, (size_t)n, MSG_NOSIGNAL);
	return n > 0 || (n < 0 && errno == EINTR);
}

static void turn(int listener, int *fd, int to)
{
	if (*fd < 0) {
		*fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} else if (!carry(*fd, to)) {
		close(*fd);
		*fd = -1;
	}
}

void relay_turn(struct relay *r, const struct pollfd p[RELAY_POLLS])
{
	if (p[0].revents)
		turn(r->listener, &r->port, r->client);
	if (p[1].revents)
		turn(r->clients, &r->client, r->port);
}

void relay_drain(struct relay *r)
{
	/* A client that takes nothing does not hold up the end. */
	if (r->path && r->client >= 0)
		fcntl(r->client, F_SETFL, O_NONBLOCK);
	while (r->path && r->port >= 0)
		turn(r->listener, &r->port, r->client);
}
