/*
 * The words of a configuration file turned into numbers: sizes, times, names from a list, PCI ids
 * and slots. Pure, tested on the host. Each returns false and leaves the result alone if the text
 * is not one of its kind; the caller says what would have been right.
 */
#ifndef TOOLS_BH_VALUES_H
#define TOOLS_BH_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct value_word {
	const char *word;
	uint64_t value;
};

/* "4096", "256K", "16M", "2G": bytes. */
bool value_size(const char *text, uint64_t *bytes);
/* "500us", "10ms", "1s": microseconds. */
bool value_time(const char *text, uint64_t *us);
/* A decimal number up to `max`. */
bool value_number(const char *text, uint64_t max, uint64_t *number);
/* "yes", "no", "true", "false". */
bool value_flag(const char *text, bool *flag);
/* One of the words of a list that ends with a NULL word. */
bool value_word(const struct value_word *list, const char *text, uint64_t *value);
/* "word, word or word" for messages. */
void value_words(const struct value_word *list, char *buf, size_t size);
/* "1af4:1042": hexadecimal vendor and device. */
bool value_pci_id(const char *text, uint16_t *vendor, uint16_t *device);
/* "00:04.0": hexadecimal bus, device, function; bus << 8 | device << 3 | function. */
bool value_pci_slot(const char *text, uint16_t *slot);
/* A device class by its name ("nvme") or as six hexadecimal digits ("010802"). */
bool value_pci_class(const char *text, uint32_t *class_code);

extern const struct value_word value_classes[];

#endif
