/*
 * The VMCS of fake_vmcs.h: a word for each possible encoding.
 */
#include "tests/unit/fake_vmcs.h"

#include <string.h>

static uint64_t fields[0x8000];

uint64_t vmread(enum vmcs_field field)
{
	return fields[field];
}

void vmwrite(enum vmcs_field field, uint64_t value)
{
	fields[field] = value;
}

void fake_vmcs_clear(void)
{
	memset(fields, 0, sizeof(fields));
}
