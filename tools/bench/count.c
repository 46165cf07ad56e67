/*
 * A QEMU plugin that counts what lies between two marks of a guest (guests/bench/mark.h):
 * instructions, those of the hypervisor among them, and the hypervisor's heavy ones by kind. One
 * line an interval, and one for the way from the hypervisor's entry to its first VMRUN. Arguments:
 * entry=, text= and end= (addresses in the hypervisor's image). The declarations are those of
 * QEMU's plugin API, version 1, as its documentation has them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guests/bench/mark.h"
#include "lib/bits.h"

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
typedef void vcpu_fn(unsigned vcpu, void *arg);
typedef void memory_fn(unsigned vcpu, uint32_t info, uint64_t address, void *arg);
typedef void translate_fn(uint64_t id, struct qemu_plugin_tb *tb);

enum { NO_REGISTERS, INLINE_ADD = 0, MEMORY_BOTH = 3 };

void qemu_plugin_outs(const char *text);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translate_fn *fn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *i, vcpu_fn *fn, int flags,
					    void *arg);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *i, int op, void *counter,
						uint64_t n);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *i, memory_fn *fn, int flags, int rw,
				      void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *i);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *i);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *at);

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);
extern int qemu_plugin_version;

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

enum kind {
	PLAIN,
	VMRUN,
	VMLOAD,
	VMSAVE,
	GIF,
	MSR,
	CR,
	INVLPG,
	XSAVE,
	XRSTOR,
	PORT,
	LOCKED,
	KINDS
};

static const char *const names[KINDS] = { "plain", "VMRUN",  "VMLOAD", "VMSAVE", "GIF",  "MSR",
					  "CR",    "INVLPG", "XSAVE",  "XRSTOR", "port", "locked" };

static struct {
	uint64_t all, hypervisor, device, kind[KINDS];
} now, begun;

static uint64_t entry, text, text_end;
static bool in_boot;

static void print_interval(const char *what)
{
	char line[512];
	size_t n = snprintf(line, sizeof(line), "%s %" PRIu64 " hypervisor %" PRIu64, what,
			    now.all - begun.all, now.hypervisor - begun.hypervisor);

	for (unsigned k = VMRUN; k < KINDS; k++)
		if (now.kind[k] != begun.kind[k])
			n += snprintf(line + n, sizeof(line) - n, " %s %" PRIu64, names[k],
				      now.kind[k] - begun.kind[k]);
	if (now.device != begun.device)
		n += snprintf(line + n, sizeof(line) - n, " device %" PRIu64,
			      now.device - begun.device);
	snprintf(line + n, sizeof(line) - n, "\n");
	qemu_plugin_outs(line);
}

static void on_begin(unsigned vcpu, void *arg)
{
	begun = now;
}

static void on_end(unsigned vcpu, void *arg)
{
	print_interval("interval");
}

static void on_path(unsigned vcpu, void *arg)
{
	qemu_plugin_outs("path\n");
}

/* The firmware and GRUB may use the entry's address, too: the last time before VMRUN counts. */
static void on_entry(unsigned vcpu, void *arg)
{
	in_boot = true;
	begun = now;
}

static void on_vmrun(unsigned vcpu, void *arg)
{
	if (in_boot)
		print_interval("boot");
	in_boot = false;
}

static void on_memory(unsigned vcpu, uint32_t info, uint64_t address, void *arg)
{
	struct qemu_plugin_hwaddr *at = qemu_plugin_get_hwaddr(info, address);

	if (at && qemu_plugin_hwaddr_is_io(at))
		now.device++;
}

/* 0F 01: with a register form the second byte names the instruction (APM 3 A.2). */
static enum kind kind_0f01(uint8_t modrm)
{
	switch (modrm) {
	case 0xd1: return CR; /* XSETBV */
	case 0xd8: return VMRUN;
	case 0xda: return VMLOAD;
	case 0xdb: return VMSAVE;
	case 0xdc:
	case 0xdd: return GIF;
	case 0xdf: return INVLPG; /* INVLPGA */
	default: return modrm < 0xc0 && (modrm >> 3 & 7) == 7 ? INVLPG : PLAIN;
	}
}

static enum kind kind_0f(const uint8_t *b)
{
	switch (b[0]) {
	case 0x01: return kind_0f01(b[1]);
	case 0x20:
	case 0x22: return CR;
	case 0x30:
	case 0x32: return MSR;
	case 0xae:
		if (b[1] >= 0xc0 || (b[1] >> 3 & 7) == 2 || (b[1] >> 3 & 7) == 3)
			return PLAIN;
		return b[1] >> 3 & 1 ? XRSTOR : b[1] >> 3 == 7 ? PLAIN : XSAVE;
	default: return PLAIN;
	}
}

static enum kind kind_of(const uint8_t *b, size_t bytes)
{
	const uint8_t *end = b + bytes;
	bool lock = false;

	for (; b < end &&
	       (*b == 0x66 || *b == 0xf0 || *b == 0xf2 || *b == 0xf3 || (*b & 0xf0) == 0x40);
	     b++)
		lock |= *b == 0xf0;
	if (lock)
		return LOCKED;
	if (end - b >= 2 && b[0] == 0x0f)
		return kind_0f(b + 1);
	if (end - b >= 2 && (b[0] == 0x86 || b[0] == 0x87) && b[1] < 0xc0)
		return LOCKED; /* XCHG with memory */
	if (end > b && ((b[0] >= 0xe4 && b[0] <= 0xe7) || (b[0] >= 0xec && b[0] <= 0xef) ||
			(b[0] >= 0x6c && b[0] <= 0x6f)))
		return PORT;
	return PLAIN;
}

static void watch_hypervisor(struct qemu_plugin_insn *i)
{
	enum kind kind = kind_of(qemu_plugin_insn_data(i), qemu_plugin_insn_size(i));

	qemu_plugin_register_vcpu_insn_exec_inline(i, INLINE_ADD, &now.hypervisor, 1);
	qemu_plugin_register_vcpu_mem_cb(i, on_memory, NO_REGISTERS, MEMORY_BOTH, NULL);
	if (kind != PLAIN)
		qemu_plugin_register_vcpu_insn_exec_inline(i, INLINE_ADD, &now.kind[kind], 1);
	if (kind == VMRUN)
		qemu_plugin_register_vcpu_insn_exec_cb(i, on_vmrun, NO_REGISTERS, NULL);
}

static void watch_mark(struct qemu_plugin_insn *i)
{
	static vcpu_fn *const marks[] = { on_begin, on_end, on_path };
	const uint8_t *b = qemu_plugin_insn_data(i);
	uint32_t word;

	if (qemu_plugin_insn_size(i) != 7 || memcmp(b, "\x0f\x1f\x80", 3) != 0)
		return;
	memcpy(&word, b + 3, sizeof(word));
	if (word - MARK_BEGIN < ARRAY_SIZE(marks))
		qemu_plugin_register_vcpu_insn_exec_cb(i, marks[word - MARK_BEGIN], NO_REGISTERS,
						       NULL);
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	for (size_t n = 0; n < qemu_plugin_tb_n_insns(tb); n++) {
		struct qemu_plugin_insn *i = qemu_plugin_tb_get_insn(tb, n);
		uint64_t at = qemu_plugin_insn_vaddr(i);

		qemu_plugin_register_vcpu_insn_exec_inline(i, INLINE_ADD, &now.all, 1);
		if (at == entry)
			qemu_plugin_register_vcpu_insn_exec_cb(i, on_entry, NO_REGISTERS, NULL);
		if (at >= text && at < text_end)
			watch_hypervisor(i);
		else
			watch_mark(i);
	}
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "entry=", 6) == 0)
			entry = strtoull(argv[i] + 6, NULL, 0);
		else if (strncmp(argv[i], "text=", 5) == 0)
			text = strtoull(argv[i] + 5, NULL, 0);
		else if (strncmp(argv[i], "end=", 4) == 0)
			text_end = strtoull(argv[i] + 4, NULL, 0);
		else
			return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
