/*
 * The start of an AHCI controller: reset, then a look at each port (10.1.2). All here polls.
 */
#include "guests/service/drivers/ahci_find.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/ahci.h"
#include "guests/service/drivers/pcifn.h"
#include "lib/format.h"

#define PAGE     4096u
#define RESET_NS NS_PER_SEC
#define OWNER_NS (2 * NS_PER_SEC)
#define SIGNS_NS (20 * NS_PER_MS) /* a disk shows within 10 ms after a reset that it is there */
#define LINK_NS  NS_PER_SEC
#define READY_NS (4 * NS_PER_SEC)
#define REACH_32 0x100000000ull
#define REACH_64 (1ull << 52)

static struct ahci ahcis[AHCI_CONTROLLERS];
static unsigned ahci_count;

struct ahci *ahci_of(const struct hv_device *d)
{
	for (unsigned i = 0; i < ahci_count; i++)
		if (ahcis[i].device == d)
			return &ahcis[i];
	return NULL;
}

/* 10.6: firmware that still serves the controller is asked to let go of it. */
static void take_over(volatile uint8_t *regs)
{
	if (!(readl(regs + AHCI_CAP2) & AHCI_CAP2_BOH))
		return;
	writel(regs + AHCI_BOHC, readl(regs + AHCI_BOHC) | AHCI_BOHC_OS);
	(void)pcifn_wait32(regs + AHCI_BOHC, AHCI_BOHC_BIOS, 0, OWNER_NS);
}

void ahci_quiet(const struct hv_device *d)
{
	volatile uint8_t *regs;
	struct ahci *a;

	pcifn_enable(d, false);
	if (ahci_count == AHCI_CONTROLLERS) {
		print("ahci at slot %#x: more than %u of them\n", d->slot, AHCI_CONTROLLERS);
		return;
	}
	regs = pcifn_bar(d, AHCI_BAR);
	if (!regs) {
		print("ahci at slot %#x: no registers\n", d->slot);
		return;
	}
	take_over(regs);
	writel(regs + AHCI_GHC, AHCI_GHC_AE);
	writel(regs + AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_RESET);
	if (!pcifn_wait32(regs + AHCI_GHC, AHCI_GHC_RESET, 0, RESET_NS)) {
		print("ahci at slot %#x: does not stop\n", d->slot);
		return;
	}
	a = &ahcis[ahci_count++];
	a->device = d;
	a->regs = regs;
}

static volatile uint8_t *port_regs(const struct ahci *a, unsigned number)
{
	return a->regs + AHCI_PORTS + number * AHCI_PORT_BYTES;
}

static void ports_power(const struct ahci *a, uint32_t ports)
{
	for (unsigned n = 0; n < AHCI_PORTS_MAX; n++) {
		volatile uint8_t *cmd = port_regs(a, n) + AHCI_PX_CMD;

		if (ports & BIT(n))
			writel(cmd, readl(cmd) | AHCI_CMD_SPIN_UP | AHCI_CMD_POWER);
	}
}

/* Whether some port shows a device with which no link is up yet. */
static bool ports_are_linking(const struct ahci *a, uint32_t ports)
{
	bool linking = false;

	for (unsigned n = 0; n < AHCI_PORTS_MAX; n++) {
		uint32_t link;

		if (!(ports & BIT(n)))
			continue;
		link = field_get(AHCI_LINK, readl(port_regs(a, n) + AHCI_PX_SSTS));
		linking |= link != AHCI_LINK_NONE && link != AHCI_LINK_UP;
	}
	return linking;
}

/* A port's first word: what kind of device it has. False: it gives none. */
static bool port_signature(struct ahci_port *p, uint32_t *signature)
{
	ahci_port_listen(p);
	if (!pcifn_wait32(p->regs + AHCI_PX_TFD, AHCI_TFD_BUSY | AHCI_TFD_DRQ, 0, READY_NS))
		return false;
	*signature = readl(p->regs + AHCI_PX_SIG);
	return true;
}

static bool drive_identify(struct ahci *a, struct ahci_drive *d)
{
	struct ahci_table *table = dma_alloc(PAGE);
	const char *why;

	d->slot[0].table = table;
	if (!table || !ahci_port_identify(&d->port, table)) {
		print("%s: %s\n", d->name,
		      table ? "does not say what it is" : "the DMA pool is too small");
		a->silent = true;
		return false;
	}
	why = ahci_identify(d->port.page->identify, &d->facts);
	if (why)
		print("%s: %s: left out\n", d->name, why);
	if (!a->queues)
		d->facts.depth = 0;
	return !why;
}

static void look_at(struct ahci *a, unsigned number)
{
	struct ahci_drive *d = &a->drive[a->drives];
	uint32_t signature;

	*d = (struct ahci_drive){ .ahci = a, .number = number };
	d->port.regs = port_regs(a, number);
	if (field_get(AHCI_LINK, readl(d->port.regs + AHCI_PX_SSTS)) != AHCI_LINK_UP)
		return;
	format(d->name, sizeof(d->name), "%s port %u", a->name, number);
	d->port.page = a->spare;
	if (!port_signature(&d->port, &signature)) {
		print("%s: silent\n", d->name);
		a->silent = true;
	} else if (signature == AHCI_SIG_ATA && drive_identify(a, d)) {
		a->drives++;
		a->spare = dma_alloc(PAGE);
		return;
	}
	ahci_port_deafen(&d->port);
}

static void look_at_all(struct ahci *a)
{
	uint32_t ports = readl(a->regs + AHCI_PI);
	uint64_t start = time_ns();

	ports_power(a, ports);
	while (time_ns() - start < SIGNS_NS ||
	       (ports_are_linking(a, ports) && time_ns() - start < LINK_NS))
		cpu_relax();
	for (unsigned n = 0; n < AHCI_PORTS_MAX && !a->silent && a->spare; n++)
		if (ports & BIT(n) && a->drives < AHCI_DRIVES)
			look_at(a, n);
}

struct ahci *ahci_find(const struct hv_device *d, event_fn *fn)
{
	struct ahci *a = ahci_of(d);
	uint32_t cap;
	int64_t bound;

	if (!a || a->found)
		return a;
	a->found = true;
	pcifn_name(d, "ahci", a->name, sizeof(a->name));
	pcifn_enable(d, true);
	writel(a->regs + AHCI_GHC, AHCI_GHC_AE);
	cap = readl(a->regs + AHCI_CAP);
	a->slots = (unsigned)field_get(AHCI_CAP_SLOTS, cap) + 1;
	a->queues = cap & AHCI_CAP_NCQ && !boot_option("noncq", NULL);
	a->reach = cap & AHCI_CAP_64 ? REACH_64 : REACH_32;
	a->spare = dma_alloc(PAGE);
	if (!a->spare)
		print("%s: the DMA pool is too small: raise `dma-pool` in the config\n", a->name);
	look_at_all(a);
	a->event = event_alloc();
	event_bind(a->event, fn, a);
	bound = hv_irq_bind(d->cap, 0, a->event);
	if (bound < 0) {
		print("%s: no interrupt: %s\n", a->name, hv_error(bound));
		a->drives = 0;
	}
	a->acknowledged = bound != 0;
	writel(a->regs + AHCI_IS, ~0u);
	writel(a->regs + AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_IE);
	return a;
}
