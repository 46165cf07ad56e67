/* What mmio.c and mmio_edge.c share. */
#ifndef GUESTS_CONFORM_MMIO_H
#define GUESTS_CONFORM_MMIO_H

/* Nothing is there: within the PCI window, where no function has a BAR. */
#define MMIO_HOLE 0xc8000000ul

#endif
