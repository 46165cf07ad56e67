/*
 * The version that the banner shows.
 */
#ifndef BOOT_VERSION_H
#define BOOT_VERSION_H

#define BULKHEAD_VERSION "0.1"

#endif
