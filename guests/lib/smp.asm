; How a vCPU comes from a STARTUP message to C: real mode, then long mode at once, with the control
; registers, page tables and GDT of the vCPU that starts it. smp.c copies this to SMP_PAGE and fills
; the block behind it.
;
; In: cs:ip = the copy's begin. Clobbers all. Ends in smp_entry, on its own stack.

%define SMP_PAGE  0x8000
%define CODE64    0x10          ; the loader's GDT
%define MSR_EFER  0xc0000080

%define AT(label) (SMP_PAGE + label - smp_code)

section .rodata

bits 16
global smp_code, smp_code_end
align 8
smp_code:
	cli
	xor ax, ax
	mov ds, ax
	o32 lgdt [AT(block.gdt_limit)]
	mov eax, [AT(block.cr4)]
	mov cr4, eax
	mov eax, [AT(block.cr3)]
	mov cr3, eax
	mov ecx, MSR_EFER
	mov eax, [AT(block.efer)]
	xor edx, edx
	wrmsr
	mov eax, [AT(block.cr0)]
	mov cr0, eax
	jmp dword CODE64:AT(long_mode)

bits 64
long_mode:
	xor eax, eax
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov rsp, [AT(block.stack)]
	xor ebp, ebp
	call [AT(block.entry)]
	ud2

align 8
smp_code_end:
block:                          ; struct smp_start_block
.cr0       equ block
.cr3       equ block + 4
.cr4       equ block + 8
.efer      equ block + 12
.gdt_limit equ block + 16
.gdt       equ block + 18
.stack     equ block + 26
.entry     equ block + 34
