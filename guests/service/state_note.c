/*
 * What the hypervisor reads of this image before an upgrade to it (abi/boot.h): which versions of
 * the kept pages it understands.
 */
#include "abi/boot.h"
#include "guests/service/kept.h"

/* System V ABI, "Note Section": sizes of name and description, type, then both, each padded to 4.
 */
static const struct {
	uint32_t name_bytes, state_bytes, type;
	char name[(sizeof(HV_NOTE_NAME) + 3) & ~3ul];
	struct hv_note_state state;
} note __attribute__((section(".note.bulkhead"), aligned(4), used)) = {
	sizeof(HV_NOTE_NAME), sizeof(struct hv_note_state),   HV_NOTE_STATE,
	HV_NOTE_NAME,         { KEPT_VERSION, KEPT_VERSION },
};
