/*
 * A service domain that dies at each start, for an upgrade that has to be taken back (linked with
 * --wrap=control_start).
 */
#include "guests/service/control.h"

void __wrap_control_start(void);

void __wrap_control_start(void)
{
	asm volatile("ud2");
}
