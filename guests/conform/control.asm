; Writes of control registers that may fault: rax is the value. And what their bits do.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE control_writes
INSN mov cr0, rax
INSN mov cr3, rax
INSN mov cr4, rax
INSN mov cr8, rax
INSN lmsw ax
INSN clts
INSN xsetbv
END_TABLE

; What TS, EM and MP make of each.
TABLE fpu_insns
INSN fnop
INSN fwait
INSN fninit
INSN emms
INSN movaps xmm0, xmm1
INSN fxsave [rdi]
INSN fxrstor [rdi]
INSN ldmxcsr [rdi + 24]
INSN prefetchnta [rdi]
INSN sfence
END_TABLE

; In ring 3.
TABLE bit_insns
INSN rdtsc
INSN rdtscp
INSN sgdt [rsp - 16]
INSN sidt [rsp - 16]
INSN sldt eax
INSN str eax
INSN smsw eax
INSN rdfsbase rax
INSN wrgsbase rax
INSN xgetbv
END_TABLE
