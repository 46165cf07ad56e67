/*
 * Not a fault: the same service domain as another image, which says so, for upgrades (linked with
 * --wrap=control_start).
 */
#include "guests/lib/print.h"
#include "guests/service/control.h"

void __real_control_start(void);
void __wrap_control_start(void);

void __wrap_control_start(void)
{
	print("service: the next image\n");
	__real_control_start();
}
