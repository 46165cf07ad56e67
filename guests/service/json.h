/*
 * Reads one JSON object (RFC 8259), strictly and within bounds: its members are strings, whole
 * numbers, true, false or null, and nothing is nested. A request over the control port is one.
 * Pure: whatever the bytes are, nothing outside them is touched.
 */
#ifndef GUESTS_SERVICE_JSON_H
#define GUESTS_SERVICE_JSON_H

#include <stddef.h>
#include <stdint.h>

#define JSON_MEMBERS 8

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING };

/* Names and strings point into the text that was read; they end with a zero and contain none. */
struct json_member {
	const char *name;
	enum json_kind kind;
	int64_t number;
	const char *string;
};

struct json_object {
	unsigned members;
	struct json_member member[JSON_MEMBERS];
	size_t at; /* where reading ended: at an error, its place */
};

/* Reads all of text, which is changed: strings are decoded where they stand. NULL, or what is
   wrong; then the members are not to be used. */
const char *json_read(struct json_object *o, char *text, size_t bytes);

/* The member of that name, NULL if there is none. */
const struct json_member *json_find(const struct json_object *o, const char *name);

#endif
