/*
 * Any bytes as an instruction, in each code size: no read behind the end, and what is said of it is
 * within bounds. The bytes lie at the end of a heap block, where ASan sees every step too far.
 */
// sources: vmm/decode.c vmm/decode_bytes.c
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "vmm/decode.h"

static void check(const struct insn *i, size_t count, enum err e)
{
	if (i->length > count || i->length > INSN_BYTES_MAX)
		abort();
	if (e == OK && (!i->length || (i->bytes & (i->bytes - 1)) || i->bytes > 8 || i->reg > 15 ||
			(i->base > 15 && i->base != INSN_NO_REG) ||
			(i->index > 15 && i->index != INSN_NO_REG) || i->segment > 5))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned sizes[] = { 2, 4, 8 };
	uint8_t *copy = malloc(size + 1);
	struct insn i;

	memcpy(copy + 1, data, size);
	for (unsigned n = 0; n < 3; n++) {
		enum err e = insn_decode(copy + 1, size, sizes[n], &i);

		check(&i, size, e);
		if (insn_short_length(copy + 1, size, sizes[n]) > size)
			abort();
		insn_string_form(copy + 1, size, sizes[n], &i);
	}
	free(copy);
	return 0;
}
