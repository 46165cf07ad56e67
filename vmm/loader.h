/*
 * Puts a guest's image into its memory and says in which state its first vCPU starts. One file a
 * boot protocol (load_*.c); the image is foreign bytes: every offset and length in it is checked.
 * The domain's RAM was scrubbed before.
 */
#ifndef VMM_LOADER_H
#define VMM_LOADER_H

#include "abi/boot.h"
#include "lib/span.h"
#include "vmm/domain.h"

struct loader_images {
	struct span image;
	struct span initrd; /* Linux: initrd; Multiboot, PVH: the one module; no bytes: none */
};

struct loader_entry {
	struct vcpu_regs regs;
	struct vcpu_state state;
	struct hv_note_state kept; /* by the note of a native image, else zeros */
};

/* Loads by d->config->protocol, with d->config->cmdline; writes the ACPI tables where the domain
   has RAM for them and no firmware. On an error `why` says in one line what is wrong with the image
   and what would be right. Errors: FORMAT (the image), RANGE (does not fit into the memory),
   UNSUPPORTED. */
must_check enum err loader_load(struct domain *d, const struct loader_images *images,
				struct loader_entry *entry, char *why, size_t why_size);

/* Would this image of a native domain load? Nothing is written. *state: its note, or zeros. Errors
   and `why` as above. */
must_check enum err loader_check(struct domain *d, const struct span *image,
				 struct hv_note_state *state, char *why, size_t why_size);

#endif
