; What ring 3 may not do, and what it may. Registers are zero but rsp; CR4 has neither TSD, PCE nor
; UMIP; the TSS has no I/O permission map.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE user_cases
INSN cli
INSN sti
INSN hlt
INSN lgdt [rsp]
INSN lidt [rsp]
INSN lldt ax
INSN ltr ax
INSN lmsw ax
INSN clts
INSN mov rax, cr0
INSN mov rax, cr2
INSN mov rax, cr3
INSN mov rax, cr4
INSN mov rax, cr8
INSN mov cr0, rax
INSN mov cr2, rax
INSN mov cr3, rax
INSN mov cr4, rax
INSN mov cr8, rax
INSN mov rax, dr0
INSN mov rax, dr7
INSN mov dr0, rax
INSN mov dr6, rax
INSN mov dr7, rax
INSN invd
INSN wbinvd
INSN invlpg [rsp]
INSN rdmsr
INSN wrmsr
INSN rdpmc
INSN swapgs
INSN syscall
INSN o64 sysret
INSN sysenter
INSN sysexit
INSN monitor
INSN mwait
INSN in al, 0x80
INSN in eax, dx
INSN out 0x80, ax
INSN out dx, al
INSN insb
INSN outsd
INSN rep outsb
INSN int 0x90
INSN int3
INSN cpuid
INSN rdtsc
INSN pause
INSN sgdt [rsp - 16]
INSN sidt [rsp - 16]
INSN sldt eax
INSN str eax
INSN smsw eax
INSN vmcall
INSN vmmcall
INSN vmxon [rsp - 8]
INSN vmlaunch
INSN vmread rax, rbx
INSN vmrun
INSN vmload
INSN clgi
INSN skinit
CASE "popfq with IF and IOPL changed leaves them"
	push 0x3202
	popfq
	pushfq
	pop rax
	test eax, 0x3200
	jz .same
	ud2
.same:
END_CASE
END_TABLE
