/*
 * What `platform: pc` adds to dsdt.dsl: the legacy devices, for systems that look for them in ACPI
 * only. Built as dsdt.dsl is.
 */
#include "abi/platform.h"

DefinitionBlock ("", "SSDT", 2, "BULKHD", "BULKPC", 1)
{
	Scope (\_SB)
	{
		Device (PIC)
		{
			Name (_HID, EisaId ("PNP0000"))
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, HV_PORT_PIC1, HV_PORT_PIC1, 1, 2)
				IO (Decode16, HV_PORT_PIC2, HV_PORT_PIC2, 1, 2)
				IO (Decode16, HV_PORT_PIC_ELCR, HV_PORT_PIC_ELCR, 1, 2)
				IRQNoFlags () { 2 }
			})
		}

		Device (TIMR)
		{
			Name (_HID, EisaId ("PNP0100"))
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x40, 0x40, 1, 4)
				IRQNoFlags () { 0 }
			})
		}

		Device (RTC)
		{
			Name (_HID, EisaId ("PNP0B00"))
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x70, 0x70, 1, 2)
				IRQNoFlags () { 8 }
			})
		}

		Device (KBD)
		{
			Name (_HID, EisaId ("PNP0303"))
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x60, 0x60, 1, 1)
				IO (Decode16, 0x64, 0x64, 1, 1)
				IRQNoFlags () { 1 }
			})
		}

		Device (SPKR)
		{
			Name (_HID, EisaId ("PNP0800"))
			Name (_CRS, ResourceTemplate () { IO (Decode16, 0x61, 0x61, 1, 1) })
		}
	}
}
