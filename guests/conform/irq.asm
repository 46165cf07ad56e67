; With an interrupt of vector 0x40 pending. IF is off at first unless a case says else.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE irq_cases
CASE "interrupts off"
	nop
END_CASE
CASE "sti, then one more instruction"
	sti
	nop
	nop
END_CASE
CASE "sti and cli at once"
	sti
	cli
	nop
END_CASE
CASE "sti before hlt"
	sti
	hlt
	nop
END_CASE
CASE "popfq has no shadow"
	push 0x202
	popfq
	nop
	nop
END_CASE
CASE "sti while interrupts are on already has none"
	push 0x202
	popfq
	sti
	nop
END_CASE
CASE "sti before cpuid"
	sti
	cpuid
	nop
END_CASE
CASE "sti before an access to a port"
	sti
	in al, 0x80
	nop
END_CASE
CASE "sti before an access to the APIC"
	mov edi, 0xfee00030
	sti
	mov eax, [rdi]
	nop
END_CASE
CASE "iretq with interrupts on"
	mov rax, rsp
	push 0x10
	push rax
	push 0x202
	push 0x08
	lea rax, [rel .on]
	push rax
	iretq
.on:	nop
	nop
END_CASE
CASE "CR8 falls"
	mov eax, 15
	mov cr8, rax
	push 0x202
	popfq
	nop
	xor eax, eax
	mov cr8, rax
	nop
	nop
END_CASE
END_TABLE
