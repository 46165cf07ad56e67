; A guest in forty instructions, started by Multiboot 1 (a.out kludge, so that a flat file does):
; prints its command line and its module on the 16550 and powers off through ACPI's port.
; In: eax = 0x2badb002, ebx = Multiboot information; 32-bit protected mode, flat segments, no stack.
%include "guests/raw/print.inc"

LOAD  equ 0x200000
FLAGS equ 1 << 16 | 1 << 1		; the addresses below are valid; memory information wanted

	bits 32
	org LOAD
header:
	dd 0x1badb002, FLAGS, -(0x1badb002 + FLAGS)
	dd header, LOAD, end, end, start

start:
	mov esp, stack_top
	cmp eax, 0x2badb002
	jne power_off
	mov esi, greeting
	call print
	mov esi, [ebx + 16]		; cmdline
	call print
	mov esi, module
	call print
	cmp dword [ebx + 20], 1		; mods_count
	jne .no_module
	mov eax, [ebx + 24]		; mods_addr
	mov esi, [eax]			; mod_start; the test's module ends with a zero byte
	call print
.no_module:
	mov esi, line_end
	call print
	jmp power_off

	PRINT_CODE

greeting: db "multiboot: started with ", 0
module:   db ", module ", 0
line_end: db ".", 10, 0
	align 16
	times 256 db 0
stack_top:
end:
