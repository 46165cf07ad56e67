/*
 * What bh needs from the computer it runs on: programs, files of packages, temporary files.
 */
#ifndef TOOLS_BH_HOST_H
#define TOOLS_BH_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* True if `program` is in the PATH; else reports it and the Debian package that has it. */
bool host_has_program(const char *program, const char *package);
/* Likewise for a file. */
bool host_has_file(const char *path, const char *package);

/* Makes a folder for this run, removed with all its contents when bh ends; NULL after reporting. */
const char *host_scratch(void);
/* Makes a folder inside another; false after reporting. */
bool host_mkdir(const char *path);
/* Writes a whole file; false after reporting. */
bool host_write(const char *path, const void *data, size_t bytes);
/* Copies a file; false after reporting. */
bool host_copy(const char *from, const char *to);

/* Runs a program and waits; its output goes to the file `log`. Returns its exit status, or -1. */
int host_run(char *const argv[], const char *log);
/* Shows a log that host_run left. */
void host_show(const char *log);

#endif
