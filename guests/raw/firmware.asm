; A firmware of 64 KiB, entered at the reset vector. Checks what a CPU has after RESET (SDM 3A table
; 9-1), that it runs from the ROM below 4 GiB, that the ROM cannot be written, and that its copy
; below 1 MiB is RAM. Begins in real mode, CS base 0xffff0000.
%include "guests/raw/print.inc"
%include "guests/raw/check.inc"

LOW   equ 0xf0000			; the copy; 32-bit code runs there
ROM   equ 0xffff0000
CODE  equ 8
DATA  equ 16
STACK equ 0x8000

	org LOW
	bits 16
rom:
	db "ROM!"
start:
	cli
	mov edi, edx
	mov ebp, cr0
	mov cx, cs
	mov bx, ds
	o32 lgdt [cs:gdtr - rom]
	mov eax, 1
	mov cr0, eax
	jmp dword CODE:protected

	bits 32
protected:
	mov eax, DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov esp, STACK
	shl ebx, 16
	mov bx, cx
	EXPECT ebx, 0xf000, "cs and ds"
	EXPECT ebp, 0x60000010, "cr0"
	mov ebp, edi
	mov eax, 1
	cpuid
	EXPECT eax, ebp, "edx: the processor's signature"
	mov eax, cr4
	EXPECT eax, 0, "cr4"
	EXPECT dword [ROM], "ROM!", "the ROM ends at 4 GiB"
	mov dword [ROM], "RAM?"
	EXPECT dword [ROM], "ROM!", "a write to it is lost"
	mov ebp, "RAM?"
	xchg [ROM], ebp
	EXPECT dword [ROM], "ROM!", "one that reads, too"
	EXPECT ebp, "ROM!", "and reads the ROM"
	EXPECT dword [LOW], "ROM!", "the ROM's end is below 1 MiB"
	mov dword [LOW], "RAM!"
	EXPECT dword [LOW], "RAM!", "as RAM"
	EXPECT dword [ROM], "ROM!", "of its own"
	jmp check_end

	PRINT_CODE
	CHECK_CODE
	align 8
gdt:
	dq 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:
	dw gdtr - gdt - 1
	dd gdt

	times 0xfff0 - ($ - rom) db 0xff
	bits 16
	jmp near start
	times 0x10000 - ($ - rom) db 0
