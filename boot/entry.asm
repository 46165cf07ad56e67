; From GRUB's 32-bit entry, or an application processor's real mode, to C in the higher half.
;
; The boot tables map the first 4 GiB with 2 MiB pages three times: 1:1, at HVMAP_DIRECT, and (the
; first GiB) where the image is linked. mm/hvmap.c replaces them; application processors pass
; through them once more.
%include "boot/offsets.inc"

BASE		equ	0xffffffff80000000
%define PHYS(x)	((x) - BASE)

BOOT_MAGIC	equ	0x36d76289
MSR_EFER	equ	0xc0000080
EFER_LME	equ	1 << 8
CR0_ON		equ	1 << 31 | 1 << 16 | 1 << 5 | 1	; PG, WP, NE, PE
CR4_PAE		equ	1 << 5
TABLE		equ	3		; present, writable
LARGE		equ	0x83		; the same, 2 MiB page
CODE64		equ	0x08
DATA		equ	0x10
CODE32		equ	0x18
STACK_BYTES	equ	0x4000
VGA_TEXT	equ	0xb8000
COM1		equ	0x3f8

extern boot_main, boot_ap_main, cpu_blocks

section .boot.text progbits alloc exec nowrite align=16
bits 32

; in: eax = Multiboot2 magic, ebx = physical address of the boot information
global start
start:
	cli
	cld
	mov	esp, PHYS(boot_stack_top)
	mov	esi, PHYS(no_multiboot)
	cmp	eax, BOOT_MAGIC
	jne	complain
	push	ebx
	mov	esi, PHYS(no_long_mode)
	mov	eax, 0x80000000
	cpuid
	cmp	eax, 0x80000001
	jb	complain
	mov	eax, 0x80000001
	cpuid
	bt	edx, 29
	jnc	complain
	call	fill_tables
	pop	ebx
	mov	dword [PHYS(start_efer)], EFER_LME
	mov	ebp, PHYS(start64)
	jmp	enter_long_mode

; Four page directories, one after the other, for 4 GiB. Clobbers eax, ecx, edi.
fill_tables:
	mov	edi, PHYS(boot_pd)
	mov	eax, LARGE
	mov	ecx, 4 * 512
.next:
	mov	[edi], eax
	add	edi, 8
	add	eax, 0x200000
	loop	.next
	mov	edi, PHYS(boot_pdpt)
	mov	eax, PHYS(boot_pd) + TABLE
	mov	ecx, 4
.directory:
	mov	[edi], eax
	add	edi, 8
	add	eax, 4096
	loop	.directory
	mov	dword [PHYS(boot_pdpt_image) + 510 * 8], PHYS(boot_pd) + TABLE
	mov	dword [PHYS(boot_pml4)], PHYS(boot_pdpt) + TABLE
	mov	dword [PHYS(boot_pml4) + 256 * 8], PHYS(boot_pdpt) + TABLE
	mov	dword [PHYS(boot_pml4) + 511 * 8], PHYS(boot_pdpt_image) + TABLE
	ret

; in: ebp = physical address of the 64-bit code to go to. Keeps ebx.
enter_long_mode:
	mov	eax, CR4_PAE
	mov	cr4, eax
	mov	eax, PHYS(boot_pml4)
	mov	cr3, eax
	mov	ecx, MSR_EFER
	mov	eax, [PHYS(start_efer)]
	xor	edx, edx
	wrmsr
	mov	eax, CR0_ON
	mov	cr0, eax
	lgdt	[PHYS(boot_gdtr)]
	jmp	CODE64:PHYS(in_long_mode)

; in: esi = text. To the VGA text screen and the first serial port, whichever is there; then stops.
complain:
	mov	edi, VGA_TEXT
.next:
	lodsb
	test	al, al
	jz	.halt
	mov	ah, 0x4f
	stosw
	mov	dx, COM1
	out	dx, al
	mov	ecx, 20000
.wait:
	pause
	loop	.wait
	jmp	.next
.halt:
	cli
	hlt
	jmp	.halt

bits 64
in_long_mode:
	mov	eax, DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	mov	rax, BASE
	add	rax, rbp
	jmp	rax

; in: ebx = physical address of the boot information
start64:
	mov	rsp, boot_stack_top
	mov	edi, ebx
	xor	ebp, ebp
	call	boot_main
	ud2

; Finds this CPU's block by its APIC id, the x2APIC one if the CPU has the leaf.
ap_start64:
	xor	eax, eax
	cpuid
	cmp	eax, 0xb
	jb	.old_id
	mov	eax, 0xb
	xor	ecx, ecx
	cpuid
	test	ebx, ebx
	jnz	.search
.old_id:
	mov	eax, 1
	cpuid
	mov	edx, ebx
	shr	edx, 24
.search:
	mov	rdi, cpu_blocks
	mov	ecx, CPU_BLOCKS
.next:
	cmp	[rdi + CPU_APIC_ID], edx
	jne	.other
	cmp	qword [rdi + CPU_STACK_TOP], 0
	jne	.found
.other:
	add	rdi, CPU_BYTES
	loop	.next
.halt:
	cli
	hlt
	jmp	.halt
.found:
	mov	rax, start_cr3
	mov	rax, [rax]
	mov	cr3, rax
	mov	rsp, [rdi + CPU_STACK_TOP]
	xor	ebp, ebp
	call	boot_ap_main
	ud2

bits 32
ap_start32:
	mov	eax, DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	mov	ebp, PHYS(ap_start64)
	jmp	enter_long_mode

; Copied to a page below 1 MiB, where an application processor starts in real mode with cs = page.
bits 16
global trampoline_start, trampoline_end
trampoline_start:
	cli
	mov	ax, cs
	mov	ds, ax
	o32 lgdt [.gdtr - trampoline_start]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	jmp	dword CODE32:PHYS(ap_start32)
	align	4, db 0
.gdtr:
	dw	boot_gdt_end - boot_gdt - 1
	dd	PHYS(boot_gdt)
trampoline_end:

section .text
bits 64

; boot_on_stack(rdi = top of a stack, rsi = function that never returns)
global boot_on_stack
boot_on_stack:
	mov	rsp, rdi
	xor	ebp, ebp
	call	rsi
	ud2

section .rodata
align 8
boot_gdt:
	dq	0
	dq	0x00af9b000000ffff	; CODE64
	dq	0x00cf93000000ffff	; DATA
	dq	0x00cf9b000000ffff	; CODE32
boot_gdt_end:
boot_gdtr:
	dw	boot_gdt_end - boot_gdt - 1
	dq	PHYS(boot_gdt)

no_multiboot	db	"Bulkhead must be started by GRUB's multiboot2 command. ", 0
no_long_mode	db	"Bulkhead needs a 64-bit processor; this one is not. ", 0

section .data
global start_efer, start_cr3
align 8
start_efer	dd	0, 0	; EFER before paging goes on
start_cr3	dq	0	; the final tables, for application processors

section .bss
alignb 4096
boot_pml4	resb	4096
boot_pdpt	resb	4096
boot_pdpt_image	resb	4096
boot_pd		resb	4 * 4096
		resb	STACK_BYTES
boot_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
