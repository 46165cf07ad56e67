; Accesses to a page; rdi is its address. The page holds an INT that ends the probe, for fetches.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE pf_cases
CASE "read"
	mov eax, [rdi]
END_CASE
CASE "write"
	mov [rdi + 8], eax
END_CASE
CASE "locked add"
	lock add [rdi + 8], eax
END_CASE
END_TABLE

; More ways to touch a page that is absent.
TABLE touch_cases
INSN push qword [rdi]
INSN cmp [rdi], eax
INSN add [rdi], eax
INSN xchg [rdi], eax
INSN cmpxchg [rdi], eax
INSN movaps xmm0, [rdi]
INSN movaps [rdi], xmm0
INSN fld qword [rdi]
INSN call [rdi]
INSN jmp [rdi]
INSN stosb
INSN scasb
INSN insb
INSN sgdt [rdi]
INSN invlpg [rdi]
INSN prefetcht0 [rdi]
INSN lea rax, [rdi]
INSN fxsave [rdi]
INSN cmpxchg16b [rdi]
INSN bt [rdi], ecx
INSN mov rax, [rdi - 4]
INSN mov [rdi - 4], rax
INSN mov [rdi - 1], ax
CASE "rep movsq that runs into the page"
	lea rsi, [rdi - 64]
	lea rdi, [rdi - 24]
	mov ecx, 8
	rep movsq
END_CASE
END_TABLE

TABLE invpcid_case
INSN invpcid rax, [rdi]
END_TABLE
