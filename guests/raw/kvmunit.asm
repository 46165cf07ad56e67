; What the images of kvm-unit-tests ask of a machine, one check a line: an ELF32 file at 4 MiB,
; started by Multiboot 1, with a text file of VAR=value lines as its module. Ends as they do: a
; 32-bit write to port 0xf4, "Shutdown" to 0x8900, HLT.
; In: eax = 0x2badb002, ebx = Multiboot information; 32-bit protected mode, flat segments, no stack.
%include "guests/raw/print.inc"
%include "guests/raw/check.inc"

LOAD     equ 0x400000
EXIT     equ 0xf4
SHUTDOWN equ 0x8900
MSR_APIC_BASE equ 0x1b
MSR_EFER      equ 0xc0000080
MSR_GS_BASE   equ 0xc0000101
APIC_EN       equ 1 << 11
APIC          equ 0xfee00000
APIC_SPURIOUS equ APIC + 0xf0
APIC_ICR      equ APIC + 0x300
APIC_IRR      equ APIC + 0x200
ICR_ALL_SELF  equ 2 << 18
ICR_OTHERS    equ 3 << 18
ICR_PENDING   equ 1 << 12
VECTOR        equ 0xe1

	bits 32
	org LOAD
	ELF_HEADER start, 1
	ELF_LOAD LOAD, end - LOAD, end - LOAD + 0x2000

header:
	dd 0x1badb002, 0, -0x1badb002

start:
	mov esp, end + 0x2000		; in what the file does not have: zero, and writable
	EXPECT eax, 0x2badb002, "eax is Multiboot's"
	EXPECT_PROTECTED_MODE 1, 1 << 4
	mov eax, [ebx]
	and eax, 0x4d
	EXPECT eax, 0x4d, "memory, command line, modules and map"
	EXPECT dword [ebx + 4], 640, "mem_lower"
	EXPECT dword [ebx + 8], 15 << 10, "mem_upper of 16 MiB"
	mov ebp, [ebx + 16]
	EXPECT_TEXT ebp, "kvmunit a=1", "command line"
	EXPECT dword [ebx + 20], 1, "one module"
	mov ebp, [ebx + 24]
	test dword [ebp], 0xfff
	GOOD_IF_ZERO "the module begins a page"
	mov ebp, [ebp]
	EXPECT_TEXT ebp, "NR_CPUS=1", "its first line"

	xor edi, edi
	mov ecx, 0x1000 / 4
	xor eax, eax
	repe scasd
	GOOD_IF_ZERO "page 0 is free"
	mov dword [0x800], 0x12345678
	EXPECT dword [0x800], 0x12345678, "page 0 is RAM"
	EXPECT dword [0x1000000], ~0, "what nothing backs reads as ones"
	mov dword [0x1000000], 0
	EXPECT dword [0x1000000], ~0, "and drops writes"

	mov eax, 1 << 5			; PAE first: with LME alone an exit is the end of QEMU's host
	mov cr4, eax
	mov ecx, MSR_EFER
	mov eax, 1 << 8			; LME
	xor edx, edx
	wrmsr
	rdmsr
	EXPECT eax, 1 << 8, "EFER"
	mov ecx, MSR_GS_BASE
	mov eax, 0x1234000
	mov edx, 0xffff8000
	wrmsr
	xor eax, eax
	rdmsr
	mov ebp, edx
	EXPECT eax, 0x1234000, "GS base"
	EXPECT ebp, 0xffff8000, "its upper half"

	mov ecx, MSR_APIC_BASE
	rdmsr
	mov ebp, eax
	EXPECT eax, APIC | APIC_EN | 1 << 8, "APIC base: on, the boot CPU's"
	mov eax, ebp
	xor edx, edx
	and eax, ~APIC_EN
	wrmsr
	EXPECT dword [APIC + 0x30], ~0, "the APIC switched off is not there"
	mov eax, ebp
	xor edx, edx
	mov ecx, MSR_APIC_BASE
	wrmsr
	mov eax, [APIC + 0x30]
	and al, 0xf0
	EXPECT al, 0x10, "and on again is"
	mov dword [APIC_SPURIOUS], 0x1ff
	mov dword [APIC_ICR + 0x10], 0
	mov dword [APIC_ICR], ICR_OTHERS | VECTOR
	test dword [APIC_ICR], ICR_PENDING
	GOOD_IF_ZERO "an ICR broadcast to nobody is delivered"
	EXPECT dword [APIC_IRR + (VECTOR >> 5) * 16], 0, "to nobody"
	mov dword [APIC_ICR], ICR_ALL_SELF | VECTOR
	test dword [APIC_ICR], ICR_PENDING
	GOOD_IF_ZERO "one to all is delivered"
	EXPECT dword [APIC_IRR + (VECTOR >> 5) * 16], 1 << (VECTOR & 31), "to this CPU, too"

	mov al, 0xff
	out 0x21, al
	out 0xa1, al
	cmp eax, eax
	GOOD_IF_ZERO "both PICs take a mask"

	mov esi, check_all_good
	cmp byte [check_failed], 0
	je .print
	mov esi, check_not_all
.print:
	call print
	movzx eax, byte [check_failed]
	out EXIT, eax
	mov esi, shutdown
	mov ecx, 8
	mov dx, SHUTDOWN
	rep outsb
	hlt
	jmp power_off

	PRINT_CODE
	CHECK_CODE
shutdown: db "Shutdown"
	align 16
end:
