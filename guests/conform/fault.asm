; Code that faults. rdi points at a page of RAM, rsi at the first address that is not canonical; the
; other registers are zero.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE fault_cases
CASE "#DE, division by zero"
	div ecx
END_CASE
CASE "#DE, quotient too large"
	mov edx, 5
	mov ecx, 2
	div ecx
END_CASE
CASE "#DE, smallest number by -1"
	mov eax, 0x80000000
	cdq
	or ecx, -1
	idiv ecx
END_CASE
CASE "#DE, quotient of a byte too large"
	mov eax, 0x1000
	mov ecx, 0x10
	div cl
END_CASE
INSN int3
INSN int 3
INSN int1
INSN int 0x90
INSN mov rax, [rsi]
INSN mov [rsi], al
INSN mov rax, [rsi - 4]
INSN fs mov al, [rsi]
CASE "push with a stack pointer that is not canonical"
	lea rsp, [rsi + 64]
	push rax
END_CASE
CASE "[rbp] that is not canonical"
	mov rbp, rsi
	mov rax, [rbp]
END_CASE
CASE "[rsp] that is not canonical"
	mov rsp, rsi
	mov rax, [rsp + 8]
END_CASE
INSN jmp rsi
INSN call rsi
CASE "ret to an address that is not canonical"
	push rsi
	ret
END_CASE
INSN lgdt [rsi]
INSN invlpg [rsi]
INSN movaps xmm0, [rdi + 8]
INSN mov eax, [rdi + 1]
CASE "pop to an address that is not canonical"
	pop qword [rsi]
END_CASE
INSN rep movsb
CASE "rep movsb from an address that is not canonical"
	mov ecx, 1
	rep movsb
END_CASE
CASE "rep stosb to an address that is not canonical"
	mov rdi, rsi
	mov ecx, 1
	rep stosb
END_CASE
CASE "xlatb from an address that is not canonical"
	mov rbx, rsi
	xlatb
END_CASE
CASE "cmpxchg8b on an address that is not canonical"
	cmpxchg8b [rsi]
END_CASE
END_TABLE

; eax is a selector.
TABLE load_cases
INSN mov ds, eax
INSN mov ss, eax
INSN mov fs, eax
INSN lldt ax
INSN ltr ax
END_TABLE

; In ring 3 with alignment checks on: rdi is 16 bytes aligned.
TABLE align_cases
INSN mov ax, [rdi + 1]
INSN mov al, [rdi + 1]
INSN mov eax, [rdi + 2]
INSN mov eax, [rdi + 4]
INSN mov rax, [rdi + 4]
INSN mov [rdi + 3], eax
INSN add [rdi + 1], ax
CASE "push on a stack off by 4"
	sub rsp, 4
	push rax
END_CASE
CASE "rep movsd, source off by 2"
	mov ecx, 1
	lea rsi, [rdi + 2]
	rep movsd
END_CASE
END_TABLE

TABLE stack_cases
INSN ud2
INSN int 0x90
INSN mov al, [rsi]
INSN mov al, [rdx]
END_TABLE
