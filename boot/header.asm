; The Multiboot2 header: modules on page boundaries, a linear framebuffer if there is one. GRUB enters at
; the ELF entry (entry.asm) in 32-bit protected mode, on BIOS and on UEFI. On a BIOS our images set
; gfxpayload=text behind the multiboot2 command: GRUB's calls to the VESA BIOS are fatal under Bochs.

MAGIC	equ	0xe85250d6
I386	equ	0

TAG_INFO_REQUEST	equ	1
TAG_FRAMEBUFFER	equ	5
TAG_MODULE_ALIGN	equ	6
OPTIONAL	equ	1

section .boot.header progbits alloc noexec nowrite align=8
header:
	dd	MAGIC, I386, header_end - header
	dd	-(MAGIC + I386 + (header_end - header))

	align	8, db 0
	dw	TAG_MODULE_ALIGN, 0
	dd	8

	align	8, db 0
	dw	TAG_FRAMEBUFFER, OPTIONAL
	dd	20
	dd	1024, 768, 32

	align	8, db 0
	dw	0, 0
	dd	8
header_end:

section .note.GNU-stack noalloc noexec nowrite progbits
