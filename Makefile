# Bulkhead's build. `make help` lists what there is to make. Sources are found by folder: a new .c or
# .asm file needs no line here. O= is the output folder, CC= gcc or clang.
O  ?= build
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
NASM ?= nasm
LD := ld

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

WARN := -Wall -Wextra -Werror -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -Wvla
FREESTANDING := -std=gnu11 -O2 -g -ffreestanding -fno-builtin-printf -fno-strict-aliasing -fno-common \
	-mno-red-zone -mgeneral-regs-only -fno-asynchronous-unwind-tables \
	-fcf-protection=none -I. $(WARN)
HV_CFLAGS := $(FREESTANDING) -fno-pic -fno-pie -mcmodel=kernel -fstack-protector-strong \
	-mstack-protector-guard=global
GUEST_CFLAGS := $(FREESTANDING) -fpie -fvisibility=hidden -fno-stack-protector

# --- the hypervisor ----------------------------------------------------------
HV_DIRS := boot arch/x86/cpu arch/x86/svm mm drivers vmm lib
HV_C := $(foreach d,$(HV_DIRS),$(filter-out %/offsets.c,$(wildcard $(d)/*.c)))
HV_ASM := $(foreach d,$(HV_DIRS),$(wildcard $(d)/*.asm))
HV_OBJS := $(HV_C:%.c=$(O)/hv/%.o) $(HV_ASM:%.asm=$(O)/hv/%.asm.o)
# DIR/offsets.c holds OFFSET(name, struct, field) lines; DIR's .asm files include "DIR/offsets.inc".
OFFSETS := $(foreach d,$(HV_DIRS),$(patsubst %.c,$(O)/gen/%.inc,$(wildcard $(d)/offsets.c)))

HV_ELF := $(O)/bulkhead.elf

# --- guests of ours ----------------------------------------------------------
GUESTS := $(filter-out lib linux,$(notdir $(patsubst %/,%,$(wildcard guests/*/))))
GUEST_ELFS := $(foreach g,$(GUESTS),$(if $(wildcard guests/$(g)/*.c),$(O)/guests/$(g).elf))
GUEST_LIB_OBJS := $(patsubst %,$(O)/%.o,$(wildcard guests/lib/*.c guests/lib/*.asm) \
	lib/string.c lib/format.c)

# --- unit tests: "// sources: a.c b.c" in the first lines names what a test links; "// flags:" adds
# --- flags for the compiler -------------------------------------------------------------------
UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_CFLAGS := -std=gnu11 -O1 -g -I. $(WARN) -fsanitize=address,undefined -fno-sanitize-recover=all

.PHONY: all help unit clean
all: $(HV_ELF) $(GUEST_ELFS)

$(HV_ELF): $(HV_OBJS) linker.ld
	$(LD) -nostdlib -static -z max-page-size=0x1000 -T linker.ld -o $@ $(HV_OBJS)

$(O)/hv/%.o: %.c | $(OFFSETS)
	@mkdir -p $(@D)
	$(CC) $(HV_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/hv/%.asm.o: %.asm $(OFFSETS)
	@mkdir -p $(@D)
	$(NASM) -f elf64 -g -F dwarf -I. -I$(O)/gen/ -MD $(@:.o=.d) -MP -o $@ $<

$(O)/gen/%/offsets.inc: %/offsets.c
	@mkdir -p $(@D)
	$(CC) $(HV_CFLAGS) -MMD -MP -MT $@ -MF $(@:.inc=.d) -S -o $(@:.inc=.s) $<
	sed -n 's/^.*->\([A-Z0-9_]*\) \$$*\(-*[0-9]*\).*$$/%define \1 \2/p' $(@:.inc=.s) > $@

$(O)/guests/%/.keep:
	@mkdir -p $(@D) && touch $@

$(O)/guests/%.c.o: guests/%.c
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/lib/%.c.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/guests/%.asm.o: guests/%.asm
	@mkdir -p $(@D)
	$(NASM) -f elf64 -g -F dwarf -I. -MD $(@:.o=.d) -MP -o $@ $<

define GUEST_RULE
$(O)/guests/$(1).elf: $(patsubst %,$(O)/%.o,$(wildcard guests/$(1)/*.c guests/$(1)/*/*.c guests/$(1)/*.asm)) \
		$(GUEST_LIB_OBJS) guests/lib/guest.ld
	$(LD) -nostdlib -static -pie --no-dynamic-linker -z max-page-size=0x1000 -z noexecstack \
		-T guests/lib/guest.ld -o $$@ $$(filter %.o,$$^)
endef
$(foreach g,$(GUESTS),$(eval $(call GUEST_RULE,$(g))))

unit: $(UNIT_TESTS)
	@set -e; for t in $(UNIT_TESTS); do echo "== $$t"; $$t; done

$(O)/unit/%: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) $(shell sed -n 's,^// flags: ,,p' $<) -MMD -MP -o $@ $< \
		$(shell sed -n 's,^// sources: ,,p' $<) -lcmocka

clean:
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
