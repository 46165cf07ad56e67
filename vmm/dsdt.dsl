/*
 * What a guest's operating system is told of its platform in AML (contract.md section 5). Numbers
 * come from abi/platform.h; the build runs this file through the C preprocessor and iasl, and
 * vacpi.c holds the result.
 */
#include "abi/platform.h"

/* iasl wants these as numbers. */
#define MEM32_LAST 0xdfffffff
#define MEM64_LAST 0x1fffffffff
#define IO_LAST    0xfeff

#if MEM32_LAST != HV_GUEST_MEM32 + HV_GUEST_MEM32_BYTES - 1 || \
	MEM64_LAST != HV_GUEST_MEM64 + HV_GUEST_MEM64_BYTES - 1 || \
	IO_LAST != HV_GUEST_IO + HV_GUEST_IO_BYTES - 1
#error the windows of abi/platform.h have moved
#endif

DefinitionBlock ("", "DSDT", 2, "BULKHD", "BULKHEAD", 1)
{
	Name (\_S5, Package () { 5, 0, 0, 0 })

	Scope (\_SB)
	{
		/* Keeps ECAM for itself: Linux uses it only if something reserves it. */
		Device (MBRD)
		{
			Name (_HID, EisaId ("PNP0C02"))
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, HV_GUEST_ECAM, HV_GUEST_ECAM_BYTES)
				IO (Decode16, HV_PORT_SLEEP, HV_PORT_SLEEP, 1, 4)
			})
		}

		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A08"))
			Name (_CID, EisaId ("PNP0A03"))
			Name (_UID, 0)
			Name (_SEG, 0)
			Name (_BBN, 0)
			Name (_CCA, 1)
			Name (_PRT, Package () {})
			Name (_CRS, ResourceTemplate ()
			{
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
					0, 0, 0, 0, 1)
				IO (Decode16, HV_PORT_PCI, HV_PORT_PCI, 1, 8)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, HV_GUEST_IO, IO_LAST, 0, HV_GUEST_IO_BYTES)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0, HV_GUEST_MEM32, MEM32_LAST, 0, HV_GUEST_MEM32_BYTES)
				QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0, HV_GUEST_MEM64, MEM64_LAST, 0, HV_GUEST_MEM64_BYTES)
			})
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 0)
			Name (_STA, 0x0F)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, HV_PORT_UART, HV_PORT_UART, 1, 8)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive)
					{ HV_GSI_UART }
			})
		}

		Device (PWRB)
		{
			Name (_HID, EisaId ("PNP0C0C"))
			Name (_UID, 0)
		}

		/* The generic event device: GSI HV_GSI_BUTTON says look at the button port. */
		Device (GED)
		{
			Name (_HID, "ACPI0013")
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate ()
			{
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive)
					{ HV_GSI_BUTTON }
			})
			OperationRegion (BTNR, SystemIO, HV_PORT_BUTTON, 1)
			Field (BTNR, ByteAcc, NoLock, Preserve) { BTN, 8 }
			Method (_EVT, 1, Serialized)
			{
				If (LEqual (BTN, 1))
				{
					Notify (PWRB, 0x80)
				}
			}
		}
	}
}
