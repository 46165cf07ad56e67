/*
 * See e1000_card.h. Emulated cards do less at a reset than real ones, so whatever matters is
 * written, too.
 */
#include "guests/service/drivers/e1000_card.h"

#include "guests/lib/mmio.h"
#include "guests/lib/time.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/pcifn.h"

#define VENDOR_INTEL 0x8086u

#define SETTLE_NS (10 * NS_PER_US) /* before registers may be read after a reset */
#define EEPROM_NS (5 * NS_PER_MS)  /* that the card takes to read it after a reset */
#define WAIT_NS   (100 * NS_PER_MS)

/* Device numbers: 8254x of plain copper, the 82574L. */
static const struct {
	uint16_t device;
	bool is_82574;
} models[] = {
	{ 0x1004, false }, /* 82543GC */
	{ 0x1008, false }, /* 82544EI */
	{ 0x100e, false }, /* 82540EM: QEMU and Bochs */
	{ 0x100f, false }, /* 82545EM: VMware, too */
	{ 0x10d3, true },  /* 82574L: QEMU's e1000e */
};

static int model_of(const struct hv_device *d)
{
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		if (d->vendor == VENDOR_INTEL && d->device == models[i].device)
			return (int)i;
	return -1;
}

bool e1000_card_is(const struct hv_device *d)
{
	return model_of(d) >= 0;
}

bool e1000_card_find(struct e1000_card *c, const struct hv_device *d)
{
	c->is_82574 = models[model_of(d)].is_82574;
	c->regs = pcifn_bar(d, 0);
	return c->regs != NULL;
}

static uint32_t reg(const struct e1000_card *c, unsigned at)
{
	return readl(c->regs + at);
}

static void reg_set(const struct e1000_card *c, unsigned at, uint32_t value)
{
	writel(c->regs + at, value);
}

static void silence(const struct e1000_card *c)
{
	reg_set(c, E1000_IMC, ~0u);
	reg_set(c, E1000_RCTL, 0);
	reg_set(c, E1000_TCTL, 0);
	(void)e1000_card_causes(c);
}

bool e1000_card_reset(const struct e1000_card *c)
{
	bool good = true;

	silence(c);
	if (c->is_82574) { /* 5.2: PCI Express needs to be asked first */
		reg_set(c, E1000_CTRL, reg(c, E1000_CTRL) | E1000_CTRL_MASTER_OFF);
		good = pcifn_wait32(c->regs + E1000_STATUS, E1000_STATUS_MASTER, 0, WAIT_NS);
	}
	reg_set(c, E1000_CTRL, reg(c, E1000_CTRL) | E1000_CTRL_RST);
	time_spin(SETTLE_NS);
	good &= pcifn_wait32(c->regs + E1000_CTRL, E1000_CTRL_RST, 0, WAIT_NS);
	time_spin(EEPROM_NS);
	silence(c);
	return good;
}

/* 13.4.4; the 82574 has other places for address and done (10.2.2.4). */
static uint16_t eeprom_word(const struct e1000_card *c, unsigned at)
{
	uint32_t done = c->is_82574 ? 0x2 : 0x10;

	reg_set(c, E1000_EERD, 1 | at << (c->is_82574 ? 2 : 8));
	if (!pcifn_wait32(c->regs + E1000_EERD, done, done, WAIT_NS))
		return 0;
	return (uint16_t)(reg(c, E1000_EERD) >> 16);
}

/* The card has copied it from its EEPROM into its first address filter, unless it is very old. */
bool e1000_card_mac(const struct e1000_card *c, uint8_t mac[NET_MAC])
{
	uint32_t low = reg(c, E1000_RAL0), high = reg(c, E1000_RAH0);
	uint64_t all = low | (uint64_t)(high & 0xffff) << 32;

	if (!(high & E1000_RAH_VALID))
		all = eeprom_word(c, 0) | (uint64_t)eeprom_word(c, 1) << 16 |
		      (uint64_t)eeprom_word(c, 2) << 32;
	for (unsigned i = 0; i < NET_MAC; i++)
		mac[i] = (uint8_t)(all >> 8 * i);
	return all != 0 && !(mac[0] & 1);
}

static void link_start(const struct e1000_card *c)
{
	uint32_t ctrl = reg(c, E1000_CTRL);

	ctrl &= ~(E1000_CTRL_MASTER_OFF | E1000_CTRL_LRST | E1000_CTRL_ILOS | E1000_CTRL_FORCED |
		  E1000_CTRL_FLOW | E1000_CTRL_VME | E1000_CTRL_PHY_RST);
	reg_set(c, E1000_CTRL, ctrl | E1000_CTRL_ASDE | E1000_CTRL_SLU);
	reg_set(c, E1000_FCAL, 0);
	reg_set(c, E1000_FCAH, 0);
	reg_set(c, E1000_FCT, 0);
	reg_set(c, E1000_FCTTV, 0);
}

static void transmit_start(const struct e1000_card *c, struct e1000_tx *tx)
{
	tx->tail = c->regs + E1000_TDT;
	reg_set(c, E1000_TDBAL, (uint32_t)dma_bus(tx->desc));
	reg_set(c, E1000_TDBAH, (uint32_t)(dma_bus(tx->desc) >> 32));
	reg_set(c, E1000_TDLEN, tx->size * (uint32_t)sizeof(*tx->desc));
	reg_set(c, E1000_TDH, 0);
	reg_set(c, E1000_TDT, 0);
	reg_set(c, E1000_TIPG, E1000_TIPG_COPPER);
	if (c->is_82574)
		reg_set(c, E1000_TXDCTL, reg(c, E1000_TXDCTL) | E1000_TXDCTL_COUNTS);
	reg_set(c, E1000_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP | E1000_TCTL_COLLISION);
}

/* Buffers of 2048 bytes are what RCTL says with zeros (13.4.22). */
static void receive_start(const struct e1000_card *c, struct e1000_rx *rx)
{
	rx->tail = c->regs + E1000_RDT;
	reg_set(c, E1000_RDBAL, (uint32_t)dma_bus(rx->desc));
	reg_set(c, E1000_RDBAH, (uint32_t)(dma_bus(rx->desc) >> 32));
	reg_set(c, E1000_RDLEN, rx->size * (uint32_t)sizeof(*rx->desc));
	reg_set(c, E1000_RDH, 0);
	reg_set(c, E1000_RDT, 0);
	reg_set(c, E1000_RDTR, 0);
	reg_set(c, E1000_RCTL,
		E1000_RCTL_EN | E1000_RCTL_UPE | E1000_RCTL_MPE | E1000_RCTL_BAM |
			E1000_RCTL_SECRC);
	e1000_rx_give(rx);
}

void e1000_card_start(const struct e1000_card *c, struct e1000_rx *rx, struct e1000_tx *tx)
{
	uint32_t causes = E1000_INT_LSC | E1000_INT_RXDMT0 | E1000_INT_RXO | E1000_INT_RXT0;

	link_start(c);
	transmit_start(c, tx);
	receive_start(c, rx);
	if (c->is_82574) { /* with MSI-X; without, neither does anything */
		reg_set(c, E1000_IVAR, E1000_IVAR_ALL_AT_0);
		causes |= E1000_INT_RXQ0 | E1000_INT_OTHER;
	}
	reg_set(c, E1000_IMS, causes);
}

/* Some clear them by the read, some by the write. What comes between is found by who looks at the
   rings and the link after this. */
uint32_t e1000_card_causes(const struct e1000_card *c)
{
	uint32_t causes = reg(c, E1000_ICR);

	reg_set(c, E1000_ICR, causes);
	return causes;
}

bool e1000_card_has_link(const struct e1000_card *c)
{
	return reg(c, E1000_STATUS) & E1000_STATUS_LU;
}
