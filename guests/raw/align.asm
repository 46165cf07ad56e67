; A guest that makes alignment checks without end: the handler runs in ring 3, as the program does,
; on a stack that is not aligned, so that the delivery of each #AC raises the next one. A processor
; that delivers them all by itself never comes to an instruction (CVE-2015-5307). Where alignment
; is not checked (QEMU) it just spins.
%include "guests/raw/print.inc"

CODE_0  equ 0x08
DATA_0  equ 0x10
CODE_3  equ 0x18 | 3
DATA_3  equ 0x20 | 3
CR0_AM  equ 1 << 18
FLAGS   equ 1 << 18 | 1 << 1		; AC
GATE    equ 0xee00			; present, DPL 3, 32-bit interrupt gate

	bits 32
	org 0x100000
start:
	mov esp, stack_top
	mov esi, greeting
	call print
	lgdt [gdtr]
	lidt [idtr]
	jmp CODE_0:.flat
.flat:
	mov eax, DATA_0
	mov ss, eax
	mov eax, DATA_3
	mov ds, eax
	mov es, eax
	mov ecx, 32
	mov edi, idt
.gate:
	mov dword [edi], CODE_3 << 16 | (handler - start)
	mov dword [edi + 4], GATE | 0x100000
	add edi, 8
	loop .gate
	mov eax, cr0
	or eax, CR0_AM
	mov cr0, eax
	push dword DATA_3
	push dword stack_top - 1
	push dword FLAGS
	push dword CODE_3
	push dword ring3
	iret

ring3:
	mov eax, [esp]
handler:
	jmp handler

	PRINT_CODE

greeting: db "align: checks alignment", 10, 0
	align 8
gdt:	dq 0
	dq 0x00cf9a000000ffff
	dq 0x00cf92000000ffff
	dq 0x00cffa000000ffff
	dq 0x00cff2000000ffff
gdtr:	dw gdtr - gdt - 1
	dd gdt
idtr:	dw 32 * 8 - 1
	dd idt
	align 16
idt:	times 32 * 8 db 0
	times 256 db 0
stack_top:
