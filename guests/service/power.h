/*
 * When the machine ends: after the last guest, or on the shell's order. Needs the system handle;
 * without it only the hypervisor decides.
 */
#ifndef GUESTS_SERVICE_POWER_H
#define GUESTS_SERVICE_POWER_H

/* A peer's line in the boot page has changed (HV_EVENT_GONE): powers off after the last one. */
void power_peers_changed(void);

/* Presses every guest's power button; when all are off, or after some seconds, powers off. */
void power_shutdown(void);

/* Resets the machine now. */
void power_reboot(void);

#endif
