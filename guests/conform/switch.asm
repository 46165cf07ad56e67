; State that the hypervisor must keep for each domain: filled from a number, and read back. One
; function each, for the guest under test and for its neighbour, which fills in something else.

bits 64
default rel

section .text progbits alloc exec nowrite align=16

; void switch_fill_xmm(edi = number)
global switch_fill_xmm
switch_fill_xmm:
%assign i 0
%rep 16
	lea eax, [rdi + i]
	movd xmm %+ i, eax
	pshufd xmm %+ i, xmm %+ i, 0
%assign i i + 1
%endrep
	ret

; unsigned switch_check_xmm(edi = number): how many of them differ
global switch_check_xmm
switch_check_xmm:
	xor eax, eax
%assign i 0
%rep 16
	lea edx, [rdi + i]
	pextrd ecx, xmm %+ i, 3
	cmp ecx, edx
	je .same%[i]
	inc eax
.same%[i]:
%assign i i + 1
%endrep
	ret

; void switch_fill_x87(rdi = number in memory, 32 bits): three values and the control word 0x77f
global switch_fill_x87
switch_fill_x87:
	fninit
	fild dword [rdi]
	fild dword [rdi]
	fild dword [rdi]
	push 0x77f
	fldcw [rsp]
	pop rax
	ret

; unsigned switch_check_x87(rdi = number in memory): 0 if all is as filled in
global switch_check_x87
switch_check_x87:
	push rax
	fnstcw [rsp]
	xor eax, eax
	cmp word [rsp], 0x77f
	setne al
%rep 3
	fistp dword [rsp]
	mov edx, [rsp]
	sub edx, [rdi]
	or eax, edx
%endrep
	fninit
	pop rdx
	ret

; void switch_fill_avx512(edi = number): k0 to k7, zmm0 to zmm31
global switch_fill_avx512
switch_fill_avx512:
%assign i 0
%rep 8
	lea eax, [rdi + i]
	kmovw k %+ i, eax
%assign i i + 1
%endrep
%assign i 0
%rep 32
	lea eax, [rdi + i]
	vpbroadcastd zmm %+ i, eax
%assign i i + 1
%endrep
	ret

; unsigned switch_check_avx512(edi = number): how many of them differ; one doubleword of each
; quarter is looked at
global switch_check_avx512
switch_check_avx512:
	sub rsp, 64
	xor eax, eax
%assign i 0
%rep 8
	lea edx, [rdi + i]
	kmovw ecx, k %+ i
	cmp cx, dx
	je .same_k%[i]
	inc eax
.same_k%[i]:
%assign i i + 1
%endrep
%assign i 0
%rep 32
	lea edx, [rdi + i]
	vmovdqu32 [rsp], zmm %+ i
%assign n 0
%rep 4
	cmp [rsp + n], edx
	jne .differs%[i]
%assign n n + 20
%endrep
	jmp .same%[i]
.differs%[i]:
	inc eax
.same%[i]:
%assign i i + 1
%endrep
	add rsp, 64
	ret
