/*
 * One request over the control port, from its line to the line that answers it:
 *
 *   {"verb":"stop","domain":"linux1","seconds":5,"id":7}  ->  {"id":7,"ok":true, ...}
 *   {"verb":"stop","domain":"linus1","id":8}     ->  {"id":8,"ok":false,"error":"..."}
 *   {"line":"stop linux1 5","form":"text"}       ->  {"id":null,"ok":true,"text":"..."}
 *
 * Pure; control.c carries the lines. docs/control.md is for who writes the other end.
 */
#ifndef GUESTS_SERVICE_REQUEST_H
#define GUESTS_SERVICE_REQUEST_H

#include "guests/service/verb.h"

#define REQUEST_BYTES 1024  /* of a line, at most */
#define REPLY_BYTES   49152 /* likewise: a console's backlog, each byte an escape, and more */
#define REPLY_HEAD    1536  /* of these for what stands in front: an error, all escapes */
#define REPLY_ID      48    /* bytes of an id */

struct reply {
	struct answer answer;
	bool as_text;              /* the answer is one string, as the shell would show it */
	bool cut;                  /* it did not fit */
	char id[REPLY_ID * 6 + 3]; /* as it goes back */
	char text[REPLY_BYTES];
	size_t end;          /* of what the verb has said, which begins at REPLY_HEAD */
	size_t start, bytes; /* of the finished line */
};

/* Does what the line asks for. More may be added to r->answer before request_end. */
void request_begin(struct reply *r, const struct verb *table, char *line, size_t bytes);

/* A reply without a request: request_begin's with nothing in it but {"event":...}. */
void request_event(struct reply *r, const char *event);

/* Refuses without a look at the line. */
void request_refuse(struct reply *r, const char *why);

/* Makes the line of it, with a line feed: r->bytes from r->text + r->start on. */
void request_end(struct reply *r);

#endif
