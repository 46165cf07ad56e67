; wide_blocks(rdi = to, rsi = from, or 0: zeroes, rdx = bytes): 64 bytes an instruction, for wide.c,
; which sees to XCR0. Bytes are a multiple of BLOCK and not 0. Clobbers rdx, rsi, rdi; zmm0 is kept.
bits 64
default rel

BLOCK	equ	2048 ; WIDE_BLOCK

section .text

global wide_blocks
align 16
wide_blocks:
	sub	rsp, 64
	vmovups	[rsp], zmm0
	; rdx counts up to 0, which is the end
	add	rdi, rdx
	neg	rdx
	test	rsi, rsi
	jnz	.from
	vpxor	xmm0, xmm0, xmm0 ; all 512 bits
.zero:
%assign n 0
%rep BLOCK / 64
	vmovups	[rdi + rdx + n], zmm0
%assign n n + 64
%endrep
	add	rdx, BLOCK
	jnz	.zero
	jmp	.out
.from:
	sub	rsi, rdx
.copy:
%assign n 0
%rep BLOCK / 512
	vmovups	zmm0, [rsi + rdx + n]
	vmovups	[rdi + rdx + n], zmm0
%assign n n + 64
%endrep
	add	rdx, BLOCK / 8
	jnz	.copy
.out:
	vmovups	zmm0, [rsp]
	add	rsp, 64
	ret
