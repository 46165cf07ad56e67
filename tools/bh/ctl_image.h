/*
 * `bh ctl PATH upgrade NAME FILE`: the file as a list of requests that a system's `upgrade` takes.
 */
#ifndef TOOLS_BH_CTL_IMAGE_H
#define TOOLS_BH_CTL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#define CTL_REQUEST 1024 /* bytes of a request that the other side takes */

/* Sends one request, a JSON object without its id, and waits for the answer; 0 or what `bh ctl`
   ends with. `last`: its answer is to be shown. */
typedef int ctl_ask_fn(const char *members, bool last);

/* Asks piece by piece, then for the upgrade itself; shows how far it is on a terminal. What the
   first refused request ended with, or the last one. */
int ctl_upgrade(const char *domain, const char *file, ctl_ask_fn *ask);

#endif
