; State of the x87, SSE and AVX units across exits, and XCR0.

bits 64
default rel

%include "guests/conform/case.inc"

TABLE fpu_state_cases
CASE "xmm0 to xmm15 after CPUID"
	%assign i 0
	%rep 16
	mov eax, 0x1000 + i
	movd xmm %+ i, eax
	pshufd xmm %+ i, xmm %+ i, 0
	%assign i i + 1
	%endrep
	xor eax, eax
	cpuid
	xor esi, esi
	%assign i 0
	%rep 16
	pshufd xmm %+ i, xmm %+ i, 0xff
	movd eax, xmm %+ i
	add esi, eax
	%assign i i + 1
	%endrep
	mov eax, esi
END_CASE
CASE "st0 to st7 after a port access"
	fninit
	fld1
	fldz
	fldpi
	fldl2e
	fldl2t
	fldlg2
	fldln2
	fld1
	in al, 0x80
	fnstsw ax
	movzx eax, ax
	fninit
END_CASE
CASE "a number in st0 after a hypercall"
	fninit
	mov dword [rdi], 123456
	fild dword [rdi]
	mov eax, 1
	vmcall
	fistp dword [rdi]
	mov eax, [rdi]
END_CASE
CASE "control word after a hypercall"
	fninit
	mov word [rdi], 0x0f7f
	fldcw [rdi]
	mov eax, 1
	vmmcall
	fnstcw [rdi]
	movzx eax, word [rdi]
	fninit
END_CASE
CASE "MXCSR after RDMSR"
	mov dword [rdi], 0x9fc0
	ldmxcsr [rdi]
	mov ecx, 0x8b
	rdmsr
	stmxcsr [rdi]
	mov eax, [rdi]
	mov dword [rdi], 0x1f80
	ldmxcsr [rdi]
END_CASE
CASE "MXCSR with a reserved bit"
	mov dword [rdi], 0x11f80
	ldmxcsr [rdi]
END_CASE
CASE "x87 division by zero, masked"
	fninit
	fld1
	fldz
	fdivp
	fnstsw ax
	movzx eax, ax
	and eax, 0x3f
	fninit
END_CASE
CASE "x87 division by zero, #MF at FWAIT"
	fninit
	mov word [rdi], 0x037b
	fldcw [rdi]
	fld1
	fldz
	fdivp
	fwait
END_CASE
CASE "the next FNINIT"
	fninit
	xor eax, eax
END_CASE
CASE "SSE division by zero, #XM"
	mov dword [rdi], 0x1d80
	ldmxcsr [rdi]
	mov eax, 0x3f800000
	movd xmm0, eax
	pxor xmm1, xmm1
	divss xmm0, xmm1
END_CASE
CASE "MXCSR back"
	mov dword [rdi], 0x1f80
	ldmxcsr [rdi]
	xor eax, eax
END_CASE
CASE "fxsave, changed, fxrstor"
	mov eax, 0x4242
	movd xmm3, eax
	fxsave [rdi]
	pxor xmm3, xmm3
	fxrstor [rdi]
	movd eax, xmm3
END_CASE
INSN fxsave [rdi + 8]
END_TABLE

; With CR4.OSXSAVE. ecx = the register, edx:eax = the value.
TABLE xsetbv_cases
INSN xsetbv
INSN xgetbv
END_TABLE

TABLE avx_cases
CASE "ymm0 to ymm15 after CPUID"
	%assign i 0
	%rep 16
	mov eax, 0x100 + i
	movd xmm %+ i, eax
	vpshufd xmm %+ i, xmm %+ i, 0
	vinsertf128 ymm %+ i, ymm %+ i, xmm %+ i, 1
	%assign i i + 1
	%endrep
	xor eax, eax
	cpuid
	xor esi, esi
	%assign i 0
	%rep 16
	vextractf128 xmm %+ i, ymm %+ i, 1
	movd eax, xmm %+ i
	add esi, eax
	%assign i i + 1
	%endrep
	vzeroall
	mov eax, esi
END_CASE
CASE "xsave, cleared, xrstor"
	mov eax, 0x777
	vmovd xmm5, eax
	vinsertf128 ymm5, ymm5, xmm5, 1
	mov eax, 7
	xor edx, edx
	xsave [rdi]
	vzeroall
	mov eax, 7
	xor edx, edx
	xrstor [rdi]
	vextractf128 xmm5, ymm5, 1
	vmovd eax, xmm5
END_CASE
CASE "xsave, what XSTATE_BV has"
	fninit
	vzeroall
	mov eax, 1
	vmovd xmm5, eax
	mov eax, 7
	xor edx, edx
	xsave [rdi]
	mov eax, [rdi + 512]
	and eax, 2
END_CASE
CASE "xrstor with a bit of XSTATE_BV that XCR0 lacks"
	mov rax, 1 << 62
	mov [rdi + 512], rax
	mov eax, 7
	xor edx, edx
	xrstor [rdi]
END_CASE
CASE "xsave to an address off by 8"
	mov eax, 7
	xsave [rdi + 8]
END_CASE
INSN vzeroall
END_TABLE
