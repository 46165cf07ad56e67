; Started by Multiboot2 from an ELF32 file that lies elsewhere than it is linked: its header lets it
; be moved, to where this text is assembled for. Checks the CPU's state and every tag.
; In: eax = 0x36d76289, ebx = boot information; 32-bit protected mode, flat segments, no stack.
%include "guests/raw/print.inc"
%include "guests/raw/check.inc"

LINKED   equ 0x200000
HOME     equ 0x600000
ADDRESS  equ LINKED - HOME		; add to a label: where it would lie as linked
OPTIONAL equ 1
GIVEN    equ 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 14 | 1 << 15 | 1 << 21

	bits 32
	org HOME
	ELF_HEADER start + ADDRESS, 1
	ELF_LOAD LINKED, end - HOME, end - HOME + 0x1000

	align 8
header:
	dd 0xe85250d6, 0, header_end - header
	dd -(0xe85250d6 + header_end - header)
	dw 1, 0				; information that is required
	dd .tag1_end - $ + 4
	dd 1, 3, 4, 6, 15, 21
.tag1_end:
	align 8, db 0
	dw 1, OPTIONAL			; and some that no loader knows
	dd 12, 1000
	align 8, db 0
	dw 6, 0				; modules begin a page
	dd 8
	dw 5, OPTIONAL			; a framebuffer would be nice
	dd 20, 640, 480, 32
	align 8, db 0
	dw 10, 0			; may be moved
	dd 24, HOME, HOME + 0xfffff, 0x1000, 1
	dw 0, 0
	dd 8
header_end:

start:
	mov esp, end + 0x1000
	EXPECT eax, 0x36d76289, "eax is Multiboot2's"
	EXPECT_PROTECTED_MODE 1, 1 << 4
	test ebx, 7
	GOOD_IF_ZERO "the information is aligned"
	EXPECT dword [ebx + 4], 0, "its reserved word"
	mov ebp, ebx
	add ebp, 8
	add ebx, [ebx]			; its end
next_tag:
	mov eax, [ebp]
	cmp eax, 21
	ja .skip
	mov ecx, [handlers + eax * 4]
	jecxz .skip
	bts [seen], eax
	jc power_off			; none comes twice
	call ecx
.skip:
	mov eax, [ebp]
	add ebp, [ebp + 4]
	test eax, eax
	jz .end
	add ebp, 7
	and ebp, ~7
	cmp ebp, ebx
	jb next_tag
.end:
	EXPECT ebp, ebx, "the list ends with its last tag"
	EXPECT dword [seen], GIVEN, "all tags are there"
	jmp check_end

tag_cmdline:
	lea ecx, [ebp + 8]
	EXPECT_TEXT ecx, "one two", "command line"
	ret

tag_loader:
	lea ecx, [ebp + 8]
	EXPECT_TEXT ecx, "bulkhead", "loader's name"
	ret

tag_module:
	mov ecx, [ebp + 8]
	test ecx, 0xfff
	GOOD_IF_ZERO "the module begins a page"
	mov ecx, [ebp + 12]
	sub ecx, [ebp + 8]
	EXPECT ecx, 20, "the module's length"
	mov ecx, [ebp + 8]
	EXPECT_TEXT ecx, "twenty bytes of text", "the module"
	ret

tag_memory:
	EXPECT dword [ebp + 8], 640, "mem_lower"
	EXPECT dword [ebp + 12], 7 << 10, "mem_upper of 8 MiB"
	ret

; RAM up to 640 KiB, and from 1 MiB to 8 MiB.
tag_map:
	EXPECT dword [ebp + 8], 24, "the map's entry size"
	EXPECT dword [ebp + 16], 0, "the first RAM begins at 0"
	EXPECT dword [ebp + 24], 0xa0000, "and ends at 640 KiB"
	EXPECT dword [ebp + 32], 1, "of type RAM"
	EXPECT dword [ebp + 64], 0x100000, "the next begins at 1 MiB"
	EXPECT dword [ebp + 72], 0x700000, "and ends at 8 MiB"
	ret

tag_rsdp_old:
	EXPECT dword [ebp + 4], 28, "the old RSDP's length"
	EXPECT dword [ebp + 8], "RSD ", "the old RSDP"
	ret

; The tables are where it says: the RSDP has the XSDT's address.
tag_rsdp:
	EXPECT dword [ebp + 4], 44, "the new RSDP's length"
	mov ecx, [ebp + 8 + 24]
	EXPECT dword [ecx], "XSDT", "it leads to the XSDT"
	ret

tag_base:
	EXPECT dword [ebp + 8], HOME, "the image's place"
	ret

	PRINT_CODE
	CHECK_CODE
	align 4
handlers:
	dd 0, tag_cmdline, tag_loader, tag_module, tag_memory, 0, tag_map, 0, 0, 0, 0, 0, 0, 0
	dd tag_rsdp_old, tag_rsdp, 0, 0, 0, 0, 0, tag_base
seen:
	dd 0
	align 16
end:
