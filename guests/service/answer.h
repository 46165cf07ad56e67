/*
 * What a verb answers, written once and shown in two forms: as text for people (tables and lines),
 * or as members of a JSON object for programs. A verb calls these and does not know which.
 */
#ifndef GUESTS_SERVICE_ANSWER_H
#define GUESTS_SERVICE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"

/* How a number is shown as text; JSON has it as it is. */
enum answer_unit { ANSWER_PLAIN, ANSWER_KIB, ANSWER_MIB, ANSWER_SECONDS, ANSWER_HEX };

struct answer_column {
	const char *name; /* in JSON */
	const char *title;
	int width; /* of text; negative: to the left */
	enum answer_unit unit;
};

struct answer {
	/* set by who asks */
	bool json;
	void (*write)(void *arg, const char *text, size_t bytes);
	void *arg;

	/* set by the verb: why it was not done, empty if it was */
	char error[192];
	/* set by the verb: it has given an order to this domain, whose incarnation was so; who asks
	   may wait until it shows. */
	bool ordered;
	int order; /* enum hv_domain_op */
	uint32_t domain, incarnation;

	/* set by the verb: what is to be done when the answer is out, since it may be the last
	   thing that this instance does. */
	void (*after)(int detail);
	int after_detail;

	/* the writer's own */
	const struct answer_column *column, *next;
	unsigned rows;
};

/* The verb cannot be done, in one sentence with the way out. The first one counts. */
PRINTF(2, 3) void answer_fail(struct answer *a, const char *fmt, ...);

/* A line of text; in JSON the member "note", so once for each answer. */
PRINTF(2, 3) void answer_note(struct answer *a, const char *fmt, ...);

/* Part of a text that has no form in JSON, at most 255 bytes. */
PRINTF(2, 3) void answer_print(struct answer *a, const char *fmt, ...);

/* A table: columns end with a NULL name. Then for each row answer_row and its cells in the order of
   the columns; at the end answer_end. Text in the last column is not padded, in others it is cut.
 */
void answer_table(struct answer *a, const char *name, const struct answer_column *columns);
void answer_row(struct answer *a);
void answer_text(struct answer *a, const char *text);
void answer_number(struct answer *a, uint64_t number);
void answer_end(struct answer *a);

/* A member by itself; as text a line "name: value". */
void answer_field(struct answer *a, const char *name, const char *text, size_t bytes);
void answer_field_number(struct answer *a, const char *name, uint64_t number,
			 enum answer_unit unit);

/* Writes the inside of a JSON string: bytes that are no printable ASCII as escapes. */
void answer_escape(struct answer *a, const char *text, size_t bytes);

#endif
