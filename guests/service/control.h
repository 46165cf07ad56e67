/*
 * The control port: requests of programs, one JSON object a line (request.h), over the machine's
 * second serial port. Where the config gives this domain no such port nothing is started.
 */
#ifndef GUESTS_SERVICE_CONTROL_H
#define GUESTS_SERVICE_CONTROL_H

#include "guests/service/answer.h"

/* Says that this instance is here, and serves from now on. */
void control_start(void);

/* A peer's line in the boot page has changed: said to a client that asked for events. */
void control_peers_changed(void);

/* The verb `events`: whether changes of domains are said from now on ("on" or "off"). */
void control_events(struct answer *a, const char *what);

#endif
