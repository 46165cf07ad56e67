# Bulkhead's build. `make help` lists what there is to make. Sources are found by folder: a new .c or
# .asm file needs no line here. O= is the output folder, CC= gcc or clang.
O  ?= build
# One name for one folder, however it was given: dependency files name their targets by it.
override O := $(patsubst $(CURDIR)/%,%,$(abspath $(O)))
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
NASM ?= nasm
LD := ld

# One short line a step; V=1 shows the commands.
V ?= 0
run = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' $(1) $@;)
quiet = $(if $(filter 1,$(V)),,@)

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
HV_DIRS := boot arch/x86/cpu arch/x86/svm arch/x86/vmx mm drivers vmm lib
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

# Service domains with a fault for the campaign to find, or to upgrade to, each with a file of
# tests/faults/ linked in place of what it says.
FAULTS := $(patsubst tests/faults/%.c,$(O)/guests/service-%.elf,$(wildcard tests/faults/*.c))
SERVICE_OBJS := $(patsubst %,$(O)/%.o,$(wildcard guests/service/*.c guests/service/*/*.c)) $(GUEST_LIB_OBJS)

# Guests without C: flat binaries.
RAW := $(patsubst guests/raw/%.asm,$(O)/guests/%.bin,$(wildcard guests/raw/*.asm))

# A RAM disk without contents for configs/bench.yaml, and the plugin that counts there.
BLANK := $(O)/guests/blank.img
BENCH_COUNT := $(O)/bench-count.so

# --- unit tests: "// sources: a.c b.c" in the first lines names what a test links; "// flags:" adds
# --- flags for the compiler -------------------------------------------------------------------
UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_CFLAGS := -std=gnu11 -O1 -g -I. $(WARN) -fsanitize=address,undefined -fno-sanitize-recover=all

# --- tools on the host ---------------------------------------------------------
BH := $(O)/bh
BH_OBJS := $(patsubst %.c,$(O)/host/%.o,$(wildcard tools/bh/*.c vmm/config*.c) guests/service/json.c \
	guests/service/base64.c vmm/load_elf.c lib/string.c lib/format.c)
HOST_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -I. $(WARN) -Wno-format-truncation \
	-Wno-unknown-warning-option

# --- fuzz targets: like unit tests, each with LLVMFuzzerTestOneInput -----------------------
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_RUNS ?= 20000

# --- the demo's Linux: Debian's own kernel, an initramfs of busybox, a disk each -----------
LINUX_DIR := $(O)/linux
LINUX := $(addprefix $(LINUX_DIR)/,vmlinuz initrd.img vsock.img generations.img linux1.img linux2.img disk.img)
# What the tests boot beside it: Debian's other kernels, as they are and not compressed, and an
# initramfs with stress-ng.
KERNELS := $(foreach k,amd64 rt-amd64,$(addprefix $(LINUX_DIR)/$(k)/,vmlinuz unpacked initrd.img)) \
	$(addprefix $(LINUX_DIR)/6.12-cloud-amd64/,vmlinuz initrd.img) $(LINUX_DIR)/stress.img
INITRAMFS := $(addprefix guests/linux/,initramfs init modules.txt) $(wildcard guests/linux/tasks/*)

# Kernels of others, in their own boot protocols.
THIRD_DIR := $(O)/third
THIRD := $(addprefix $(THIRD_DIR)/,memtest.bin gnumach vmlinux)

PYTHON := /usr/bin/python3

# How long make soak runs.
MINUTES ?= 60

# What make run boots the demo in.
EMULATOR ?= qemu

# How large the campaign is: deaths of the service domain.
POINTS ?= 1000
SEED   ?= 1
# And misdeeds of the hostile guest.
ACTIONS ?= 1000000

.PHONY: all help setup iso run test unit fuzz check bench soak campaign tour format linux kernels third clean
all: $(HV_ELF) $(GUEST_ELFS) $(FAULTS) $(RAW) $(BLANK) $(BH) $(BENCH_COUNT)

help:
	@echo "make         the hypervisor, our guests and build/bh"
	@echo "make run     boots the demo on this terminal, in QEMU (AMD-V) or with EMULATOR=bochs (VT-x)"
	@echo "make iso     build/bulkhead.iso, the demo for CD, USB stick or QEMU"
	@echo "make test    every test; the last line counts them"
	@echo "make unit    the unit tests only         make fuzz    the fuzz targets only;"
	@echo "make fuzz SECONDS=n [TARGET=name]   libFuzzer looks for more"
	@echo "make check   units, layers, headers, format, clang; make bench   instructions on each path"
	@echo "make linux   the demo's Linux guests     make kernels the other kernels that tests boot"
	@echo "make third   memtest86+, GNU Mach and a vmlinux, for tests"
	@echo "make tour    the file heads in reading order; make soak MINUTES=n, eight guests watched"
	@echo "make campaign  the service domain dies at POINTS=n places, a hostile guest does ACTIONS=n"
	@echo "             misdeeds; SEED=s, EMULATOR=qemu|bochs|both"
	@echo "make format  clang-format on every file  make setup   installs what is missing"
	@echo "make clean   removes build/"
	@echo "Variables: O=folder, CC=gcc|clang, EMULATOR=qemu|bochs, ACCEL=kvm|tcg, FUZZ_RUNS=$(FUZZ_RUNS)"

# Installs packages that are missing; a stamp makes the next time quick.
setup: $(O)/.setup
$(O)/.setup: tools/packages.txt tools/setup
	@mkdir -p $(@D)
	@tools/setup tools/packages.txt
	@touch $@

# The rest needs the packages first, so it is a make of its own.
run: setup
	@$(MAKE) --no-print-directory -s all linux
	$(BH) run configs/demo.yaml --emulator $(EMULATOR)

iso: setup
	@$(MAKE) --no-print-directory -s all linux
	$(BH) image configs/demo.yaml -o $(O)/bulkhead.iso

test: setup
	@$(MAKE) --no-print-directory -s all linux kernels third
	@$(PYTHON) tools/test --build $(O)

bench: setup
	@$(MAKE) --no-print-directory all
	@$(PYTHON) tools/bench --build $(O) $(BENCH)

soak: setup
	@$(MAKE) --no-print-directory -s all linux kernels
	@$(PYTHON) tools/soak --build $(O) --minutes $(MINUTES)

# Nothing is lost when the service domain dies: on both emulators without a wish.
campaign: setup
	@$(MAKE) --no-print-directory -s all linux
	@tools/campaign --build $(O) --points $(POINTS) --seed $(SEED) \
		--emulator $(if $(filter file,$(origin EMULATOR)),both,$(EMULATOR))
	@tools/hostile --build $(O) --actions $(ACTIONS) --seed $(SEED) \
		--emulator $(if $(filter file,$(origin EMULATOR)),both,$(EMULATOR))

check: unit
	@tools/check $(O)

tour:
	@tools/tour

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

$(HV_ELF): $(HV_OBJS) linker.ld
	$(call run,LD)$(LD) -nostdlib -static -z max-page-size=0x1000 -z noexecstack -T linker.ld -o $@ $(HV_OBJS)

$(O)/hv/%.o: %.c | $(OFFSETS)
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(HV_CFLAGS) -MMD -MP -c -o $@ $<

# What runs at boot, at a domain's start or at its end only: small rather than quick.
$(patsubst %,$(O)/hv/%.o,boot/% drivers/acpi% drivers/pci_scan% vmm/config% vmm/load% vmm/vacpi% vmm/bootpage%): \
	HV_CFLAGS += -Os
$(patsubst %,$(O)/hv/arch/x86/vmx/%.o,caps check dump): HV_CFLAGS += -Os

$(O)/hv/%.asm.o: %.asm $(OFFSETS)
	@mkdir -p $(@D)
	$(call run,NASM)$(NASM) -f elf64 -g -F dwarf -I. -I$(O)/gen/ -MD $(@:.o=.d) -MP -o $@ $<

# Kept: make would take them for intermediate files.
.SECONDARY: $(OFFSETS)

$(O)/gen/%/offsets.inc: %/offsets.c
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(HV_CFLAGS) -MMD -MP -MT $@ -MF $(@:.inc=.d) -S -o $(@:.inc=.s) $<
	$(quiet)sed -n 's/^.*->\([A-Z0-9_]*\) \$$*\(-*[0-9]*\).*$$/%define \1 \2/p' $(@:.inc=.s) > $@

# The AML that guests get: C preprocessor (abi/platform.h), iasl, then numbers for vmm/vacpi.c.
DSDT := $(O)/gen/vmm/dsdt.inc $(O)/gen/vmm/pc.inc
$(DSDT): $(O)/gen/%.inc: %.dsl abi/platform.h
	@mkdir -p $(@D)
	$(call run,CC)$(CC) -E -P -x c -I. $< | \
		sed -E 's/\b(0x[0-9a-fA-F]+|[0-9]+)[uU]?[lL]*\b/\1/g' > $(@:.inc=.asl)
	$(quiet)iasl -vs -vr -p $(@:.inc=) $(@:.inc=.asl) > $(@:.inc=.log) || { cat $(@:.inc=.log); false; }
	$(quiet)od -An -v -tx1 $(@:.inc=.aml) | sed 's/ \([0-9a-f]*\)/0x\1,/g' > $@

$(O)/hv/vmm/vacpi.o $(O)/unit/test_vacpi: $(DSDT)
$(O)/hv/vmm/vacpi.o: HV_CFLAGS += -I$(O)/gen
$(O)/unit/test_vacpi: UNIT_CFLAGS += -I$(O)/gen

$(O)/guests/%/.keep:
	@mkdir -p $(@D) && touch $@

$(O)/guests/%.c.o: guests/%.c
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/lib/%.c.o: lib/%.c
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/guests/%.asm.o: guests/%.asm
	@mkdir -p $(@D)
	$(call run,NASM)$(NASM) -f elf64 -g -F dwarf -I. -MD $(@:.o=.d) -MP -o $@ $<

$(O)/guests/%.bin: guests/raw/%.asm
	@mkdir -p $(@D)
	$(call run,NASM)$(NASM) -f bin -I. -MD $(@:.bin=.bin.d) -MP -o $@ $<

define GUEST_RULE
$(O)/guests/$(1).elf: $(patsubst %,$(O)/%.o,$(wildcard guests/$(1)/*.c guests/$(1)/*/*.c guests/$(1)/*.asm)) \
		$(GUEST_LIB_OBJS) guests/lib/guest.ld
	$$(call run,LD)$(LD) -nostdlib -static -pie --no-dynamic-linker -z max-page-size=0x1000 -z noexecstack \
		-T guests/lib/guest.ld -o $$@ $$(filter %.o,$$^)
endef
$(foreach g,$(GUESTS),$(eval $(call GUEST_RULE,$(g))))

# See FAULTS.
$(O)/guests/service-no-inflight.elf: LEFT_OUT := %/service/inflight.c.o
$(O)/guests/service-no-reset.elf: WRAP := --wrap=vpci_reset
$(O)/guests/service-next.elf $(O)/guests/service-broken.elf: WRAP := --wrap=control_start

$(O)/guests/service-%.elf: $(O)/tests/faults/%.c.o $(SERVICE_OBJS) guests/lib/guest.ld
	$(call run,LD)$(LD) -nostdlib -static -pie --no-dynamic-linker -z max-page-size=0x1000 -z noexecstack \
		-T guests/lib/guest.ld $(WRAP) -o $@ $(filter-out $(LEFT_OUT),$(filter %.o,$^))

$(O)/tests/faults/%.c.o: tests/faults/%.c
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(BLANK):
	@mkdir -p $(@D) && truncate -s 64K $@

# --- host programs -------------------------------------------------------------
$(BH): $(BH_OBJS)
	$(call run,CC)$(CC) -o $@ $(BH_OBJS) -lcyaml -lyaml

# The plugin with which tools/bench counts.
$(BENCH_COUNT): tools/bench/count.c guests/bench/mark.h
	$(call run,CC)$(CC) $(HOST_CFLAGS) -shared -fPIC -o $@ $<

# Our own memcpy and strlen must not be turned into calls of themselves.
$(O)/host/lib/%.o: HOST_CFLAGS += -ffreestanding

$(O)/host/%.o: %.c
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

unit: $(UNIT_TESTS)
	@status=0; for t in $(UNIT_TESTS); do \
		if timeout 60 $$t > $$t.log 2>&1; then echo "$$(tail -n 1 $$t.log): $$t"; \
		else cat $$t.log; status=1; fi; done; exit $$status

# The files that a test names in its "// sources:" line, and its "// flags:".
sources = $(shell sed -n 's,^// sources: ,,p' $(1))
flags = $(UNIT_CFLAGS) $(shell sed -n 's,^// flags: ,,p' $(1))

$(O)/unit/%: tests/unit/%.c
	@mkdir -p $(@D)
	@$(CC) $(call flags,$<) -MM -MP -MT $@ $< $(call sources,$<) > $@.d
	$(call run,CC)$(CC) $(call flags,$<) -o $@ $< $(call sources,$<) -lcmocka

# Without SECONDS= the same inputs each time; with it libFuzzer looks for new ones, in TARGET=name or
# in each target, for so long.
ifeq ($(SECONDS),)
fuzz: $(FUZZ_TARGETS)
	@set -e; for t in $(FUZZ_TARGETS); do $$t $(FUZZ_RUNS); done
else
fuzz: $(addprefix $(O)/libfuzzer/,$(or $(TARGET),$(notdir $(FUZZ_TARGETS))))
	@tools/fuzz $(SECONDS) $^
endif

$(O)/fuzz/%: tests/fuzz/fuzz_%.c tests/fuzz/driver.c
	@mkdir -p $(@D)
	@$(CC) $(call flags,$<) -MM -MP -MT $@ $< $(call sources,$<) > $@.d
	$(call run,CC)$(CC) $(call flags,$<) -o $@ $< tests/fuzz/driver.c $(call sources,$<)

# libFuzzer and our own memmove do not get on: ours go by other names, and nobody calls them.
$(O)/libfuzzer/string.o: lib/string.c
	@mkdir -p $(@D)
	$(call run,CC)clang $(UNIT_CFLAGS) -fno-builtin -c -o $@ $< $(foreach f,memcpy memmove memset \
		memcmp strlen strcmp strncmp strnlen strchr,-D$(f)=own_$(f))

$(O)/libfuzzer/%: tests/fuzz/fuzz_%.c $(O)/libfuzzer/string.o | $(O)/fuzz/%
	@mkdir -p $(@D)
	@clang $(filter-out -fsanitize=%,$(call flags,$<)) -MM -MP -MT $@ $< $(call sources,$<) > $@.d
	$(call run,CC)clang $(call flags,$<) -fsanitize=fuzzer -o $@ $< \
		$(filter-out lib/string.c,$(call sources,$<)) $(O)/libfuzzer/string.o

# --- the demo's Linux ----------------------------------------------------------
linux: $(LINUX)

$(LINUX_DIR)/vmlinuz: guests/linux/fetch guests/linux/modules.txt
	$(quiet)guests/linux/fetch cloud-amd64 $(LINUX_DIR)

$(LINUX_DIR)/initrd.img: $(INITRAMFS) $(LINUX_DIR)/vmlinuz
	$(quiet)guests/linux/initramfs $(LINUX_DIR) $@

# With a program that speaks over virtio sockets.
$(LINUX_DIR)/vsock: tools/linux/vsock.c
	@mkdir -p $(@D)
	$(call run,CC)$(CC) -std=gnu11 -Os -s $(WARN) -static -o $@ $<

$(LINUX_DIR)/vsock.img: $(INITRAMFS) $(LINUX_DIR)/vmlinuz $(LINUX_DIR)/vsock
	$(quiet)guests/linux/initramfs $(LINUX_DIR) $@ $(LINUX_DIR)/vsock

# An initramfs with the campaign's program, which is linked statically.
$(LINUX_DIR)/generations: tests/linux/generations.c guests/disktest/pattern.c guests/disktest/pattern.h
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(HOST_CFLAGS) -static -o $@ $(filter %.c,$^)

$(LINUX_DIR)/generations.img: $(INITRAMFS) $(LINUX_DIR)/vmlinuz $(LINUX_DIR)/generations
	$(quiet)guests/linux/initramfs $(LINUX_DIR) $@ $(LINUX_DIR)/generations

$(LINUX_DIR)/stress.img: $(INITRAMFS) $(LINUX_DIR)/vmlinuz
	$(quiet)guests/linux/initramfs $(LINUX_DIR) $@ /usr/bin/stress-ng

kernels: $(KERNELS)

$(LINUX_DIR)/%/vmlinuz: guests/linux/fetch guests/linux/modules.txt
	$(quiet)guests/linux/fetch $* $(LINUX_DIR)/$*

$(LINUX_DIR)/%/unpacked: guests/linux/unpack $(LINUX_DIR)/%/vmlinuz
	$(quiet)guests/linux/unpack $(LINUX_DIR)/$*/vmlinuz $@

$(LINUX_DIR)/%/initrd.img: $(INITRAMFS) $(LINUX_DIR)/%/vmlinuz
	$(quiet)guests/linux/initramfs $(LINUX_DIR)/$* $@

$(LINUX_DIR)/linux%.img: guests/linux/disk
	@mkdir -p $(@D)
	$(quiet)guests/linux/disk linux$* $@

# One machine disk holds both guests' disks, one after the other.
$(LINUX_DIR)/disk.img: $(LINUX_DIR)/linux1.img $(LINUX_DIR)/linux2.img
	$(quiet)cat $^ > $@

third: $(THIRD)

$(THIRD_DIR)/memtest.bin: guests/third/fetch
	$(quiet)guests/third/fetch $(THIRD_DIR)

# Fetched with it.
$(THIRD_DIR)/gnumach: $(THIRD_DIR)/memtest.bin

$(THIRD_DIR)/vmlinux: guests/third/vmlinux $(LINUX_DIR)/vmlinuz
	@mkdir -p $(@D)
	$(quiet)guests/third/vmlinux $(LINUX_DIR)/vmlinuz $@

clean:
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
