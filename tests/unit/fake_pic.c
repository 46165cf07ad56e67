/*
 * For tests of what is no PC: the calls that the interrupt controllers make to the 8259s.
 */
#include "vmm/vioapic.h"
#include "vmm/vpc.h"

__attribute__((weak)) void vpic_look(struct vcpu *v)
{
}

__attribute__((weak)) void vpic_tell(struct domain *d)
{
}

__attribute__((weak)) unsigned vpic_line(struct domain *d, unsigned line, bool level)
{
	return line;
}

__attribute__((weak)) bool vioapic_passes_extint(const struct vcpu *v)
{
	return false;
}

__attribute__((weak)) enum verdict vpc_reset_port(struct vcpu *v, struct io_access *a)
{
	return VERDICT_DONE;
}
