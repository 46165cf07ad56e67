/*
 * Inside the compiler of configurations: what its files share. compile.c goes through the
 * file, compile_devices.c knows devices, disks and consoles, compile_values.c single values: these
 * leave the value alone when the key is not given (text NULL), and report what is wrong with it
 * otherwise.
 */
#ifndef TOOLS_BH_COMPILE_PARTS_H
#define TOOLS_BH_COMPILE_PARTS_H

#include "tools/bh/compile.h"
#include "tools/bh/values.h"
#include "tools/bh/yaml.h"

#define COMPILE_KEY 128

/* "base.name", for messages; returns key. */
const char *compile_key(char key[COMPILE_KEY], const char *base, const char *name);

bool compile_text(char *dst, size_t size, const char *text, const char *base, const char *name);
void compile_word(uint64_t *value, const struct value_word *list, const char *text,
		  const char *base, const char *name);
void compile_size(uint64_t *bytes, const char *text, const char *base, const char *name);
void compile_flag(bool *flag, const char *text, const char *base, const char *name);
void compile_number(uint32_t *number, uint64_t max, const char *text, const char *base,
		    const char *name);
/* In units of unit_us microseconds. */
void compile_time(uint32_t *ticks, unsigned unit_us, const char *text, const char *base,
		  const char *name);

/* A domain's CPUs, priority, quantum, cap, restarts; and the cyclic table, when every domain's name
   is known. */
void compile_schedule(struct config_domain *d, const struct yaml_domain *y, const char *base);
void compile_table(struct config *c, const struct yaml_schedule *y);
/* The devices of one domain. */
void compile_devices(struct config_domain *d, const struct yaml_domain *y, const char *base);
/* The networks that one domain carries; its devices are known. */
void compile_bridges(struct config_domain *d, const struct yaml_domain *y, const char *base);
/* `name` of the key that says it: "from" in an entry of a list. False: there is no such domain. */
bool compile_backend(const struct config *c, const char *from, uint16_t *backend, const char *base,
		     const char *name);
/* Network card number j of domain i. */
void compile_nic(struct config *c, struct config_served *s, const struct yaml_config *y, unsigned i,
		 unsigned j);
void compile_rates(struct config_served *s, const char *bytes, const char *requests,
		   const char *base);
/* What is served to domain i; every domain's name, devices and bridges are known. */
void compile_served(struct system_image *out, const struct yaml_config *y, unsigned i);

#endif
