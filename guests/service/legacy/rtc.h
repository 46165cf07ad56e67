/*
 * The MC146818 clock and its CMOS memory. Time is nanoseconds of the machine; the guest's calendar
 * is an offset to it, which the guest may change for itself. Flags and update cycle follow from the
 * time that has passed since they were looked at last.
 */
#ifndef GUESTS_SERVICE_LEGACY_RTC_H
#define GUESTS_SERVICE_LEGACY_RTC_H

#include <stdbool.h>
#include <stdint.h>

#define RTC_BYTES 128

struct rtc {
	uint64_t offset; /* what the calendar shows (nanoseconds since 1970) less the machine's time
			  */
	uint64_t seen;   /* machine's time up to which `flags` is right */
	uint8_t index;
	uint8_t flags;          /* of register C: periodic, alarm, update */
	uint8_t ram[RTC_BYTES]; /* the calendar's bytes are used only while register B says SET */
};

/* What firmware looks for in CMOS. */
struct rtc_machine {
	uint64_t low, high; /* bytes of memory from 0 and from 4 GiB */
	unsigned cpus;
};

/* `wall`: the time of day, nanoseconds since 1970. */
void rtc_power_on(struct rtc *r, const struct rtc_machine *m, uint64_t wall, uint64_t now);

/* Ports 0x70 and 0x71 are 0 and 1. */
uint8_t rtc_read(struct rtc *r, unsigned port, uint64_t now);
void rtc_write(struct rtc *r, unsigned port, uint8_t value, uint64_t now);

/* IRQ 8, and when it will rise if the guest does nothing: CLOCK_NEVER if it will not. After
   rtc_account. */
void rtc_account(struct rtc *r, uint64_t now);
bool rtc_line(const struct rtc *r);
uint64_t rtc_next(const struct rtc *r);

#endif
