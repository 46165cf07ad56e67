; A guest whose interrupt descriptor table lies where no memory is: the first exception cannot be
; delivered. On a real machine the gates read as ones and the processor shuts down.
%include "guests/raw/print.inc"

NOWHERE equ 0x80000000

	bits 32
	org 0x100000
start:
	mov esp, stack_top
	mov esi, greeting
	call print
	lidt [table]
	ud2

	PRINT_CODE

greeting: db "nowhere: raises an exception", 10, 0
	align 8
table:	dw 0xffff
	dd NOWHERE
	align 16
	times 256 db 0
stack_top:
