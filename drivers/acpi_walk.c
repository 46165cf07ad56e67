/*
 * From the RSDP to the tables: checks signature, length and sum of each, and hands the wanted ones
 * to their parsers. A wrong table is left out with a warning; the others still count. Pure.
 */
#include "drivers/acpi.h"

#include "drivers/acpi_table.h"
#include "lib/log.h"
#include "lib/span.h"

#define RSDP_BYTES_1  20
#define RSDP_BYTES_2  36
#define RSDP_REVISION 15
#define RSDP_RSDT     16
#define RSDP_XSDT     24

#define TABLE_LENGTH 4
#define TABLE_MOST   (4u << 20) /* a longer one is broken */
#define TABLES_MOST  256

#define AML_NAME    0x08
#define AML_PACKAGE 0x12
#define AML_BYTE    0x0a
#define AML_ROOT    '\\'

static const struct {
	const char *signature;
	void (*parse)(struct acpi *a, const uint8_t *table, size_t bytes);
} wanted[] = {
	{ "APIC", acpi_parse_madt }, { "MCFG", acpi_parse_mcfg }, { "HPET", acpi_parse_hpet },
	{ "FACP", acpi_parse_fadt }, { "DSDT", acpi_parse_s5 },
};

static uint8_t sum(const uint8_t *p, size_t bytes)
{
	uint8_t s = 0;

	while (bytes--)
		s = (uint8_t)(s + *p++);
	return s;
}

/* A package element: a constant of one byte. Moves *at; false at anything else. */
static bool take_constant(const struct span *b, size_t *at, uint8_t *v)
{
	uint8_t op = (uint8_t)span_field(b, (*at)++, 1);

	if (op > 1 && op != AML_BYTE)
		return false;
	*v = op == AML_BYTE ? (uint8_t)span_field(b, (*at)++, 1) : op;
	return *at <= b->bytes;
}

/* At `at`, behind the name: PackageOp, PkgLength, element count, SLP_TYPa, SLP_TYPb. */
static bool parse_s5_package(struct acpi *a, const struct span *b, size_t at)
{
	if (span_field(b, at, 1) != AML_PACKAGE)
		return false;
	at += 2 + (span_field(b, at + 1, 1) >> 6); /* the length's lead byte says how many follow */
	at++;
	if (!take_constant(b, &at, &a->s5_a))
		return false;
	if (!take_constant(b, &at, &a->s5_b))
		a->s5_b = a->s5_a;
	return true;
}

void acpi_parse_s5(struct acpi *a, const uint8_t *aml, size_t bytes)
{
	struct span all = { aml, bytes };

	for (size_t at = 1; range_within(at, 4, bytes) && !a->has_s5; at++) {
		bool named = aml[at - 1] == AML_NAME ||
			     (at > 1 && aml[at - 1] == AML_ROOT && aml[at - 2] == AML_NAME);

		if (named && !memcmp(aml + at, "_S5_", 4))
			a->has_s5 = parse_s5_package(a, &all, at + 4);
	}
}

/* Maps and checks a table: its bytes, or NULL with a warning. */
static const uint8_t *open_table(acpi_map_fn *map, uint64_t address, size_t *bytes)
{
	const uint8_t *t = map(address, ACPI_HEADER);
	uint32_t length;

	if (!t) {
		log_warn("ACPI: a table at %#lx is out of reach: ignored", address);
		return NULL;
	}
	memcpy(&length, t + TABLE_LENGTH, 4);
	if (length < ACPI_HEADER || length > TABLE_MOST) {
		log_warn("ACPI: the table %.4s at %#lx has a length of %u: ignored", t, address,
			 length);
		return NULL;
	}
	t = map(address, length);
	if (!t || sum(t, length)) {
		log_warn("ACPI: the table at %#lx has a wrong checksum: ignored", address);
		return NULL;
	}
	*bytes = length;
	return t;
}

static void visit(struct acpi *a, acpi_map_fn *map, uint64_t address)
{
	const uint8_t *head = map(address, ACPI_HEADER), *t;
	unsigned which = 0;
	size_t bytes;

	while (head && which < ARRAY_SIZE(wanted) && memcmp(head, wanted[which].signature, 4))
		which++;
	if (which == ARRAY_SIZE(wanted))
		return;
	t = open_table(map, address, &bytes); /* says it if there is no head */
	if (t)
		wanted[which].parse(a, t, bytes);
}

bool acpi_parse(struct acpi *a, const void *rsdp, size_t bytes, acpi_map_fn *map)
{
	struct span r = { rsdp, bytes };
	size_t width =
		span_field(&r, RSDP_REVISION, 1) >= 2 && span_field(&r, RSDP_XSDT, 8) ? 8 : 4;
	struct span root;
	uint64_t address;

	if (bytes < RSDP_BYTES_1 || memcmp(rsdp, "RSD PTR ", 8) || sum(rsdp, RSDP_BYTES_1)) {
		log_warn("ACPI: the RSDP is broken: no table is used");
		return false;
	}
	if (width == 8 && (bytes < RSDP_BYTES_2 || sum(rsdp, RSDP_BYTES_2)))
		width = 4;
	address = width == 8 ? span_field(&r, RSDP_XSDT, 8) : span_field(&r, RSDP_RSDT, 4);
	root.at = open_table(map, address, &root.bytes);
	if (!root.at)
		return false;
	for (size_t at = ACPI_HEADER, n = 0; at + width <= root.bytes && n < TABLES_MOST;
	     at += width, n++)
		visit(a, map, span_field(&root, at, width));
	if (a->dsdt)
		visit(a, map, a->dsdt); /* only the FADT, which may come last, names it */
	return true;
}
