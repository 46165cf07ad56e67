; A guest without any header, loaded at 1 MiB and entered there in 32-bit protected mode: prints a
; line on the 16550 and powers off through ACPI's port. No registers are defined but the segments.
%include "guests/raw/print.inc"

	bits 32
	org 0x100000
start:
	mov esp, stack_top
	mov esi, greeting
	call print
	jmp power_off

	PRINT_CODE

greeting: db "flat: started at 1 MiB", 10, 0
	align 16
	times 256 db 0
stack_top:
