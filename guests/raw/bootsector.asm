; A disk's first sector, as a PC's firmware starts it: in real mode at 0:7c00, the drive in DL. Says
; what it can find out: that the firmware reads further sectors, and that its clock ticks, for which
; a PIT and the 8259s must work. Ends by the exit port. The test makes a disk of it.
	bits 16
	org 0x7c00

BIOS_TICKS equ 0x46c			; 18.2 a second, counted by the firmware's handler of IRQ 0
EXIT_PORT  equ 0xf4
UART       equ 0x3f8

start:
	xor ax, ax
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov sp, 0x7c00
	push dx
	mov si, greeting
	call print
	pop dx
	mov ax, 0x0201			; INT 13h: read one sector ...
	mov cx, 0x0002			; ... the second of the first track
	mov dh, 0
	mov bx, second
	int 0x13
	mov si, second
	call print
	sti
	mov bx, [BIOS_TICKS]
.wait:	hlt
	mov ax, [BIOS_TICKS]
	sub ax, bx
	cmp ax, 3
	jb .wait
	mov si, ticks
	call print
	mov eax, 21
	mov dx, EXIT_PORT
	out dx, eax
.halt:	hlt
	jmp .halt

; In: si = text that ends with a zero byte. Clobbers al, dx, si.
print:
	lodsb
	test al, al
	jz .end
	mov dx, UART
	out dx, al
	jmp print
.end:	ret

greeting: db "bootsector: started", 10, 0
ticks:    db "bootsector: three ticks", 10, 0

	times 510 - ($ - $$) db 0
	dw 0xaa55
second:	db "bootsector: read the second sector", 10, 0
	times 1024 - ($ - $$) db 0
