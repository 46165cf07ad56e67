; Entry of every interrupt and exception of the host. Each stub leaves vector and error code (0 where
; the CPU pushes none) and joins the common part, which makes a struct trap_frame (idt.h) and calls
; trap_handle(rdi = frame). All general registers are kept; gs is the hypervisor's throughout.
bits 64
default rel

extern trap_handle

section .text

%assign vector 0
%rep 256
align 16
stub_%+vector:
%if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	push	0
%endif
	push	vector
	jmp	trap_common
%assign vector vector + 1
%endrep

align 16
trap_common:
	push	rax
	push	rcx
	push	rdx
	push	rbx
	push	rbp
	push	rsi
	push	rdi
	push	r8
	push	r9
	push	r10
	push	r11
	push	r12
	push	r13
	push	r14
	push	r15
	cld
	mov	rdi, rsp
	mov	rbp, rsp
	and	rsp, -16	; the ABI's alignment; an IST stack may begin anywhere
	call	trap_handle
	mov	rsp, rbp
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	r11
	pop	r10
	pop	r9
	pop	r8
	pop	rdi
	pop	rsi
	pop	rbp
	pop	rbx
	pop	rdx
	pop	rcx
	pop	rax
	add	rsp, 16		; vector and error code
	iretq

section .rodata
global trap_stubs
align 8
trap_stubs:
%assign vector 0
%rep 256
	dq	stub_%+vector
%assign vector vector + 1
%endrep

section .note.GNU-stack noalloc noexec nowrite progbits
