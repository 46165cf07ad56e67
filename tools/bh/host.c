/*
 * Processes and files. Every failure is reported here, with the way out where there is one.
 */
#include "tools/bh/host.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bh/report.h"

static char scratch[256];

bool host_has_program(const char *program, const char *package)
{
	char *path = strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	bool found = false;

	for (char *dir = strtok(path, ":"); dir && !found; dir = strtok(NULL, ":")) {
		char full[1024];

		snprintf(full, sizeof(full), "%s/%s", dir, program);
		found = access(full, X_OK) == 0;
	}
	free(path);
	if (!found)
		report("%s is not installed; apt-get install %s", program, package);
	return found;
}

bool host_has_file(const char *path, const char *package)
{
	if (access(path, R_OK) == 0)
		return true;
	report("%s is missing; apt-get install %s", path, package);
	return false;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	remove(path);
	return 0;
}

static void remove_scratch(void)
{
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Outlives bh, which may be killed: its end of the pipe then closes. */
static _Noreturn void janitor(int bh_lives)
{
	int null = open("/dev/null", O_RDWR);
	char none;

	setsid();
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	while (read(bh_lives, &none, 1) < 0 && errno == EINTR)
		continue;
	remove_scratch();
	_exit(0);
}

/* Not a child of ours: nobody has to wait for it. */
static void start_janitor(void)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		close(fd[1]);
		if (fork() == 0)
			janitor(fd[0]);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	close(fd[0]);
}

const char *host_scratch(void)
{
	const char *tmp = getenv("TMPDIR");

	if (scratch[0])
		return scratch;
	snprintf(scratch, sizeof(scratch), "%s/bh.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(scratch)) {
		report("%s: %s", scratch, strerror(errno));
		scratch[0] = 0;
		return NULL;
	}
	atexit(remove_scratch);
	start_janitor();
	return scratch;
}

bool host_mkdir(const char *path)
{
	if (mkdir(path, 0777) == 0)
		return true;
	report("%s: %s", path, strerror(errno));
	return false;
}

bool host_write(const char *path, const void *data, size_t bytes)
{
	FILE *f = fopen(path, "w");
	bool good = f && fwrite(data, 1, bytes, f) == bytes;

	if (f && fclose(f) != 0)
		good = false;
	if (!good)
		report("%s: %s", path, strerror(errno));
	return good;
}

bool host_copy(const char *from, const char *to)
{
	static char buf[1 << 16];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	bool good = in && out;
	size_t n;

	while (good && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		good = fwrite(buf, 1, n, out) == n;
	if (in)
		fclose(in);
	if (out && fclose(out) != 0)
		good = false;
	if (!good)
		report("%s to %s: %s", from, to, strerror(errno));
	return good;
}

int host_run(char *const argv[], const char *log)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);

		dup2(fd, 1);
		dup2(fd, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

void host_show(const char *log)
{
	FILE *f = fopen(log, "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stderr);
	if (f)
		fclose(f);
}
