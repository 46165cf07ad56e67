; The 256 ways into trap_entry, and the instructions that may fault. A stub pushes what the processor
; did not (an error code of 0) and its vector; the common part saves the registers as struct
; trap_frame (guests/lib/trap.h) and passes its address in rdi.

bits 64
default rel

extern trap_entry

section .text progbits alloc exec nowrite align=16

; Vectors whose exception brings an error code (APM 2 8.2, SDM 3A table 6-1).
%define HAS_ERROR(v) (v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30)

; Each stub is 16 bytes long, so trap.c finds stub n at trap_stubs + 16 * n.
align 16
global trap_stubs
trap_stubs:
%assign v 0
%rep 256
	align 16
%if !(HAS_ERROR(v))
	push 0
%endif
	push v
	jmp near trap_common
%assign v v + 1
%endrep

align 16
trap_common:
	push rax
	push rbx
	push rcx
	push rdx
	push rsi
	push rdi
	push rbp
	push r8
	push r9
	push r10
	push r11
	push r12
	push r13
	push r14
	push r15
	cld
	mov rdi, rsp
	mov rbx, rsp
	and rsp, -16
	call trap_entry
	mov rsp, rbx
	pop r15
	pop r14
	pop r13
	pop r12
	pop r11
	pop r10
	pop r9
	pop r8
	pop rbp
	pop rdi
	pop rsi
	pop rdx
	pop rcx
	pop rbx
	pop rax
	add rsp, 16
	iretq

; int try_rdmsr(edi = MSR, rsi = value): eax = 0, or vector + 1 from trap_entry, which resumes at
; try_fault. Nothing is on the stack at the faulting instructions but the return address.
global try_rdmsr
try_rdmsr:
	mov ecx, edi
.insn:
	rdmsr
	shl rdx, 32
	or rax, rdx
	mov [rsi], rax
	xor eax, eax
	ret

; int try_wrmsr(edi = MSR, rsi = value)
global try_wrmsr
try_wrmsr:
	mov ecx, edi
	mov eax, esi
	mov rdx, rsi
	shr rdx, 32
.insn:
	wrmsr
	xor eax, eax
	ret

; int try_read32(rdi = address, rsi = value)
global try_read32
try_read32:
.insn:
	mov eax, [rdi]
	mov [rsi], eax
	xor eax, eax
	ret

; int try_write32(rdi = address, esi = value)
global try_write32
try_write32:
.insn:
	mov [rdi], esi
	xor eax, eax
	ret

global try_fault
try_fault:
	ret

section .data.rel.ro progbits alloc noexec write align=8

; Where an exception is expected; a zero ends the list.
global try_insns
try_insns:
	dq try_rdmsr.insn, try_wrmsr.insn, try_read32.insn, try_write32.insn, 0
