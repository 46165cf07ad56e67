; Entering a guest. VMRUN switches RAX, RSP, RIP, RFLAGS, control registers, CS, SS, DS, ES, GDTR
; and IDTR; VMLOAD and VMSAVE the rest of the segments and the syscall MSRs; this file the general
; registers. GIF is 0 from before the guest's state is loaded until the host's is complete, so
; nothing can come in between; the host's IF, 1 at VMRUN, lets a pending interrupt end the guest
; (APM 2 15.17, 15.21.1).
%include "arch/x86/svm/offsets.inc"

section .text
global svm_enter

; in: rdi struct svm_vcpu, rsi struct vcpu_regs; interrupts off
; out: regs filled but for RAX, RSP, RIP, RFLAGS, which are in the VMCB; interrupts off
; clobbers what the C calling convention allows, all of it zeroed
align 16
svm_enter:
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	push	qword [rdi + VCPU_HOST]
	push	rsi
	mov	rax, [rdi + VCPU_VMCB]

	mov	rcx, [rsi + REGS_RCX]
	mov	rdx, [rsi + REGS_RDX]
	mov	rbx, [rsi + REGS_RBX]
	mov	rbp, [rsi + REGS_RBP]
	mov	rdi, [rsi + REGS_RDI]
	mov	r8, [rsi + REGS_R8]
	mov	r9, [rsi + REGS_R9]
	mov	r10, [rsi + REGS_R10]
	mov	r11, [rsi + REGS_R11]
	mov	r12, [rsi + REGS_R12]
	mov	r13, [rsi + REGS_R13]
	mov	r14, [rsi + REGS_R14]
	mov	r15, [rsi + REGS_R15]
	mov	rsi, [rsi + REGS_RSI]

	clgi
	sti
	vmload			; [rax]; also ends STI's shadow, which QEMU would hand to the guest
	vmrun
	vmsave

	pop	rax		; struct vcpu_regs
	mov	[rax + REGS_RCX], rcx
	mov	[rax + REGS_RDX], rdx
	mov	[rax + REGS_RBX], rbx
	mov	[rax + REGS_RBP], rbp
	mov	[rax + REGS_RSI], rsi
	mov	[rax + REGS_RDI], rdi
	mov	[rax + REGS_R8], r8
	mov	[rax + REGS_R9], r9
	mov	[rax + REGS_R10], r10
	mov	[rax + REGS_R11], r11
	mov	[rax + REGS_R12], r12
	mov	[rax + REGS_R13], r13
	mov	[rax + REGS_R14], r14
	mov	[rax + REGS_R15], r15

	pop	rax		; host area
	vmload
	cli
	stgi			; an NMI that ended the guest is taken here, by the host's handler

	xor	ecx, ecx	; nothing of the guest's is left for speculation to use
	xor	edx, edx
	xor	esi, esi
	xor	edi, edi
	xor	r8d, r8d
	xor	r9d, r9d
	xor	r10d, r10d
	xor	r11d, r11d
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	ret
