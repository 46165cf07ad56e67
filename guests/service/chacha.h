/*
 * ChaCha20's block function (RFC 8439, 2.3): what the generator of random numbers is made of.
 */
#ifndef GUESTS_SERVICE_CHACHA_H
#define GUESTS_SERVICE_CHACHA_H

#include <stdint.h>

#define CHACHA_KEY   8u  /* words */
#define CHACHA_BLOCK 16u /* words */

/* One block of the stream of this key; counter[] is the block's number and nonce, words 12 to 15 of
   the cipher's state. */
void chacha_block(const uint32_t key[CHACHA_KEY], const uint32_t counter[4],
		  uint32_t out[CHACHA_BLOCK]);

#endif
