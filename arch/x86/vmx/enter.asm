; Entering a guest. VMLAUNCH and VMRESUME switch RSP, RIP, RFLAGS, control and segment registers and
; the MSRs that the VMCS holds; this file the other general registers and CR2. An exit comes back at
; vmx_exit with HOST_RSP, interrupts off, DF clear (SDM 3C 28.5).
%include "arch/x86/vmx/offsets.inc"

HOST_RSP	equ	0x6c14	; the VMCS field

section .text
global vmx_enter, vmx_exit

; in: rdi struct vmx_vcpu, whose VMCS is current; rsi struct vcpu_regs; interrupts off
; out: al 1: the guest ran, regs filled but for RSP, RIP, RFLAGS, which are in the VMCS
;      al 0: the instruction failed and nothing happened
; clobbers what the C calling convention allows, all of it zeroed after an exit
align 16
vmx_enter:
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	push	rdi
	push	rsi

	cmp	rsp, [rdi + VCPU_HOST_RSP]
	je	.same_stack
	mov	[rdi + VCPU_HOST_RSP], rsp
	mov	eax, HOST_RSP
	vmwrite	rax, rsp
.same_stack:
	mov	rax, [rdi + VCPU_CR2]
	mov	rcx, cr2		; reading is cheap, writing is not
	cmp	rax, rcx
	je	.same_cr2
	mov	cr2, rax
.same_cr2:
	cmp	byte [rdi + VCPU_LAUNCHED], 0
	mov	rax, [rsi + REGS_RAX]	; none of these changes the flags
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
	je	.launch
	vmresume
	jmp	.failed
.launch:
	vmlaunch
.failed:
	add	rsp, 16
	xor	eax, eax
	jmp	vmx_exit.out

align 16
vmx_exit:
	push	rax
	mov	rax, [rsp + 8]		; struct vcpu_regs
	pop	qword [rax + REGS_RAX]
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
	pop	rsi
	pop	rdi			; struct vmx_vcpu
	mov	rax, cr2
	mov	[rdi + VCPU_CR2], rax

	xor	ecx, ecx		; nothing of the guest's is left for speculation to use
	xor	edx, edx
	xor	esi, esi
	xor	edi, edi
	xor	r8d, r8d
	xor	r9d, r9d
	xor	r10d, r10d
	xor	r11d, r11d
	mov	eax, 1
.out:
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
