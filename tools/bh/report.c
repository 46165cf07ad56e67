/*
 * Error lines, and the search for the line of a key: the file is parsed once more with libyaml,
 * whose nodes know their lines, and the path is walked down from the root.
 */
#include "tools/bh/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

static const char *current_file;
static unsigned errors;

void report_file(const char *file)
{
	current_file = file;
}

unsigned report_errors(void)
{
	return errors;
}

void report(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bh: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void report_line(unsigned line, const char *fmt, ...)
{
	va_list ap;

	errors++;
	if (line)
		fprintf(stderr, "%s:%u: ", current_file, line);
	else
		fprintf(stderr, "%s: ", current_file);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* The value of key `name` in a mapping, and the line of the key; NULL if it is not there. */
static yaml_node_t *child(yaml_document_t *doc, yaml_node_t *node, const char *name, size_t bytes,
			  unsigned *line)
{
	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *key = yaml_document_get_node(doc, p->key);

		if (key->type == YAML_SCALAR_NODE && key->data.scalar.length == bytes &&
		    memcmp(key->data.scalar.value, name, bytes) == 0) {
			*line = key->start_mark.line + 1;
			return yaml_document_get_node(doc, p->value);
		}
	}
	return NULL;
}

static yaml_node_t *element(yaml_document_t *doc, yaml_node_t *node, unsigned long index,
			    unsigned *line)
{
	yaml_node_t *e;

	if (node->type != YAML_SEQUENCE_NODE ||
	    index >= (unsigned long)(node->data.sequence.items.top -
				     node->data.sequence.items.start))
		return NULL;
	e = yaml_document_get_node(doc, node->data.sequence.items.start[index]);
	*line = e->start_mark.line + 1;
	return e;
}

/* Walks as far as the path leads; returns the line of the last part that was found, 0 if none. */
static unsigned walk(yaml_document_t *doc, const char *path)
{
	yaml_node_t *node = yaml_document_get_root_node(doc);
	unsigned line = 0;

	while (node && *path) {
		size_t word = strcspn(path, ".[");

		if (*path == '[') {
			char *end;

			node = element(doc, node, strtoul(path + 1, &end, 10), &line);
			path = *end == ']' ? end + 1 : end;
		} else {
			node = child(doc, node, path, word, &line);
			path += word;
		}
		path += *path == '.';
	}
	return line;
}

static unsigned line_of(const char *path)
{
	FILE *f = fopen(current_file, "r");
	yaml_parser_t parser;
	yaml_document_t doc;
	unsigned line = 0;

	if (!f)
		return 0;
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_file(&parser, f);
	if (yaml_parser_load(&parser, &doc)) {
		line = walk(&doc, path);
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
	fclose(f);
	return line;
}

void report_key(const char *path, const char *fmt, ...)
{
	const char *domain_end = strncmp(path, "domains[", 8) == 0 ? strchr(path, '.') : NULL;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report_line(line_of(path), "%s: %s", domain_end ? domain_end + 1 : path, text);
}
