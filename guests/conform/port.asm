; Port accesses. rdx is a port, rsi and rdi point into RAM, rcx = 4, rax = 0x8182838485868788.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE port_cases
INSN in al, dx
INSN in ax, dx
INSN in eax, dx
INSN out dx, al
INSN out dx, ax
INSN out dx, eax
INSN insb
INSN insw
INSN insd
INSN outsb
INSN outsw
INSN outsd
INSN rep insb
INSN rep insw
INSN rep insd
INSN rep outsb
INSN rep outsw
INSN rep outsd
INSN a32 rep insb
INSN a32 outsb
INSN repne insb
CASE "rep insb with rcx 0"
	xor ecx, ecx
	rep insb
END_CASE
CASE "rep insw, downwards"
	std
	rep insw
	cld
END_CASE
END_TABLE

; The UART in loopback: what goes out comes in. rsi holds text, rdi takes it; dx = 0x3f8.
TABLE loop_cases
CASE "out by al, in by al"
	out dx, al
	in al, dx
END_CASE
CASE "rep outsb, rep insb"
	rep outsb
	mov ecx, 4
	rep insb
END_CASE
CASE "rep outsb downwards, rep insb"
	std
	add rsi, 3
	rep outsb
	cld
	mov ecx, 4
	rep insb
END_CASE
CASE "fs outsb, insb"
	push rsi
	mov esi, 2
	fs outsb
	insb
	pop rsi
END_CASE
CASE "rep outsb, rep insb downwards"
	rep outsb
	std
	mov ecx, 4
	add rdi, 3
	rep insb
	cld
END_CASE
CASE "a32 rep outsb, a32 rep insb"
	a32 rep outsb
	mov ecx, 4
	a32 rep insb
END_CASE
END_TABLE

; PCI's address port takes 32 bits at once.
TABLE wide_cases
CASE "outsd, insd at 0xcf8"
	mov edx, 0xcf8
	outsd
	insd
END_CASE
CASE "byte at 0xcf8 after a dword"
	mov edx, 0xcf8
	mov eax, 0x80000800
	out dx, eax
	in al, dx
END_CASE
CASE "vendor at 0xcfc"
	mov edx, 0xcf8
	mov eax, 0x80000000
	out dx, eax
	mov edx, 0xcfc
	in eax, dx
END_CASE
CASE "second word at 0xcfe"
	mov edx, 0xcf8
	mov eax, 0x80000000
	out dx, eax
	mov edx, 0xcfe
	xor eax, eax
	in ax, dx
END_CASE
CASE "byte at 0xcff"
	mov edx, 0xcf8
	mov eax, 0x80000008
	out dx, eax
	mov edx, 0xcff
	xor eax, eax
	in al, dx
END_CASE
CASE "0xcfc without the enable bit"
	mov edx, 0xcf8
	xor eax, eax
	out dx, eax
	mov edx, 0xcfc
	in eax, dx
END_CASE
CASE "in eax, 0x80"
	in eax, 0x80
END_CASE
CASE "in al, 0x80"
	in al, 0x80
END_CASE
CASE "out 0x80, al"
	out 0x80, al
END_CASE
END_TABLE

; rdi, rsi: 2 bytes before an absent page.
TABLE port_fault_cases
INSN insb
INSN insd
INSN outsd
INSN rep insb
INSN rep outsb
CASE "insb, read-only page"
	mov rdi, rbx
	insb
END_CASE
CASE "insb, address that is not canonical"
	mov rdi, 0x800000000000
	insb
END_CASE
CASE "outsb, address that is not canonical"
	mov rsi, 0x800000000000
	outsb
END_CASE
CASE "rep insb with rcx 0 and an address that is not canonical"
	mov rdi, 0x800000000000
	xor ecx, ecx
	rep insb
END_CASE
END_TABLE
