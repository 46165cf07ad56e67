/*
 * Marks in the instruction stream: no-operations with a number in their displacement, which
 * tools/bench/count.c finds as QEMU translates them. They cost one instruction and no exit.
 */
#ifndef GUESTS_BENCH_MARK_H
#define GUESTS_BENCH_MARK_H

#define MARK_BEGIN 0x4b485542u /* of an interval */
#define MARK_END   0x4b485543u /* of an interval */
#define MARK_PATH  0x4b485544u /* the intervals since the last one were one path's */

/* NOP with a 32-bit displacement. */
#define mark(number) asm volatile(".byte 0x0f, 0x1f, 0x80; .long %c0" : : "i"(number) : "memory")

#endif
