/*
 * The two rings of an e1000 card, with a buffer of fixed size behind each descriptor. The card owns
 * what lies from its head up to the tail register; one descriptor is always ours, so that a full
 * ring is not taken for an empty one. Pure: the tail register is a word in memory.
 *
 *   receive    | ours: next | card's, filled one after another ... | tail: ours |
 *   transmit   | card's: sent, with DONE once they are | next: ours ... |
 */
#ifndef GUESTS_SERVICE_DRIVERS_E1000_RING_H
#define GUESTS_SERVICE_DRIVERS_E1000_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "guests/service/drivers/e1000_regs.h"
#include "guests/service/window.h"

#define E1000_BUFFER   2048u
#define E1000_RING_MIN 16u
#define E1000_RING_MAX 256u /* descriptors: a page */

struct e1000_rx {
	volatile struct e1000_rx_desc *desc;
	uint8_t *buffers;
	volatile uint8_t *tail;
	unsigned size, next;
	bool skips; /* the rest of a frame that is longer than a buffer */
};

struct e1000_tx {
	volatile struct e1000_tx_desc *desc;
	uint8_t *buffers;
	volatile uint8_t *tail;
	unsigned size, next;
};

/* Fills zeroed rings; desc, buffers, tail and size are the caller's. The tail registers are left
   alone. */
void e1000_rx_init(struct e1000_rx *r);
void e1000_tx_init(struct e1000_tx *t);

enum e1000_rx_found { E1000_RX_NOTHING, E1000_RX_FRAME, E1000_RX_USELESS };

/* What the next descriptor holds. For all but NOTHING e1000_rx_next() goes on to the one after. */
enum e1000_rx_found e1000_rx_look(struct e1000_rx *r, struct window_part *frame);
void e1000_rx_next(struct e1000_rx *r);

/* Gives everything that was gone past, and at the start all, back to the card. */
void e1000_rx_give(struct e1000_rx *r);

/* A buffer of E1000_BUFFER bytes for the next frame, NULL if all are under way. */
uint8_t *e1000_tx_buffer(struct e1000_tx *t);

/* Sends the frame of this length that was put there. */
void e1000_tx_send(struct e1000_tx *t, uint32_t bytes);

#endif
