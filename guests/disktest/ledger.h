/*
 * What a run knows of its blocks, said on the console for a checker outside: lines
 *
 *   NAME: WHAT BLOCK:GENERATION BLOCK:GENERATION ... =SUM
 *
 * in hexadecimal, several pairs a line. The sum of all its numbers says that the line is whole.
 */
#ifndef GUESTS_DISKTEST_LEDGER_H
#define GUESTS_DISKTEST_LEDGER_H

#include <stdint.h>

/* One pair; the line is ended when it is full, or when `what` changes. */
void ledger_say(const char *what, unsigned block, uint64_t generation);

/* Ends the line. */
void ledger_end(void);

#endif
