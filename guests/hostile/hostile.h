/*
 * What the hostile guest's files share: its random numbers, and the way back from code that may do
 * anything short of changing the stack pointer.
 */
#ifndef GUESTS_HOSTILE_HOSTILE_H
#define GUESTS_HOSTILE_HOSTILE_H

#include <stdbool.h>
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
/* No storms. */
extern bool is_quiet;
/* code.c: one instruction or some random bytes, run with TF set. */
void act_code(void);
void code_init(void);
/* calls.c: hypercalls with wild arguments, one by one and in a batch. */
void act_call(void);
void act_batch(void);
/* control.c: control registers and EFER with some bits turned; what holds is put back. */
void control_init(void);
void act_control(void);
/* storm.c: interrupts in bursts, by local APIC, timer and messages. */
void act_storm(void);
/* device.c: configuration space and registers of the devices that it is served. */
void device_init(void);
void act_config(void);
void act_register(void);
/* ring.c: queues of those devices, and floods of doorbells. */
void act_ring(void);
void act_flood(void);

#endif
