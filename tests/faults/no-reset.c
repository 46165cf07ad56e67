/*
 * In place of vpci_reset (linked with --wrap): a service domain that takes its virtio disk up
 * without a reset, while it still works for the instance that died. make campaign must find it.
 */
#include "guests/service/drivers/vpci.h"

bool __wrap_vpci_reset(struct vpci *p);

bool __wrap_vpci_reset(struct vpci *p)
{
	return true;
}
