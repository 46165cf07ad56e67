"""What is measured: each path's target and the peers' figures for the same work (design.md section
9; KVM and Xen with mitigations off, on SVM under QEMU TCG)."""

# name: (what it is, target or None, KVM, Xen)
PATHS = {
    "cpuid": ("CPUID exit", 350, "2764", "2495"),
    "hypercall": ("hypercall", None, "2998", "2577"),
    "msr-read": ("MSR read", None, "-", "-"),
    "port-write": ("port write, answered in the hypervisor", None, "1484", "1028"),
    "first-touch": ("first touch of a page", None, "3324", "-"),
    "apic-read-xapic": ("local APIC read, page", None, "-", "-"),
    "self-ipi-xapic": ("self-IPI to EOI, xAPIC", 1500, "8738", "-"),
    "apic-read-x2apic": ("local APIC read, x2APIC", None, "-", "-"),
    "self-ipi-x2apic": ("self-IPI to EOI, x2APIC", 800, "-", "-"),
    "doorbell-port": ("doorbell by port, wakes the back end", 250, "1484", "1028"),
    "doorbell-port-again": ("doorbell by port, back end busy", 250, "1484", "1028"),
    "doorbell-memory": ("doorbell by memory, wakes the back end", 700, "-", "-"),
    "doorbell-memory-again": ("doorbell by memory, back end busy", 700, "-", "-"),
    "served-config-port": ("port served by the service domain", None, "3033", "-"),
    "served-config-memory": ("config space in memory, served", None, "5059", "4508"),
    "served-memory": ("MMIO served by the service domain", None, "5059", "4508"),
    "kick-to-wake": ("kick, back end, halted guest awake", 3000, "18862", "-"),
    "block-4k": ("read of 4 KiB, one by one", None, "-", "-"),
    "block-4k-deep": ("read of 4 KiB, 32 under way, each", None, "-", "-"),
}

# The same paths in a guest that the service domain interrupts at once (no target of their own but
# the last).
BEHIND = {
    "doorbell-port": ("doorbell by port, back end runs at once", None, "-", "-"),
    "kick-to-wake": ("kick, back end at once, guest goes on", 3000, "18862", "-"),
    "block-4k": ("read of 4 KiB, back end at once", None, "-", "-"),
    "block-4k-deep": ("the same, 32 under way, each", None, "-", "-"),
    "frame-64": ("frame of 64 bytes to another guest", None, "-", "-"),
    "frame-64-deep": ("the same, 32 under way, each", None, "-", "-"),
    "frame-1500": ("frame of 1500 bytes to another guest", None, "-", "-"),
    "frame-1500-deep": ("the same, 32 under way, each", None, "-", "-"),
}

# What is no path: (what it is, target, unit, best peer)
FACTS = {
    "boot": ("hypervisor entry to the service domain's first instruction", 20_000_000,
             "instructions", "Xen: over 2,000 M"),
    "switch": ("switch from one vCPU to another", 600, "instructions", "-"),
    "late": ("a sleeper of the highest priority runs late, at most", 3000, "instructions",
             "an exit, one handler, a switch"),
    "image": ("hypervisor image, loaded", 256 * 1024, "bytes", "Xen: 2.56 MB"),
    "memory": ("hypervisor memory with 4 domains", 4096, "KiB", "Xen: 23 MB"),
    "lines": ("hypervisor, lines of code", 14_000, "lines", "Jailhouse 11,400, Xen 296,000"),
    "service-lines": ("service domain, lines of code", 12_000, "lines", "-"),
}

# Of these a miss fails the gate; the size of the sources is only shown.
GATED_FACTS = ("boot", "switch", "late", "image", "memory")

# Instructions that may cost as much as a hundred plain ones.
HEAVY = ("VMRUN", "VMLOAD", "VMSAVE", "GIF", "MSR", "CR", "INVLPG", "XSAVE", "XRSTOR", "port",
         "device", "locked")
