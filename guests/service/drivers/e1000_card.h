/*
 * The registers of an e1000 card: reset, address, link, start. No frame passes here.
 */
#ifndef GUESTS_SERVICE_DRIVERS_E1000_CARD_H
#define GUESTS_SERVICE_DRIVERS_E1000_CARD_H

#include "abi/boot.h"
#include "guests/service/drivers/e1000_ring.h"
#include "guests/service/net.h"

struct e1000_card {
	volatile uint8_t *regs;
	bool is_82574;
};

/* Whether it is one of these cards. */
bool e1000_card_is(const struct hv_device *d);

/* Finds the registers. False: there are none. */
bool e1000_card_find(struct e1000_card *c, const struct hv_device *d);

/* Stops it in whatever state it is, with interrupts off. False: it does not obey. */
bool e1000_card_reset(const struct e1000_card *c);

/* Its address; false if it has none. */
bool e1000_card_mac(const struct e1000_card *c, uint8_t mac[NET_MAC]);

/* After a reset: takes the rings into use, receives every frame and interrupts for them and for
   the link. */
void e1000_card_start(const struct e1000_card *c, struct e1000_rx *rx, struct e1000_tx *tx);

/* What it has interrupted for, E1000_INT_*, taken back: what comes from now on interrupts anew. */
uint32_t e1000_card_causes(const struct e1000_card *c);

bool e1000_card_has_link(const struct e1000_card *c);

#endif
