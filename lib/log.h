/*
 * The hypervisor's own log: a memory ring that keeps the last lines in every build, and up to
 * four sinks (serial port, screen) that see each line as it is written. Any CPU may log; one lock
 * keeps lines whole. Positions count bytes since boot, so a reader knows what it has missed.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"

#define LOG_RING_BYTES 0x10000

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* A sink gets whole lines, with "\n" at the end, with the log lock held: it must not log. */
typedef void log_sink_fn(const char *line, size_t bytes);

void log_set_level(enum log_level level);
/* Adds a sink, which first gets what the ring already holds. A fifth one is refused silently. */
void log_add_sink(log_sink_fn *sink);
/* `sink`, NULL for none, goes on where `old` was, if that is there: nothing is written twice.
   Returns the position from which on it is called. */
uint64_t log_replace_sink(log_sink_fn *old, log_sink_fn *sink);

/* One line, without "\n". */
PRINTF(2, 3) void log_line(enum log_level level, const char *fmt, ...);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Copies ring bytes from *pos on, at most `bytes`; moves *pos past them (and past what was
   overwritten before it could be read). Returns the bytes copied, 0 when the reader is up to date.
 */
size_t log_read(uint64_t *pos, char *buf, size_t bytes);

/* For a panic only: from now on lines are written without the lock, which a stopped CPU may hold.
 */
void log_break_lock(void);
/* True after log_break_lock: a sink takes no lock either, and writes whoever owns its device. */
bool log_is_broken(void);

#endif
