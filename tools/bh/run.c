/*
 * Starts the emulator, passes on what the machine says and watches for the hypervisor's last
 * words. QEMU treats the terminal itself; for Bochs, whose serial port is a socket here, bh
 * carries the keys, too. Ctrl-C, SIGTERM and the time limit end the run, and the terminal is left
 * as it was found.
 */
#include "tools/bh/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/bh/bochs.h"
#include "tools/bh/host.h"
#include "tools/bh/image.h"
#include "tools/bh/qemu.h"
#include "tools/bh/relay.h"
#include "tools/bh/terminal.h"
#include "tools/bh/watch.h"

#define LOOK_MS 200 /* how often the emulator's log is looked at */

/* A run under way. */
struct machine {
	struct emulator emulator;
	const struct options *options;
	struct watch watch;
	struct bochs_log log;
	struct relay relay; /* for the control port */
	pid_t pid;
	int output;  /* where the machine's words come from; -1: not connected yet */
	int input;   /* where keys come from; -1: not through us */
	bool escape; /* Ctrl-A was typed */
	enum end { END_NONE, END_SELF, END_LEFT, END_TIME, END_RESET } end;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = number;
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

static void take_output(struct machine *m)
{
	char buf[4096];
	ssize_t n = read(m->output, buf, sizeof(buf));

	if (n > 0) {
		watch_bytes(&m->watch, buf, n);
		pass_on(buf, n);
	} else if (n == 0 || errno != EINTR) {
		m->end = END_SELF;
	}
}

/* The serial port connects when the machine is made, long before it has something to say. */
static void take_connection(struct machine *m)
{
	m->output = accept4(m->emulator.listener, NULL, NULL, SOCK_CLOEXEC);
	if (m->output >= 0)
		m->input = STDIN_FILENO;
}

/* Few keys at a time, and only when there is room for them: the machine may be busy talking. */
static void take_keys(struct machine *m)
{
	struct pollfd room = { .fd = m->output, .events = POLLOUT };
	char keys[64];
	ssize_t n;
	size_t bytes;

	if (poll(&room, 1, 0) <= 0 || !(room.revents & POLLOUT)) {
		usleep(10000);
		return;
	}
	n = read(m->input, keys, sizeof(keys));
	if (n <= 0) {
		m->input = -1;
		return;
	}
	bytes = n;
	if (!m->options->headless && !terminal_escape(&m->escape, keys, &bytes))
		m->end = END_LEFT;
	else if (bytes && send(m->output, keys, bytes, MSG_NOSIGNAL) < 0)
		m->input = -1;
}

/* Bochs goes on after a reset, and may end before its serial port connects. */
static void look_at_emulator(struct machine *m)
{
	siginfo_t info = { .si_pid = 0 };

	if (m->emulator.listener < 0)
		return;
	bochs_log_follow(&m->log, m->emulator.log);
	if (m->log.resets > 1)
		m->end = END_RESET;
	if (m->output < 0 && waitid(P_PID, m->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid)
		m->end = END_SELF;
}

static void carry(struct machine *m)
{
	long end = now_ms() + m->options->timeout * 1000l;

	while (m->end == END_NONE && !stopped) {
		struct pollfd p[2 + RELAY_POLLS] = {
			{ .fd = m->output < 0 ? m->emulator.listener : m->output,
			  .events = POLLIN },
			{ .fd = m->input, .events = POLLIN },
		};

		relay_poll(&m->relay, p + 2);
		if (m->options->timeout && now_ms() >= end)
			m->end = END_TIME;
		else if (poll(p, ARRAY_SIZE(p), LOOK_MS) < 0)
			continue;
		relay_turn(&m->relay, p + 2);
		if (p[0].revents && m->output < 0)
			take_connection(m);
		else if (p[0].revents)
			take_output(m);
		if (p[1].revents && m->end == END_NONE)
			take_keys(m);
		if (m->end == END_NONE)
			look_at_emulator(m);
	}
}

/* The emulator's side of the fork. Its parent's end is its own. */
static void become(const struct emulator *e, int output)
{
	int none;

	prctl(PR_SET_PDEATHSIG, e->listener < 0 ? SIGTERM : SIGKILL);
	if (e->listener >= 0) {
		none = open("/dev/null", O_RDONLY);
		dup2(none, STDIN_FILENO);
		output = open(e->output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
		dup2(output, STDERR_FILENO);
	}
	dup2(output, STDOUT_FILENO);
	execvp(e->argv[0], e->argv);
	_exit(127);
}

static bool start(struct machine *m)
{
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC) < 0 || (m->pid = fork()) < 0) {
		report("%s cannot be started: %s", m->emulator.name, strerror(errno));
		return false;
	}
	if (m->pid == 0)
		become(&m->emulator, pipe_fd[1]);
	close(pipe_fd[1]);
	m->input = m->output = -1;
	if (m->emulator.listener < 0)
		m->output = pipe_fd[0];
	return true;
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

/* QEMU says by its status that all was well, Bochs by its log. */
static bool ended_by_itself(struct machine *m, int status)
{
	if (m->emulator.listener < 0)
		return WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bochs_log_follow(&m->log, m->emulator.log);
	return m->log.off;
}

static void show_emulator(const struct machine *m)
{
	const char *log = m->emulator.log;

	if (m->emulator.listener < 0)
		return;
	if (access(log, R_OK) != 0)
		log = m->emulator.output;
	fprintf(stderr, "bh: the last lines of Bochs' log:\n");
	bochs_log_show(log);
}

static enum bh_status verdict(struct machine *m, int status)
{
	bool clean = ended_by_itself(m, status);

	if (!stopped && m->end == END_LEFT)
		return BH_OK;
	if (!stopped && m->end == END_SELF && clean && (m->watch.orderly || !m->options->headless))
		return BH_OK;
	if (!stopped && (m->end == END_TIME || (m->end == END_SELF && !clean)))
		show_emulator(m);
	if (stopped)
		report("stopped by signal %d", (int)stopped);
	else if (m->end == END_TIME)
		report("still running after %u seconds: killed", m->options->timeout);
	else if (m->log.panic[0] && !clean)
		report("Bochs gave up: %s", m->log.panic);
	else if (m->end == END_SELF && !clean)
		report("%s failed, status %#x", m->emulator.name, status);
	else
		report("the machine stopped without \"" WATCH_LAST_WORDS "\"%s",
		       m->end == END_RESET ? ": it was reset" : "");
	return BH_CONFIG;
}

static enum bh_status supervise(struct machine *m)
{
	struct sigaction action = { .sa_handler = on_signal };
	int status;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	terminal_save();
	if (!start(m))
		return BH_ENVIRONMENT;
	if (m->emulator.listener >= 0)
		terminal_raw(m->options->headless);
	carry(m);
	status = finish(m->pid, stopped || m->end != END_SELF);
	terminal_restore();
	relay_drain(&m->relay);
	relay_close(&m->relay);
	return verdict(m, status);
}

/* The image as it was given, or made from the configuration. */
static enum bh_status make_iso(const struct machine *m, const struct system_image *s, char *iso)
{
	if (!s->blob.domains) {
		if (realpath(m->options->file, iso))
			return BH_OK;
		report("%s: %s", m->options->file, strerror(errno));
		return BH_ENVIRONMENT;
	}
	snprintf(iso, PATH_MAX, "%s/system.iso", m->emulator.scratch);
	return image_make(s, m->options, iso);
}

enum bh_status run(const struct system_image *s, const struct options *o)
{
	static struct machine m;
	enum bh_status status;
	char iso[PATH_MAX];
	bool ready;

	m.options = o;
	m.emulator.scratch = host_scratch();
	if (!m.emulator.scratch)
		return BH_ENVIRONMENT;
	status = make_iso(&m, s, iso);
	if (status != BH_OK)
		return status;
	ready = o->bochs ? bochs_prepare(&m.emulator, s, o, iso)
			 : qemu_prepare(&m.emulator, s, o, iso);
	if (!ready ||
	    (m.emulator.control >= 0 && !relay_open(&m.relay, o->control, m.emulator.control)))
		return BH_ENVIRONMENT;
	if (!o->headless)
		fprintf(stderr,
			"bh: %s starts in %s. Leave with Ctrl-A x; Ctrl-] switches consoles.\n",
			o->file, m.emulator.name);
	if (!o->headless && o->control)
		fprintf(stderr, "bh: it is managed with: bh ctl %s help\n", o->control);
	return supervise(&m);
}
