; Runs code that may do anything. TF is usually set in `flags`, so that the code ends after one
; instruction; every exception goes on at run_landing (main.c). Only rsp must survive.

bits 64
default rel

section .text progbits alloc exec nowrite align=16

; void run_code(rdi = code, rsi = registers rax rcx rdx rbx - rbp rsi rdi r8..r15, rdx = flags)
global run_code
run_code:
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	mov [stack], rsp
	push rdi
	push rdx
	mov rax, [rsi]
	mov rcx, [rsi + 8]
	mov rdx, [rsi + 16]
	mov rbx, [rsi + 24]
	mov rbp, [rsi + 40]
	mov rdi, [rsi + 56]
	mov r8, [rsi + 64]
	mov r9, [rsi + 72]
	mov r10, [rsi + 80]
	mov r11, [rsi + 88]
	mov r12, [rsi + 96]
	mov r13, [rsi + 104]
	mov r14, [rsi + 112]
	mov r15, [rsi + 120]
	mov rsi, [rsi + 48]
	popfq
	ret

; Exceptions end here.
global run_landing
run_landing:
	push 2
	popfq
	mov rsp, [stack]
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	ret

section .bss nobits alloc noexec write align=8
stack:	resq 1
