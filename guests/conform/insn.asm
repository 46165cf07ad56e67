; Instructions in ring 0 whose answer needs no preparation. rdi points at 64 bytes of RAM, aligned;
; the other registers are zero.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE insn_cases
INSN vmxon [rdi]
INSN vmxoff
INSN vmclear [rdi]
INSN vmptrld [rdi]
INSN vmptrst [rdi]
INSN vmread rax, rbx
INSN vmwrite rax, rbx
INSN vmlaunch
INSN vmresume
INSN invept rax, [rdi]
INSN invvpid rax, [rdi]
INSN vmfunc
INSN vmrun
INSN vmload
INSN vmsave
INSN stgi
INSN clgi
INSN skinit
INSN invlpga
INSN getsec
INSN rsm
INSN monitor
INSN mwait
INSN monitorx
INSN mwaitx
INSN rdpmc
INSN xsetbv
INSN xgetbv
INSN invd
INSN wbinvd
INSN cpuid
INSN rdtsc
INSN clflush [rdi]
INSN lfence
INSN ud0 eax, eax
INSN ud1 eax, eax
INSN db 0x06
INSN db 0x0e
INSN db 0x16
INSN db 0x1e
INSN db 0x27
INSN db 0x2f
INSN db 0x37
INSN db 0x3f
INSN db 0x60
INSN db 0x61
INSN db 0x82, 0xc0, 0
INSN db 0x9a, 0, 0, 0, 0, 8, 0
INSN db 0xce
INSN db 0xd4, 10
INSN db 0xd5, 10
INSN db 0xd6
INSN db 0xea, 0, 0, 0, 0, 8, 0
INSN lock inc dword [rdi]
INSN lock cmpxchg8b [rdi]
INSN lock cmpxchg16b [rdi]
INSN cmpxchg16b [rdi + 8]
INSN db 0xf0, 0x90
INSN db 0xf0, 0x89, 0x07
INSN db 0xf0, 0x01, 0xc0
INSN db 0xf0, 0x39, 0x07
CASE "an instruction of 15 bytes"
	times 14 db 0x66
	nop
END_CASE
CASE "an instruction of 16 bytes"
	times 15 db 0x66
	nop
END_CASE
INSN mov rax, cr1
INSN mov rax, cr5
INSN mov rax, cr7
INSN mov cr1, rax
INSN db 0x8e, 0xc8
INSN db 0x8e, 0xf0
INSN db 0x8c, 0xf0
INSN db 0x8d, 0xc0
INSN db 0xfe, 0xd0
INSN db 0xff, 0xff
INSN lldt ax
INSN sldt eax
INSN str eax
INSN swapgs
INSN fninit
END_TABLE

; ZF and the result of the instructions that look at descriptors without loading them; eax = the
; selector.
TABLE look_cases
INSN lar ebx, eax
INSN lsl ebx, eax
INSN verr ax
INSN verw ax
END_TABLE
