/* The shell's commands, and how they find what a name means. */
#ifndef GUESTS_SERVICE_COMMANDS_H
#define GUESTS_SERVICE_COMMANDS_H

#include <stdint.h>

#include "abi/cap.h"
#include "abi/hypercall.h"
#include "guests/service/shell.h"

extern const struct shell_command commands[];

/* The domain that a name or a number means, this one included; -1 after saying that there is none.
 */
int command_domain(const char *name);

/* This domain's handle for `domain` with these rights; NULL after saying what is missing. */
const struct hv_cap *command_cap(uint32_t domain, uint32_t rights);

/* commands_show.c */
void command_list(const char *argument, int detail);
void command_stats(const char *argument, int detail);
void command_caps(const char *argument, int detail);

/* commands_trace.c */
void command_trace(const char *argument, int detail);

#endif
