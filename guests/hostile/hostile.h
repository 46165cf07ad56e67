/*
 * What the hostile guest's files share: its random numbers, and the way back from code that may do
 * anything short of changing the stack pointer.
 */
#ifndef GUESTS_HOSTILE_HOSTILE_H
#define GUESTS_HOSTILE_HOSTILE_H

#include <stddef.h>
#include <stdint.h>

/* The next number of the sequence that the seed chose. */
uint64_t rnd(void);
/* 0 .. below - 1. */
uint64_t rnd_below(uint64_t below);
/* A number that makes trouble: powers of two and their neighbours, addresses, handles, noise. */
uint64_t rnd_nasty(void);

/* run.asm: enters code with rax..r15 from regs (but rsp) and flags, until an exception comes. */
void run_code(const void *code, const uint64_t regs[16], uint64_t flags);
/* run.asm: where exceptions end, whatever caused them. */
extern const uint8_t run_landing[];

/* acts.c: one random misdeed. */
void act(void);
/* code.c: one instruction or some random bytes, run with TF set. */
void act_code(void);
void code_init(void);

#endif
