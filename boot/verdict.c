/*
 * The log's first lines: what this machine is, which backend runs on it, which features are
 * used, which optional ones are missing. A required one that is missing is named with what to do.
 */
#include "boot/boot.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/svm/svm.h"
#include "arch/x86/vmx/vmx.h"
#include "lib/format.h"
#include "lib/string.h"

#define LINE 320

/* One line for each backend in this build. */
static const struct {
	enum cpu_feature extension;
	const struct backend *backend;
} backends[] = {
	{ CPU_SVM, &svm_backend },
	{ CPU_VMX, &vmx_backend },
};

static const struct {
	enum cpu_feature feature;
	const char *advice;
} required[] = {
	{ CPU_NX, "enable \"Execute Disable\" or \"NX\" in the firmware's setup" },
	{ CPU_PAT, "this processor is too old" },
};

static const enum cpu_feature optional[] = {
	CPU_PAGE_1G, CPU_X2APIC, CPU_TSC_DEADLINE, CPU_INVARIANT_TSC, CPU_XSAVE,
	CPU_SMEP,    CPU_SMAP,   CPU_UMIP,         CPU_RDTSCP,        CPU_FSGSBASE,
	CPU_SSE42,   CPU_RDRAND, CPU_SPEC_CTRL,
};

void verdict_stop(void)
{
	log_error("no guest was started; the machine can be reset or switched off");
	for (;;) {
		insn_cli();
		insn_hlt();
	}
}

static void log_optional(bool present, const char *title)
{
	char line[LINE] = "";
	size_t n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(optional); i++)
		if (cpu_has(optional[i]) == present)
			n += format(line + n, sizeof(line) - n, "%s%s", n ? ", " : "",
				    cpu_feature_name(optional[i]));
	log_info("%s: %s", title, n ? line : "none");
}

static const struct backend *find_backend(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(backends); i++)
		if (cpu_has(backends[i].extension))
			return backends[i].backend;
	return NULL;
}

static bool check_required(void)
{
	bool ok = true;

	for (unsigned i = 0; i < ARRAY_SIZE(required); i++) {
		if (cpu_has(required[i].feature))
			continue;
		log_error("this machine lacks %s, which Bulkhead needs: %s",
			  cpu_feature_name(required[i].feature), required[i].advice);
		ok = false;
	}
	return ok;
}

/* Why no backend fits, and the way out. */
static void explain_no_backend(void)
{
	bool intel = !strcmp(cpu_vendor(), "GenuineIntel");

	log_error("this processor shows neither AMD-V (SVM) nor Intel VT-x (VMX): enable %s in the "
		  "firmware's setup; in QEMU use -cpu max or -cpu qemu64,+svm,+npt",
		  intel ? "\"Intel Virtualization Technology\"" : "\"SVM Mode\"");
}

static void want(const char *word, size_t bytes, bool use)
{
	const char *end = word + bytes;
	size_t n;

	for (; word < end; word += n + 1) {
		for (n = 0; word + n < end && word[n] != ',';)
			n++;
		if (!backend->want(word, n, use))
			log_warn("command line: with%s=%.*s: %s has no such feature",
				 use ? "" : "out", (int)n, word, backend->name);
	}
}

void verdict_wishes(const struct options *o)
{
	want(o->without, o->without_bytes, false);
	want(o->with, o->with_bytes, true);
}

const struct backend *verdict_on_hardware(void)
{
	const struct backend *b = find_backend();

	log_info("CPU: %s, %s%s", cpu_vendor(), cpu_brand(),
		 cpu_has(CPU_HYPERVISOR) ? ", itself a virtual machine" : "");
	if (b)
		log_info("backend: %s", b->name);
	log_optional(true, "features in use");
	log_optional(false, "missing, optional");
	if (!b)
		explain_no_backend();
	if (!check_required() || !b)
		verdict_stop();
	return b;
}
