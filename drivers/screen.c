/*
 * Lines of text on a framebuffer or in VGA text memory. On a framebuffer, instead of scrolling,
 * which reads slow memory, writing goes on at the top when the bottom is reached, and the line
 * below the newest one is always blank. Control characters and escape sequences are not
 * interpreted.
 */
#include "drivers/screen.h"

#include "drivers/font.h"
#include "lib/string.h"
#include "mm/hvmap.h"

#define INK        0x00c8c8c8u
#define PAPER      0x00101418u
#define TEXT_ATTR  0x0700u /* grey on black */
#define TEXT_BYTES 2
#define LARGEST    16384u /* pixels a side that are believed */

static volatile void *memory;
static struct screen_info screen;
static uint32_t columns, rows; /* in characters */
static uint32_t column, row;   /* where the next one goes */

static bool is_drawable(const struct screen_info *s)
{
	uint32_t pixel = s->text ? TEXT_BYTES : 4;

	if (!s->width || !s->height || s->width > LARGEST || s->height > LARGEST)
		return false;
	return (s->text || s->bits == 32) && s->pitch / pixel >= s->width;
}

static void draw_pixels(uint32_t x, uint32_t y, char c)
{
	volatile char *top = (volatile char *)memory + (uint64_t)y * FONT_HEIGHT * screen.pitch;

	for (unsigned r = 0; r < FONT_HEIGHT; r++) {
		volatile uint32_t *p =
			(volatile uint32_t *)(top + r * screen.pitch) + x * FONT_WIDTH;

		for (uint8_t bits = font_row(c, r), n = 0; n < FONT_WIDTH; n++, bits <<= 1)
			p[n] = bits & 0x80 ? INK : PAPER;
	}
}

static void draw(uint32_t x, uint32_t y, char c)
{
	volatile char *line = (volatile char *)memory + (uint64_t)y * screen.pitch;

	if (screen.text)
		((volatile uint16_t *)line)[x] = (uint16_t)(TEXT_ATTR | (uint8_t)c);
	else
		draw_pixels(x, y, c);
}

static void blank_pixels(uint32_t y)
{
	const uint64_t two = (uint64_t)PAPER << 32 | PAPER;

	for (uint32_t r = y * FONT_HEIGHT; r < (y + 1) * FONT_HEIGHT; r++) {
		volatile char *line = (volatile char *)memory + (uint64_t)r * screen.pitch;

		for (uint32_t x = 0; x < screen.width / 2; x++)
			((volatile uint64_t *)line)[x] = two;
	}
}

static void blank(uint32_t y)
{
	if (!screen.text) {
		blank_pixels(y);
		return;
	}
	for (uint32_t x = 0; x < columns; x++)
		draw(x, y, ' ');
}

/* Text memory is small enough to move. */
static void scroll_text(void)
{
	volatile char *p = memory;
	size_t kept = (size_t)screen.pitch * (rows - 1);

	for (size_t i = 0; i < kept; i += sizeof(uint64_t))
		*(volatile uint64_t *)(p + i) = *(volatile uint64_t *)(p + i + screen.pitch);
	blank(rows - 1);
}

static void next_line(void)
{
	column = 0;
	if (screen.text && row == rows - 1) {
		scroll_text();
		return;
	}
	row = (row + 1) % rows;
	blank((row + 1) % rows);
}

void screen_init(const struct screen_info *info)
{
	if (!is_drawable(info))
		return;
	screen = *info;
	columns = info->text ? info->width : info->width / FONT_WIDTH;
	rows = info->text ? info->height : info->height / FONT_HEIGHT;
	if (columns < 2 || rows < 2)
		return;
	memory = hvmap_framebuffer(info->base, (uint64_t)info->pitch * info->height);
	for (uint32_t y = 0; y < rows; y++)
		blank(y);
}

bool screen_present(void)
{
	return memory;
}

void screen_write(const char *text, size_t bytes)
{
	if (!memory)
		return;
	for (; bytes; bytes--, text++) {
		if (*text == '\n') {
			next_line();
			continue;
		}
		if (column == columns)
			next_line();
		draw(column++, row, *text);
	}
}
