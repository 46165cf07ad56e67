/*
 * The configuration space of a served device: fixed words from the model, a few registers that
 * live in the kept page. What is not listed reads as zero and ignores writes.
 *
 *   0x40 notify (I/O)  0x54 notify (memory)  0x68 common  0x78 ISR  0x88 device  0x98 access  0xac
 * MSI-X
 */
#include "guests/service/pcidev.h"

#include "guests/service/kept_store.h"
#include "guests/service/pcibar.h"
#include "guests/service/virtio_port.h"

#define REG_ID         0x00u
#define REG_COMMAND    0x04u
#define REG_CLASS      0x08u
#define REG_HEADER     0x0cu
#define REG_BAR0       0x10u
#define REG_BAR2       0x18u
#define REG_SUBSYSTEM  0x2cu
#define REG_CAPS       0x34u
#define REG_INTERRUPT  0x3cu
#define REG_NOTIFY_IO  0x40u
#define REG_NOTIFY_MEM 0x54u
#define REG_COMMON     0x68u
#define REG_ISR        0x78u
#define REG_DEVICE     0x88u
#define REG_ACCESS     0x98u
#define REG_MSIX       0xacu

#define STATUS_CAPS (0x10u << 16)
#define CAP_VENDOR  0x09u
#define CAP_MSIX    0x11u

/* A virtio capability (virtio 1.2, 4.1.4): four words, a fifth for some. */
struct cap {
	uint8_t reg, next, type, bar;
	uint32_t offset, bytes, extra;
};

static const struct cap caps[] = {
	{ REG_NOTIFY_IO, REG_NOTIFY_MEM, VIRTIO_CAP_NOTIFY, 0, 0, VIRTIO_NOTIFY_BYTES,
	  VIRTIO_NOTIFY_STRIDE },
	{ REG_NOTIFY_MEM, REG_COMMON, VIRTIO_CAP_NOTIFY, 2, VIRTIO_REGION_NOTIFY,
	  VIRTIO_NOTIFY_BYTES, VIRTIO_NOTIFY_STRIDE },
	{ REG_COMMON, REG_ISR, VIRTIO_CAP_COMMON, 2, VIRTIO_REGION_COMMON,
	  sizeof(struct virtio_common), 0 },
	{ REG_ISR, REG_DEVICE, VIRTIO_CAP_ISR, 2, VIRTIO_REGION_ISR, 4, 0 },
	{ REG_DEVICE, REG_ACCESS, VIRTIO_CAP_DEVICE, 2, VIRTIO_REGION_DEVICE, 0x100, 0 },
};

static uint32_t cap_word(const struct cap *c, unsigned reg)
{
	unsigned bytes = c->type == VIRTIO_CAP_NOTIFY ? 20 : 16;

	switch (reg - c->reg) {
	case 0: return CAP_VENDOR | c->next << 8 | bytes << 16 | (uint32_t)c->type << 24;
	case 4: return c->bar;
	case 8: return c->offset;
	case 12: return c->bytes;
	default: return c->extra;
	}
}

/* The access capability: a window into the BARs for guests that can't map them yet. */
static uint32_t access_data(struct virtio_device *v)
{
	const struct kept_device *k = v->kept;
	uint32_t n = k->access_length;

	if (k->access_bar != 2 || (n != 1 && n != 2 && n != 4) || k->access_offset % n ||
	    k->access_offset >= VIRTIO_REGION_BYTES)
		return 0;
	return (uint32_t)virtio_region_read(v, k->access_offset, n);
}

static void access_data_write(struct virtio_device *v, uint32_t value)
{
	const struct kept_device *k = v->kept;
	uint32_t n = k->access_length;
	uint32_t offset = k->access_offset;

	if (k->access_bar == 0 && offset < VIRTIO_NOTIFY_BYTES)
		offset += VIRTIO_REGION_NOTIFY;
	else if (k->access_bar != 2)
		return;
	if ((n != 1 && n != 2 && n != 4) || offset % n || offset >= VIRTIO_REGION_BYTES)
		return;
	virtio_region_write(v, offset, n, value & ones(n));
}

static uint32_t access_word(struct virtio_device *v, unsigned reg)
{
	switch (reg - REG_ACCESS) {
	case 0: return CAP_VENDOR | REG_MSIX << 8 | 20u << 16 | VIRTIO_CAP_ACCESS << 24;
	case 4: return v->kept->access_bar;
	case 8: return v->kept->access_offset;
	case 12: return v->kept->access_length;
	default: return access_data(v);
	}
}

static uint32_t cap_read(struct virtio_device *v, unsigned reg)
{
	switch (reg) {
	case REG_MSIX: return CAP_MSIX | (KEPT_VECTORS - 1) << 16 | v->kept->msix_control << 16;
	case REG_MSIX + 4: return VIRTIO_REGION_TABLE | 2;
	case REG_MSIX + 8: return VIRTIO_REGION_PBA | 2;
	default: break;
	}
	if (reg >= REG_ACCESS)
		return reg < REG_MSIX ? access_word(v, reg) : 0;
	for (unsigned i = ARRAY_SIZE(caps); i-- > 0;)
		if (reg >= caps[i].reg)
			return cap_word(&caps[i], reg);
	return 0;
}

static uint32_t word_read(struct virtio_device *v, unsigned reg)
{
	const struct kept_device *k = v->kept;

	switch (reg) {
	case REG_ID: return VIRTIO_VENDOR | (VIRTIO_DEVICE_BASE + v->model->id) << 16;
	case REG_COMMAND: return k->command | STATUS_CAPS;
	case REG_CLASS: return v->model->class_code << 8 | 1; /* revision 1: not transitional */
	case REG_HEADER: return v->multifunction ? 0x800000 : 0;
	case REG_BAR0: return k->bar[PCIDEV_IO] | 1;
	case REG_BAR2: return k->bar[PCIDEV_MEMORY];
	case REG_SUBSYSTEM: return VIRTIO_VENDOR | (VIRTIO_DEVICE_BASE + v->model->id) << 16;
	case REG_CAPS: return REG_NOTIFY_IO;
	case REG_INTERRUPT: return k->interrupt_line;
	default: return reg >= REG_NOTIFY_IO && reg < 0x100 ? cap_read(v, reg) : 0;
	}
}

/* `value` is the whole word, the bytes that the guest did not write as they were. */
static void word_write(struct virtio_device *v, unsigned reg, uint32_t value)
{
	struct kept_device *k = v->kept;

	switch (reg) {
	case REG_COMMAND: kept_store32(&k->command, value & PCIBAR_COMMAND_WRITABLE); break;
	case REG_BAR0: kept_store32(&k->bar[PCIDEV_IO], value & ~(VIRTIO_NOTIFY_BYTES - 1)); break;
	case REG_BAR2:
		kept_store32(&k->bar[PCIDEV_MEMORY], value & ~(VIRTIO_REGION_BYTES - 1));
		break;
	case REG_INTERRUPT: kept_store32(&k->interrupt_line, value & 0xff); return;
	case REG_ACCESS + 4: kept_store32(&k->access_bar, value & 0xff); return;
	case REG_ACCESS + 8: kept_store32(&k->access_offset, value); return;
	case REG_ACCESS + 12: kept_store32(&k->access_length, value); return;
	case REG_ACCESS + 16: access_data_write(v, value); return;
	case REG_MSIX: virtio_msix_control(v, value >> 16); return;
	default: return;
	}
	pcidev_decode(v);
}

uint32_t pcidev_read(struct virtio_device *v, unsigned reg, unsigned bytes)
{
	return (uint32_t)(word_read(v, reg & ~3u) >> (reg & 3) * 8 & ones(bytes));
}

void pcidev_write(struct virtio_device *v, unsigned reg, unsigned bytes, uint32_t value)
{
	unsigned shift = (reg & 3) * 8;
	uint32_t mask = (uint32_t)(ones(bytes) << shift);
	uint32_t word = (reg & ~3u) == REG_ACCESS + 16 ? 0 : word_read(v, reg & ~3u);

	word_write(v, reg & ~3u, (word & ~mask) | (value << shift & mask));
}
