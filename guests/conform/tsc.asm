; The instructions that read the time-stamp counter.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE tsc_cases
INSN rdtscp
INSN rdpid rcx
INSN rdtsc
END_TABLE
