/*
 * From the boot loader's memory map to free frames. Kept out: everything below 1 MiB (firmware
 * data, trampolines), the image, the modules. The boot information itself was copied and is free.
 */
#include "boot/boot.h"

#include "lib/log.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/hvmap.h"

#define LOW_MEMORY  0x100000ul
#define EBDA_LOWEST 0x80000ul /* firmware's own data begin somewhere above */
#define LOWEST_USED 0x8000ul  /* leave what old firmware scribbles on */

extern const char text_start[], data_end[]; /* linker.ld */

void memory_init(const struct boot_info *info)
{
	hpa_t image = hvmap_image_hpa(text_start);
	uint64_t usable = 0;

	for (size_t i = 0; i < info->ranges; i++)
		if (info->range[i].usable)
			frames_add(info->range[i].base, info->range[i].bytes);
	usable = frames_free_bytes();
	/* Firmware maps overlap at times: what one entry calls taken is taken. */
	for (size_t i = 0; i < info->ranges; i++)
		if (!info->range[i].usable)
			frames_reserve(info->range[i].base, info->range[i].bytes);
	frames_reserve(hpa(0), LOW_MEMORY);
	frames_reserve(image, (uint64_t)(data_end - text_start));
	for (size_t i = 0; i < info->modules; i++)
		frames_reserve(info->module[i].base, info->module[i].bytes);
	if (info->dropped)
		log_warn("the boot loader told of %zu modules or memory ranges too many: left out",
			 info->dropped);
	log_info("memory: %lu MiB usable, %lu MiB free, %zu modules", usable >> 20,
		 frames_free_bytes() >> 20, info->modules);
}

hpa_t memory_trampoline(const struct boot_info *info)
{
	for (size_t i = 0; i < info->ranges; i++) {
		const struct boot_range *r = &info->range[i];
		uint64_t page = MAX(page_up(r->base.v), LOWEST_USED);

		if (r->usable && page + PAGE_SIZE <= MIN(r->base.v + r->bytes, EBDA_LOWEST))
			return hpa(page);
	}
	return hpa(0);
}

size_t memory_modules(const struct boot_info *info, struct start_module *modules)
{
	size_t n = 0;

	for (size_t i = 0; i < info->modules; i++) {
		const struct boot_module *m = &info->module[i];

		if (m->base.v & PAGE_MASK || !m->bytes) {
			log_warn("module %s is empty or not on a page boundary: left out", m->name);
			continue;
		}
		modules[n++] = (struct start_module){ m->name, m->base,
						      hvmap_memory(m->base, m->bytes), m->bytes };
		log_debug("module %s: %lu KiB at %#lx", m->name, m->bytes >> 10, m->base.v);
	}
	return n;
}
