/*
 * The text of each error code, from the ABI's catalogue.
 */
#include "lib/err.h"

const char *err_text(enum err e)
{
	switch (e) {
	case OK: return "no error";
#define HV_ERROR(name, number, text)                                                               \
	case ERR_##name:                                                                           \
		return text;
#include "abi/errors.def"
#undef HV_ERROR
	}
	return "unknown error";
}
