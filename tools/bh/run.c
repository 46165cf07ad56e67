/*
 * Starts the emulator with its output in a pipe, passes that on and watches for the hypervisor's
 * last words. The emulator reads the terminal itself; Ctrl-C, SIGTERM and the time limit end it,
 * and the terminal is left as it was found.
 */
#include "tools/bh/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tools/bh/host.h"
#include "tools/bh/image.h"
#include "tools/bh/qemu.h"

#define LAST_WORDS "system: power off"

static volatile sig_atomic_t stopped;

/* The line that is being received, and whether the last words have been. */
struct watch {
	char line[256];
	size_t bytes;
	bool orderly;
};

static void on_signal(int number)
{
	stopped = number;
}

/* True for the hypervisor's own line, whether or not the multiplexer put "[hv] " before it. */
static bool is_last_words(const char *line)
{
	size_t n = strlen(line), tail = strlen(LAST_WORDS);

	if (n < tail || strcmp(line + n - tail, LAST_WORDS) != 0)
		return false;
	return line[0] != '[' || strncmp(line, "[hv]", 4) == 0;
}

static void watch_bytes(struct watch *w, const char *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (data[i] == '\n') {
			w->line[w->bytes] = 0;
			w->orderly |= is_last_words(w->line);
			w->bytes = 0;
		} else if (data[i] != '\r' && w->bytes < sizeof(w->line) - 1) {
			w->line[w->bytes++] = data[i];
		}
	}
}

static void pass_on(const char *data, size_t bytes)
{
	while (bytes > 0) {
		ssize_t n = write(STDOUT_FILENO, data, bytes);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return; /* nobody listens any more; the run goes on */
		if (n > 0) {
			data += n;
			bytes -= n;
		}
	}
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Copies until the emulator closes its end, a signal comes or the time is up (returns false). */
static bool copy_output(int fd, struct watch *w, unsigned seconds)
{
	long end = now_ms() + seconds * 1000l;
	char buf[4096];

	while (!stopped) {
		long left = seconds ? end - now_ms() : -1;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (seconds && left <= 0)
			return false;
		if (poll(&p, 1, left) <= 0)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			break;
		watch_bytes(w, buf, n);
		pass_on(buf, n);
	}
	return true;
}

static pid_t start(char *const argv[], int *output)
{
	int pipe_fd[2];
	pid_t pid;

	if (pipe(pipe_fd) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(pipe_fd[1], STDOUT_FILENO);
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pipe_fd[1]);
	*output = pipe_fd[0];
	return pid;
}

/* Ends the emulator if it still runs, gently first. */
static int finish(pid_t pid, bool kill_it)
{
	int status = 0;

	for (unsigned tenths = 0; kill_it && tenths < 30; tenths++) {
		kill(pid, SIGTERM);
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(100000);
	}
	if (kill_it)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

static enum bh_status verdict(const struct options *o, const struct watch *w, int status)
{
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (stopped)
		report("stopped by signal %d", (int)stopped);
	else if (!clean)
		report("the emulator failed, status %#x", status);
	else if (o->headless && !w->orderly)
		report("the machine stopped without \"" LAST_WORDS "\"");
	return !stopped && clean && (w->orderly || !o->headless) ? BH_OK : BH_CONFIG;
}

static enum bh_status supervise(struct qemu *q, const struct options *o)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct watch w = { .orderly = false };
	struct termios terminal;
	bool has_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0, in_time;
	int output, status;
	pid_t pid;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	pid = start(q->argv, &output);
	if (pid < 0) {
		report("the emulator cannot be started: %s", strerror(errno));
		return BH_ENVIRONMENT;
	}
	in_time = copy_output(output, &w, o->timeout);
	status = finish(pid, stopped || !in_time);
	if (has_terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
	if (!in_time) {
		report("still running after %u seconds: killed", o->timeout);
		return BH_CONFIG;
	}
	return verdict(o, &w, status);
}

enum bh_status run(const struct system_image *s, const struct options *o)
{
	struct qemu q = { .scratch = host_scratch() };
	enum bh_status status;
	char iso[512];

	if (!q.scratch)
		return BH_ENVIRONMENT;
	snprintf(iso, sizeof(iso), "%s/system.iso", q.scratch);
	status = image_make(s, o, iso);
	if (status != BH_OK)
		return status;
	if (!qemu_arguments(&q, s, o, iso))
		return BH_ENVIRONMENT;
	if (!o->headless)
		fprintf(stderr, "bh: %s starts. Leave with Ctrl-A x; Ctrl-] switches consoles.\n",
			o->file);
	return supervise(&q, o);
}
