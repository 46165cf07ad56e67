; Instructions with a memory operand, each run on RAM and on device memory. rdi is the operand's
; address, rsi a place in RAM, rbx = 0x10, rcx = 3, r8 = rdi - 0x20; CF is set; fs begins at
; rdi - 0x1000. Memory is all ones, or one 32-bit register.

bits 64
default rel

%include "guests/conform/case.inc"

%macro ARITHMETIC 1
INSN %1 [rdi], al
INSN %1 [rdi], ax
INSN %1 [rdi], eax
INSN %1 [rdi], rax
INSN %1 al, [rdi]
INSN %1 ax, [rdi]
INSN %1 eax, [rdi]
INSN %1 rax, [rdi]
INSN %1 byte [rdi], 0x81
INSN %1 word [rdi], 0x8001
INSN %1 dword [rdi], 0x80000001
INSN %1 qword [rdi], -0x7ffffff0
INSN %1 qword [rdi], 5
%endmacro

%macro UNARY 1
INSN %1 byte [rdi]
INSN %1 word [rdi]
INSN %1 dword [rdi]
INSN %1 qword [rdi]
%endmacro

%macro BITS 1
INSN %1 dword [rdi], 31
INSN %1 qword [rdi], 63
INSN %1 [rdi], cx
INSN %1 [rdi], ecx
INSN %1 [rdi], rcx
%endmacro

TABLE mmio_cases
ARITHMETIC add
ARITHMETIC or
ARITHMETIC adc
ARITHMETIC sbb
ARITHMETIC and
ARITHMETIC sub
ARITHMETIC xor
ARITHMETIC cmp
INSN test [rdi], al
INSN test [rdi], ax
INSN test [rdi], eax
INSN test [rdi], rax
INSN test byte [rdi], 0x80
INSN test dword [rdi], 1
UNARY not
UNARY neg
UNARY inc
UNARY dec
BITS bt
BITS bts
BITS btr
BITS btc
INSN mov al, [rdi]
INSN mov ah, [rdi]
INSN mov ax, [rdi]
INSN mov eax, [rdi]
INSN mov rax, [rdi]
INSN mov r9b, [rdi]
INSN mov sil, [rdi]
INSN mov r15, [rdi]
INSN mov [rdi], al
INSN mov [rdi], dh
INSN mov [rdi], ax
INSN mov [rdi], eax
INSN mov [rdi], rax
INSN mov [rdi], r12d
INSN mov byte [rdi], 0x12
INSN mov word [rdi], 0x1234
INSN mov dword [rdi], 0x12345678
INSN mov qword [rdi], -2
INSN movzx eax, byte [rdi]
INSN movzx ax, byte [rdi]
INSN movzx rax, byte [rdi]
INSN movzx eax, word [rdi]
INSN movzx rax, word [rdi]
INSN movsx eax, byte [rdi]
INSN movsx ax, byte [rdi]
INSN movsx rax, byte [rdi]
INSN movsx eax, word [rdi]
INSN movsx rax, word [rdi]
INSN movsxd rax, dword [rdi]
INSN movbe ax, [rdi]
INSN movbe eax, [rdi]
INSN movbe rax, [rdi]
INSN movbe [rdi], eax
INSN movnti [rdi], eax
INSN movnti [rdi], rax
INSN xchg [rdi], al
INSN xchg [rdi], ax
INSN xchg [rdi], eax
INSN xchg [rdi], rax
INSN xadd [rdi], al
INSN xadd [rdi], ax
INSN xadd [rdi], eax
INSN xadd [rdi], rax
INSN cmpxchg [rdi], bl
INSN cmpxchg [rdi], bx
INSN cmpxchg [rdi], ebx
INSN cmpxchg [rdi], rbx
CASE "cmpxchg [rdi], ebx that finds what it expects"
	mov eax, [rdi]
	cmpxchg [rdi], ebx
END_CASE
INSN lock add [rdi], eax
INSN lock inc dword [rdi]
INSN lock bts dword [rdi], 7
INSN lock xadd [rdi], eax
INSN lock cmpxchg [rdi], ecx
INSN mov eax, [rdi + 4]
INSN mov eax, [rdi + rbx * 2 - 0x20]
INSN mov eax, [r8 + rbx * 2]
INSN mov eax, [r8 + 0x20]
INSN mov eax, [rdi + 0x12345678 - 0x12345678]
INSN mov eax, [fs:0x1000]
INSN mov eax, [fs:rbx + 0xff0]
INSN mov [fs:0x1000], edx
INSN mov eax, [edi]
INSN mov [edi], ecx
INSN mov eax, [r8d + ebx * 2]
INSN movsb
INSN movsw
INSN movsd
INSN movsq
INSN stosb
INSN stosw
INSN stosd
INSN stosq
INSN scasb
INSN scasw
INSN scasd
INSN scasq
INSN cmpsb
INSN cmpsd
INSN cmpsq
INSN rep stosb
INSN repe scasb
INSN repne scasb
INSN rep movsd
CASE "lodsb"
	xchg rsi, rdi
	lodsb
END_CASE
CASE "lodsw"
	xchg rsi, rdi
	lodsw
END_CASE
CASE "lodsd"
	xchg rsi, rdi
	lodsd
END_CASE
CASE "lodsq"
	xchg rsi, rdi
	lodsq
END_CASE
CASE "rep lodsd"
	xchg rsi, rdi
	rep lodsd
END_CASE
CASE "rep movsb to RAM"
	xchg rsi, rdi
	rep movsb
END_CASE
CASE "rep movsd to RAM"
	xchg rsi, rdi
	rep movsd
END_CASE
CASE "rep movsq to RAM"
	xchg rsi, rdi
	rep movsq
END_CASE
CASE "rep movsd to RAM, downwards"
	xchg rsi, rdi
	std
	rep movsd
	cld
END_CASE
CASE "rep stosd, downwards"
	std
	rep stosd
	cld
END_CASE
CASE "rep stosd, 32-bit addresses"
	a32 rep stosd
END_CASE
CASE "fs lodsd"
	mov esi, 0x1000
	fs lodsd
END_CASE
CASE "rep movsb with rcx 0"
	xor ecx, ecx
	rep movsb
END_CASE
CASE "push and pop"
	push qword [rdi]
	pop rax
END_CASE
CASE "push of 16 bits and pop"
	push word [rdi]
	pop ax
END_CASE
CASE "pop to memory"
	push rcx
	pop qword [rdi]
END_CASE
END_TABLE

; What an operand that crosses from RAM into the device, or out of it, becomes: rdi is the border.
TABLE cross_cases
INSN mov rax, [rdi - 4]
INSN mov eax, [rdi - 1]
INSN mov ax, [rdi - 1]
INSN mov [rdi - 4], rax
INSN mov [rdi - 3], eax
INSN add [rdi - 2], eax
INSN xchg [rdi - 4], rax
INSN push qword [rdi - 4]
CASE "rep movsb across"
	mov ecx, 8
	lea rdi, [rdi - 4]
	rep movsb
END_CASE
CASE "rep lodsb across"
	mov ecx, 8
	lea rsi, [rdi - 4]
	rep lodsb
END_CASE
END_TABLE

; The forms with an address of 64 bits in the instruction.
TABLE moffs_cases
INSN mov al, [abs qword 0xc8000000]
INSN mov eax, [abs qword 0xc8000000]
INSN mov rax, [abs qword 0xc8000000]
INSN mov [abs qword 0xc8000000], ax
END_TABLE

TABLE mmio_fault_cases
INSN mov eax, [rdi]
INSN mov [rdi], eax
INSN add [rdi], eax
INSN stosd
INSN movaps xmm0, [rdi]
END_TABLE
