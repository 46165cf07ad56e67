; Started as Xen's direct boot ABI says, from an ELF32 file with the note of its entry. Checks the
; CPU's state and the start information, version 1.
; In: ebx = start information; 32-bit protected mode, flat segments, no stack.
%include "guests/raw/print.inc"
%include "guests/raw/check.inc"

LOAD equ 0x200000

	bits 32
	org LOAD
	ELF_HEADER 0, 2			; entered by the note's address only
	ELF_LOAD LOAD, end - LOAD, end - LOAD + 0x1000
	dd 4, note - LOAD, note, note, note_end - note, note_end - note, 4, 4

note:
	dd 4, 4, 18
	db "Xen", 0
	dd start
note_end:

start:
	mov esp, end + 0x1000
	EXPECT_PROTECTED_MODE 1, 1 << 4
	EXPECT dword [ebx], 0x336ec578, "magic"
	EXPECT dword [ebx + 4], 1, "version"
	EXPECT dword [ebx + 8], 0, "flags"
	EXPECT dword [ebx + 12], 1, "one module"
	mov ebp, [ebx + 16]
	test dword [ebp], 0xfff
	GOOD_IF_ZERO "it begins a page"
	EXPECT dword [ebp + 8], 20, "its length"
	mov ebp, [ebp]
	EXPECT_TEXT ebp, "twenty bytes of text", "the module"
	mov ebp, [ebx + 24]
	EXPECT_TEXT ebp, "one two", "command line"
	mov ebp, [ebx + 32]
	EXPECT dword [ebp], "RSD ", "RSDP"
	mov ebp, [ebp + 24]
	EXPECT dword [ebp], "XSDT", "it leads to the XSDT"
	mov ebp, [ebx + 40]
	mov eax, [ebx + 48]
	dec eax
	cmp eax, 3
	setbe al
	EXPECT al, 1, "entries of the memory map"
	EXPECT dword [ebp + 8], 0xa0000, "RAM up to 640 KiB"
	EXPECT dword [ebp + 16], 1, "of type RAM"
	EXPECT dword [ebp + 24], 0xe0000, "then the ACPI tables"
	EXPECT dword [ebp + 24 + 16], 2, "reserved"
	EXPECT dword [ebp + 48], 0x100000, "then RAM from 1 MiB on"
	EXPECT dword [ebp + 48 + 8], 0x700000, "to 8 MiB"
	EXPECT dword [ebp + 48 + 16], 1, "of type RAM, too"
	jmp check_end

	PRINT_CODE
	CHECK_CODE
	align 16
end:
