/*
 * The log's ring and its sinks. `written` counts bytes since boot; byte n lives at n modulo the
 * ring's size, and the ring holds the last LOG_RING_BYTES of them.
 */
#include "lib/log.h"

#include "lib/format.h"
#include "lib/spinlock.h"
#include "lib/string.h"

#define LOG_LINE_BYTES 512
#define LOG_SINKS      4

static struct spinlock lock; /* guards all below but lock_broken and max_level */
static char ring[LOG_RING_BYTES];
static uint64_t written;
static log_sink_fn *sinks[LOG_SINKS];

static enum log_level max_level = LOG_INFO;
static bool lock_broken;

static void log_lock(void)
{
	if (!lock_broken)
		spin_lock(&lock);
}

static void log_unlock(void)
{
	if (!lock_broken)
		spin_unlock(&lock);
}

void log_break_lock(void)
{
	lock_broken = true;
}

bool log_is_broken(void)
{
	return lock_broken;
}

void log_set_level(enum log_level level)
{
	max_level = level;
}

/* Copies at most `bytes` from *pos on, with the lock held. */
static size_t ring_copy(uint64_t *pos, char *buf, size_t bytes)
{
	uint64_t oldest = written > LOG_RING_BYTES ? written - LOG_RING_BYTES : 0;
	size_t n;

	if (*pos < oldest || *pos > written)
		*pos = oldest;
	for (n = 0; n < bytes && *pos < written; n++, (*pos)++)
		buf[n] = ring[*pos % LOG_RING_BYTES];
	return n;
}

static void replay_into(log_sink_fn *sink)
{
	uint64_t pos = 0;
	char line[LOG_LINE_BYTES];
	size_t n = 0;

	while (ring_copy(&pos, line + n, 1)) {
		if (line[n++] != '\n' && n < sizeof(line))
			continue;
		sink(line, n);
		n = 0;
	}
}

void log_add_sink(log_sink_fn *sink)
{
	log_lock();
	for (int i = 0; i < LOG_SINKS; i++) {
		if (sinks[i])
			continue;
		replay_into(sink);
		sinks[i] = sink;
		break;
	}
	log_unlock();
}

uint64_t log_replace_sink(log_sink_fn *old, log_sink_fn *sink)
{
	uint64_t position;

	log_lock();
	position = written;
	for (int i = 0; i < LOG_SINKS; i++)
		if (sinks[i] == old)
			sinks[i] = sink;
	log_unlock();
	return position;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const prefix[] = { "error: ", "warning: ", "", "debug: " };
	char line[LOG_LINE_BYTES];
	va_list ap;
	size_t n;

	if (level > max_level)
		return;
	n = format(line, sizeof(line) - 1, "%s", prefix[level]);
	va_start(ap, fmt);
	n += format_va(line + n, sizeof(line) - 1 - n, fmt, ap);
	va_end(ap);
	line[n++] = '\n';

	log_lock();
	for (size_t i = 0; i < n; i++)
		ring[written++ % LOG_RING_BYTES] = line[i];
	for (int i = 0; i < LOG_SINKS; i++)
		if (sinks[i])
			sinks[i](line, n);
	log_unlock();
}

size_t log_read(uint64_t *pos, char *buf, size_t bytes)
{
	size_t n;

	log_lock();
	n = ring_copy(pos, buf, bytes);
	log_unlock();
	return n;
}
