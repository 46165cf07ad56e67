; The ways in and out of a probe, and the segment registers that only assembly can load.

bits 64
default rel

%include "guests/conform/case.inc"

section .text progbits alloc exec nowrite align=16

; void probe_enter(rdi = struct trap_frame): loads every register from it. Comes back when take()
; (probe.c) sends the trap to probe_landing.
global probe_enter
probe_enter:
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	mov [probe_saved_rsp], rsp
	; The frame is popped from this stack, which a trap in between may go on with.
	sub rsp, FRAME_BYTES
	mov rsi, rdi
	mov rdi, rsp
	mov ecx, FRAME_BYTES / 8
	rep movsq
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

global probe_landing
probe_landing:
	mov eax, SELECTOR_DATA
	mov ds, eax
	mov es, eax
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	ret

; void machine_load(rdi = GDT pointer): loads it and every segment register.
global machine_load
machine_load:
	lgdt [rdi]
	mov eax, SELECTOR_DATA
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	mov ss, eax
	pop rax
	push SELECTOR_CODE
	push rax
	retfq

section .bss nobits alloc noexec write align=8
global probe_saved_rsp
probe_saved_rsp: resq 1

; The framework's own cases.
TABLE probe_cases
CASE "nothing at all"
END_CASE
INSN ud2
CASE "ud2 behind a nop"
	nop
	ud2
END_CASE
INSN int3
END_TABLE
