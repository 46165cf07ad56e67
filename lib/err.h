/*
 * Errors of requests that cannot be met: `enum err`, zero or negative, the numbers of the ABI's
 * catalogue (abi/errors.def). A guest's fault kills the domain and our own fault panics; neither
 * comes through here.
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

enum err {
	OK = 0,
#define HV_ERROR(name, number, text) ERR_##name = -(number),
#include "abi/errors.def"
#undef HV_ERROR
};

#define must_check __attribute__((warn_unused_result))

/* The catalogue's text for a code, never NULL. */
const char *err_text(enum err e);

#endif
