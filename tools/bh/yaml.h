/*
 * A configuration file as it was written: one struct a mapping, one member a key, text still
 * text. libcyaml fills it from the schema in yaml.c, which refuses unknown keys; compile.c gives
 * the text its meaning. docs/config.md explains every key.
 */
#ifndef TOOLS_BH_YAML_H
#define TOOLS_BH_YAML_H

struct yaml_device {
	char *name, *class, *id, *slot, *optional;
};

struct yaml_disk {
	char *from, *device, *unit, *module, *fallback, *offset, *size, *serial, *readonly;
	char *rate_bytes, *rate_requests;
};

struct yaml_nic {
	char *from, *bridge, *mac, *rate_bytes, *rate_requests;
};

struct yaml_bridge {
	char *name, *device;
};

struct yaml_console {
	char *from;
};

struct yaml_domain {
	char *name, *type, *entry, *platform, *legacy_from, *image, *kernel, *initrd, *module,
		*cmdline;
	char *memory, *dma_pool, *kept, *stage;
	char *vcpus, *cpu, *priority, *quantum, *cap, *dedicated;
	char *restart, *restart_limit, *restart_delay, *stop_timeout, *watchdog, *strict;
	char **cpus;
	unsigned cpus_count;
	char **rights;
	unsigned rights_count;
	struct yaml_device *devices;
	unsigned devices_count;
	struct yaml_disk *disks;
	unsigned disks_count;
	struct yaml_console *consoles;
	unsigned consoles_count;
	struct yaml_nic *nics;
	unsigned nics_count;
	struct yaml_bridge *bridges;
	unsigned bridges_count;
	char *rng_from, *vsock_from, *vsock_cid, *vsock_shell, *watchdog_from;
};

struct yaml_slot {
	char *cpu, *domain, *vcpu, *start, *length;
};

struct yaml_schedule {
	char *frame;
	struct yaml_slot *slots;
	unsigned slots_count;
};

struct yaml_hypervisor {
	char *log, *cmdline;
};

/* What `bh run` gives the emulated machine unless its options say otherwise. */
struct yaml_emulator {
	char *memory, *cpus, *disk, *net;
};

struct yaml_config {
	char *name;
	struct yaml_hypervisor *hypervisor;
	struct yaml_emulator *emulator;
	struct yaml_schedule *schedule;
	struct yaml_domain *domains;
	unsigned domains_count;
};

/* Reads FILE; on an error reports it and returns NULL. The result lives until the program ends. */
struct yaml_config *yaml_load(const char *file);

#endif
