/*
 * The disks behind served block devices: one struct disk for each physical function or module that
 * boot->serve names, however many ranges of it are served.
 */
#ifndef GUESTS_SERVICE_SERVE_DISK_H
#define GUESTS_SERVICE_SERVE_DISK_H

#include "guests/service/disk.h"

/* Makes every physical controller that this domain owns quiet, whatever state it was left in. */
void serve_disks_quiet(void);

/* Opens what boot->serve needs. DMA pool and kept pages are ready and every controller quiet. */
void serve_disks_open(void);

/* Entry i of boot->serve; where a device has no such disk, with the fallback as its source. After
   serve_disks_open. */
const struct hv_served *serve_entry(unsigned i);

/* The disk for this entry, NULL if there is none. */
struct disk *serve_disk(const struct hv_served *s);

#endif
