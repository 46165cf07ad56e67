; ecx = MSR, edx:eax = value.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE msr_insns
INSN rdmsr
INSN wrmsr
END_TABLE
