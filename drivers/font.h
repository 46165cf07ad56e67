/*
 * The glyphs of the log: printable ASCII, 8 by 16 pixels. Drawn for this project.
 */
#ifndef DRIVERS_FONT_H
#define DRIVERS_FONT_H

#include <stdint.h>

#define FONT_WIDTH  8
#define FONT_HEIGHT 16

/* Row 0 .. FONT_HEIGHT - 1 of a glyph, the leftmost pixel in bit 7. What is not printable shows as
   a question mark. */
uint8_t font_row(char c, unsigned row);

#endif
