; The first instructions of a guest of ours. The hypervisor enters here in 64-bit mode with rdi =
; boot page and rsp on a stack, anywhere in physical memory, paging 1:1, bss zero. The image is a
; static PIE: before any C runs, its R_X86_64_RELATIVE relocations get the load address added.
;
; In: rdi = boot page. Does not return. Clobbers everything else.
; The only relocation type that the linker leaves in such an image is RELATIVE; another one stops
; here with UD2, before anything could go wrong quietly.

bits 64
default rel

%define R_X86_64_RELATIVE 8
%define RELA_OFFSET       0
%define RELA_INFO         8
%define RELA_ADDEND       16
%define RELA_BYTES        24

extern image_start, rela_start, rela_end, guest_start

section .text.start progbits alloc exec nowrite align=16

global start
start:
	cld
	lea rax, [image_start]
	lea rsi, [rela_start]
	lea rcx, [rela_end]
.next:
	cmp rsi, rcx
	jae .relocated
	cmp dword [rsi + RELA_INFO], R_X86_64_RELATIVE
	jne .unknown
	mov rdx, [rsi + RELA_ADDEND]
	add rdx, rax
	mov r8, [rsi + RELA_OFFSET]
	mov [rax + r8], rdx
	add rsi, RELA_BYTES
	jmp .next
.relocated:
	and rsp, -16
	xor ebp, ebp
	call guest_start
.unknown:
	ud2
