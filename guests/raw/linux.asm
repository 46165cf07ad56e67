; A "kernel" in Linux' file format (bzImage, boot protocol 2.15) with both entries: the 32-bit one at
; its first byte, the 64-bit one 512 bytes behind. Either checks the CPU's state, then the zero page.
; In: esi = zero page, flat segments; 32-bit: protected mode, ebp = edi = ebx = 0;
; 64-bit: long mode, everything that we look at mapped 1:1.
%include "guests/raw/print.inc"
%include "guests/raw/check.inc"

SECTORS  equ 1				; of the setup, behind the first one
SETUP    equ (SECTORS + 1) * 512
LOAD     equ 0x400000			; where it would like to be
INIT     equ 0x10000			; what it needs there
EFER     equ 0xc0000080
CODE32   equ 0x10
DATA     equ 0x18

	org LOAD - SETUP
	bits 32
setup:
	times 0x1f1 - ($ - setup) db 0
	db SECTORS
	dw 0
	dd (end - kernel + 15) / 16	; syssize
	dw 0, 0, 0
	dw 0xaa55
	db 0xeb, header_end - $ - 1	; jump over the header
	db "HdrS"
	dw 0x20f
	dd 0
	dw 0, 0
	db 0, 1				; loaded high
	dw 0
	dd LOAD, 0, 0, 0
	dw 0
	db 0, 0
	dd 0
	dd 0x7fffff			; highest address of the initrd
	dd 0x200000
	db 1, 0				; may be moved; its alignment as above
	dw 1				; has the 64-bit entry
	dd 255, 0
	dq 0
	dd 0, 0
	dq 0
	dq LOAD
	dd INIT
	dd 0
header_end:
	times SETUP - ($ - setup) db 0

; --- the kernel: 32-bit entry ----------------------------------------------------
kernel:
	mov esp, LOAD + INIT
	mov [zero_page], esi
	or ebp, edi
	or ebp, ebx
	EXPECT ebp, 0, "ebp, edi and ebx are 0"
	mov eax, cs
	EXPECT eax, CODE32, "cs"
	mov eax, ds
	mov ecx, es
	mov edx, ss
	shl ecx, 16
	shl edx, 8
	add eax, ecx
	add eax, edx
	EXPECT eax, DATA | DATA << 8 | DATA << 16, "ds, es and ss"
	EXPECT_PROTECTED_MODE 1, 1 << 4
	mov eax, DATA			; the GDT is there, and has what the protocol says
	mov ds, eax
	mov es, eax
	mov ss, eax
	jmp CODE32:check_zero_page

	times 0x200 - ($ - kernel) nop

; --- 64-bit entry ------------------------------------------------------------------
	bits 64
	lea rsp, [LOAD + INIT]
	mov [zero_page], rsi
	mov rbx, cr4
	mov rbp, cr0
	mov ecx, EFER
	rdmsr
	mov edi, eax
	mov eax, cs
	mov ecx, ds
	shl ecx, 16
	or ecx, eax
	mov eax, 0xfffffff0
	mov rax, [rax]			; the first 4 GiB are mapped
	lgdt [own_gdtr]
	push CODE32
	push qword compatible
	retfq

; The checks are 32-bit code.
	bits 32
compatible:
	mov eax, DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	EXPECT ecx, CODE32 | DATA << 16, "cs and ds"
	and edi, 1 << 8 | 1 << 10
	EXPECT edi, 1 << 8 | 1 << 10, "EFER: long mode"
	and ebp, 1 << 31 | 1
	EXPECT ebp, 1 << 31 | 1, "CR0: paging"
	test ebx, 1 << 5
	setnz al
	EXPECT al, 1, "CR4: PAE"

check_zero_page:
	mov ebx, [zero_page]
	mov ebp, [ebx + 0x228]
	EXPECT_TEXT ebp, "one two", "command line"
	EXPECT dword [ebx + 0x202], "HdrS", "the header is copied"
	EXPECT word [ebx + 0x206], 0x20f, "its version"
	EXPECT dword [ebx + 0x258], LOAD, "to its end"
	EXPECT byte [ebx + 0x210], 0xff, "type of the loader"
	EXPECT dword [ebx + 0x214], LOAD, "code32_start"
	EXPECT dword [ebx + 0x21c], 20, "the initrd's length"
	mov ebp, [ebx + 0x218]
	EXPECT ebp, 0x7ff000, "as high as the header allows"
	EXPECT_TEXT ebp, "twenty bytes of text", "the initrd"
	EXPECT dword [ebx + 0xc0], 0, "its upper half"
	EXPECT dword [ebx + 0x1ec], 0, "nothing where nothing is"
	mov ebp, [ebx + 0x70]
	EXPECT dword [ebp], "RSD ", "RSDP"
	mov al, [ebx + 0x1e8]
	cmp al, 3
	setae al
	EXPECT al, 1, "entries of e820"
	lea ebp, [ebx + 0x2d0]
	EXPECT dword [ebp], 0, "RAM from 0"
	EXPECT dword [ebp + 8], 0xa0000, "up to 640 KiB"
	EXPECT dword [ebp + 16], 1, "of type RAM"
	EXPECT dword [ebp + 20], 0xe0000, "then the ACPI tables"
	EXPECT dword [ebp + 36], 2, "reserved"
	EXPECT dword [ebp + 40], 0x100000, "then RAM from 1 MiB on"
	EXPECT dword [ebp + 48], 0xf00000, "to 16 MiB"
	EXPECT dword [ebp + 56], 1, "of type RAM, too"
	jmp check_end

	PRINT_CODE
	CHECK_CODE
	align 8
own_gdt:
	dq 0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
own_gdtr:
	dw own_gdtr - own_gdt - 1
	dq own_gdt
	align 8, db 0
zero_page:
	dq 0
	times 0x1000 - ($ - kernel) db 0
end:
