/*
 * See ahci_port.h.
 */
#include "guests/service/drivers/ahci_port.h"

#include "guests/lib/mmio.h"
#include "guests/lib/time.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/ahci_prd.h"
#include "guests/service/drivers/pcifn.h"

#define IDENTIFY_NS (4 * NS_PER_SEC)
#define FIS_DWORDS  (AHCI_FIS_BYTES / 4)
#define REGIONS     16 /* where their number begins in a header's flags */
#define INTERRUPTS  (AHCI_INT_D2H | AHCI_INT_SDB | AHCI_INT_FATAL)

static void command_bits(struct ahci_port *p, uint32_t clear, uint32_t set)
{
	writel(p->regs + AHCI_PX_CMD, (readl(p->regs + AHCI_PX_CMD) & ~clear) | set);
}

void ahci_port_listen(struct ahci_port *p)
{
	uint64_t list = dma_bus(p->page->list), received = dma_bus(p->page->received);

	writel(p->regs + AHCI_PX_CLB, (uint32_t)list);
	writel(p->regs + AHCI_PX_CLB + 4, (uint32_t)(list >> 32));
	writel(p->regs + AHCI_PX_FB, (uint32_t)received);
	writel(p->regs + AHCI_PX_FB + 4, (uint32_t)(received >> 32));
	writel(p->regs + AHCI_PX_SERR, ~0u);
	command_bits(p, 0, AHCI_CMD_FIS);
}

void ahci_port_deafen(struct ahci_port *p)
{
	command_bits(p, AHCI_CMD_FIS, 0);
}

void ahci_port_start(struct ahci_port *p)
{
	p->issued = p->queued = 0;
	writel(p->regs + AHCI_PX_SERR, ~0u);
	writel(p->regs + AHCI_PX_IS, ~0u);
	writel(p->regs + AHCI_PX_IE, INTERRUPTS);
	command_bits(p, 0, AHCI_CMD_START);
}

void ahci_port_stop(struct ahci_port *p)
{
	writel(p->regs + AHCI_PX_IE, 0);
	command_bits(p, AHCI_CMD_START, 0);
	p->issued = p->queued = 0;
}

bool ahci_port_runs(const struct ahci_port *p)
{
	return readl(p->regs + AHCI_PX_CMD) & AHCI_CMD_RUNS;
}

void ahci_port_reset(struct ahci_port *p, bool on)
{
	writel(p->regs + AHCI_PX_SCTL, AHCI_SCTL_AWAKE | (on ? AHCI_SCTL_RESET : 0));
}

bool ahci_port_is_ready(const struct ahci_port *p)
{
	return field_get(AHCI_LINK, readl(p->regs + AHCI_PX_SSTS)) == AHCI_LINK_UP &&
	       !(readl(p->regs + AHCI_PX_TFD) & (AHCI_TFD_BUSY | AHCI_TFD_DRQ));
}

void ahci_port_issue(struct ahci_port *p, const struct ahci_command *c,
		     const struct ahci_table *table, unsigned regions)
{
	struct ahci_header *h = &p->page->list[c->slot];
	uint32_t bit = (uint32_t)BIT(c->slot);

	h->flags = FIS_DWORDS | regions << REGIONS;
	if (c->op == DISK_WRITE || c->op == DISK_DISCARD)
		h->flags |= AHCI_HEADER_WRITE;
	h->moved = 0;
	h->table = dma_bus(table);
	p->issued |= bit;
	p->queued = c->queued ? p->queued | bit : p->queued & ~bit;
	barrier();
	if (c->queued)
		writel(p->regs + AHCI_PX_SACT, bit);
	writel(p->regs + AHCI_PX_CI, bit);
}

/* 5.5.3. A command that is not queued shows its end in CI alone, and the one that failed is the one
   that was at work: not every controller leaves its bit in CI. */
uint32_t ahci_port_events(struct ahci_port *p, bool *failed)
{
	uint32_t cause = readl(p->regs + AHCI_PX_IS), running, done;

	writel(p->regs + AHCI_PX_IS, cause);
	running = readl(p->regs + AHCI_PX_CI) | readl(p->regs + AHCI_PX_SACT);
	done = p->issued & ~running;
	if (!p->queued)
		cause |= readl(p->regs + AHCI_PX_IS); /* it may have failed just now */
	*failed = cause & AHCI_INT_FATAL;
	if (*failed && !p->queued)
		done &= ~BIT(field_get(AHCI_CMD_SLOT, readl(p->regs + AHCI_PX_CMD)));
	p->issued &= ~done;
	p->queued &= ~done;
	return done;
}

bool ahci_port_identify(struct ahci_port *p, struct ahci_table *table)
{
	const struct ahci_command c = { .op = DISK_READ };
	bool done;

	ahci_fis_identify(table->fis);
	ahci_port_start(p);
	writel(p->regs + AHCI_PX_IE, 0);
	ahci_port_issue(p, &c, table,
			ahci_prd_single(p->page->identify, sizeof(p->page->identify), table->prd));
	done = pcifn_wait32(p->regs + AHCI_PX_CI, 1, 0, IDENTIFY_NS) &&
	       !(readl(p->regs + AHCI_PX_TFD) & (AHCI_TFD_ERROR | AHCI_TFD_FAULT));
	ahci_port_stop(p);
	return pcifn_wait32(p->regs + AHCI_PX_CMD, AHCI_CMD_RUNS, 0, NS_PER_SEC / 2) && done;
}
