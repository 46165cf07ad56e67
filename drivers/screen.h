/*
 * The log on the screen: a linear framebuffer of 32 bits a pixel, or VGA text. The last lines stay.
 * A framebuffer goes on at the top when it is full; text scrolls. Written by the log only.
 */
#ifndef DRIVERS_SCREEN_H
#define DRIVERS_SCREEN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/* A frame buffer as Multiboot2 tag 8 tells it. */
struct screen_info {
	hpa_t base;
	uint32_t pitch, width, height; /* bytes; pixels, or characters in text mode */
	uint8_t bits;
	bool text; /* VGA text */
};

/* Maps it and clears it. A format that we cannot draw means no screen. */
void screen_init(const struct screen_info *info);
bool screen_present(void);
void screen_write(const char *text, size_t bytes);

#endif
