; The part of the conformance guest that begins without a mode to stand on: 32-bit protected mode
; from Multiboot, and from there to real mode, virtual-8086 mode, 16-bit code, paging of each kind,
; long mode and back. Each case prints "area: case: result"; tests/system/test_modes.py compares the
; lines with tests/system/conform/modes.txt, which is written from the manuals.
;
; A case is code that begins in ring 0, flat, without paging, on tables made anew (reset.inc). It
; ends by RET, by DONE, or by any exception in any mode; what it has not said itself is said of that
; trap (trap.inc). Everything lies in the 64 KiB at BASE, so that 16-bit code reaches it.
%include "guests/raw/print.inc"
%include "guests/raw/modes/layout.inc"
%include "guests/raw/modes/macros.inc"

FLAGS equ 1 << 16 | 1 << 1

	section .zero follows=.text align=4
	section .cases follows=.zero
cases:
	section .names follows=.cases
	section .text
	bits 32
	org BASE
header:
	dd 0x1badb002, FLAGS, -(0x1badb002 + FLAGS)
	dd header, BASE, image_end, image_end, start

start:
	jmp begin

; What lies over the limit of SHORT_CODE.
	times 0xf0 - ($ - $$) nop
	times 0x20 nop
	DONE

begin:
	mov esp, STACK
	mov eax, [ebx + 16]		; Multiboot's command line
	cmp dword [eax], "care"		; "careful": leaves out what stops Bochs' AMD-V
	sete [careful]
	call reset
	mov ebx, cases
.next:
	mov [current], ebx
	mov byte [text], 0
	mov dword [text_at], text
	mov dword [resume], 0
	mov dword [step_on], 0
	mov dword [step_rf], 0
	mov dword [log_count], 0
	lea eax, [esp - 4]
	mov [recover], eax
	call [ebx + CASE_CODE]
	call reset
	mov ebx, [current]
	mov esi, [ebx + CASE_AREA]
	call print
	mov esi, colon
	call print
	mov esi, [ebx + CASE_NAME]
	call print
	mov esi, colon
	call print
	cmp byte [text], 0
	jne .said
	TELL "ok"
.said:
	mov esi, text
	call print
	mov esi, line_end
	call print
	add ebx, CASE_BYTES
	cmp ebx, cases_end
	jb .next
	mov esi, the_end
	call print
	jmp power_off

	PRINT_CODE

colon:    db ": ", 0
line_end: db 10, 0
the_end:  db "modes: end", 10, 0

%include "guests/raw/modes/text.inc"
%include "guests/raw/modes/reset.inc"
%include "guests/raw/modes/trap.inc"
%include "guests/raw/modes/enter.inc"

%include "guests/raw/modes/segments.inc"
%include "guests/raw/modes/far.inc"
%include "guests/raw/modes/gates.inc"
%include "guests/raw/modes/real.inc"
%include "guests/raw/modes/vm86.inc"
%include "guests/raw/modes/paging.inc"
%include "guests/raw/modes/long.inc"
%include "guests/raw/modes/fast.inc"
%include "guests/raw/modes/step.inc"
%include "guests/raw/modes/break.inc"
%include "guests/raw/modes/task.inc"
%include "guests/raw/modes/io.inc"
	CLOSE

	section .zero
%include "guests/raw/modes/variables.inc"
	section .cases
cases_end:
	section .names
image_end:
