/*
 * The verbs that there are, and how they find what a name means. Each is one function over
 * answer.h, for the shell and for programs alike.
 */
#ifndef GUESTS_SERVICE_COMMANDS_H
#define GUESTS_SERVICE_COMMANDS_H

#include <stdint.h>

#include "abi/cap.h"
#include "abi/hypercall.h"
#include "guests/service/verb.h"

extern const struct verb commands[];

/* The domain that a name or a number means, this one included; -1 after saying that there is none.
 */
int command_domain(struct answer *a, const char *name);

/* This domain's handle for `domain` with these rights; NULL after saying what is missing. */
const struct hv_cap *command_cap(struct answer *a, uint32_t domain, uint32_t rights);

/* An order to a domain, enum hv_domain_op, and what the answer waits for. */
void command_control(struct answer *a, const struct request *r, int op);

/* command_upgrade.c */
void command_upgrade(struct answer *a, const struct request *r, int detail);

/* commands_show.c */
void command_list(struct answer *a, const struct request *r, int detail);
void command_stats(struct answer *a, const struct request *r, int detail);
void command_caps(struct answer *a, const struct request *r, int detail);
/* What a domain has come to, in one line or as members of an answer. */
void command_state(struct answer *a, const struct hv_domain_info *info);
void command_peer(struct answer *a, const char *name, uint32_t state, uint32_t incarnation);

/* commands_disks.c */
void command_disks(struct answer *a, const struct request *r, int detail);

/* commands_net.c */
void command_net(struct answer *a, const struct request *r, int detail);

/* commands_memory.c */
void command_memory(struct answer *a, const struct request *r, int detail);

/* commands_text.c */
void command_console(struct answer *a, const struct request *r, int detail);
void command_log(struct answer *a, const struct request *r, int detail);

/* commands_trace.c */
void command_trace(struct answer *a, const struct request *r, int detail);

#endif
