/*
 * The glyphs of the log: printable ASCII, 8 by 16 pixels. Drawn for this project.
 */
#ifndef DRIVERS_FONT_H
#define DRIVERS_FONT_H

#include <stdint.h>

#define FONT_WIDTH  8
#define FONT_HEIGHT 16

/* FONT_HEIGHT rows, the leftmost pixel in bit 7. What is not printable gets the glyph of '?'. */
const uint8_t *font_glyph(char c);

#endif
