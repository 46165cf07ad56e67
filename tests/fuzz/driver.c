/*
 * Runs a fuzz target a fixed number of times on inputs that are the same every time: the files of
 * tests/fuzz/corpus/TARGET, if there are any, and then mutations of these or of nothing. A target
 * is a file fuzz_NAME.c with libFuzzer's function, so that clang -fsanitize=fuzzer takes it as
 * well. Usage: build/fuzz/NAME [RUNS [SEED]]. An input that stops the program is left in crash.bin.
 * build/fuzz/NAME seed FILE only writes the target's own seed, for libFuzzer.
 */
#include <dirent.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX  (256 << 10)
#define CORPUS_MAX 64

static struct input {
	uint8_t *data;
	size_t bytes;
} corpus[CORPUS_MAX];
static size_t inputs;

static uint8_t work[INPUT_MAX];
static size_t work_bytes;
static uint64_t state;

/* Freed memory waits less long before it is used again: fresh pages take most of a run's time. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4";
}

/* xorshift64*: small, and the same everywhere. */
static uint64_t random64(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

static size_t below(size_t limit)
{
	return limit ? random64() % limit : 0;
}

static void add_input(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = f ? malloc(INPUT_MAX) : NULL;

	if (data && inputs < CORPUS_MAX)
		corpus[inputs++] = (struct input){ data, fread(data, 1, INPUT_MAX, f) };
	else
		free(data);
	if (f)
		fclose(f);
}

static int is_seed(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* In the order of their names: a directory has another order on each machine. */
static void read_corpus(const char *name)
{
	char dir[256], path[1024];
	struct dirent **e = NULL;
	int count;

	snprintf(dir, sizeof(dir), "tests/fuzz/corpus/%s", name);
	count = scandir(dir, &e, is_seed, alphasort);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, e[i]->d_name);
		add_input(path);
		free(e[i]);
	}
	free(e);
}

/* What breaks parsers: limits of integers, and one beside them. */
static uint64_t interesting(void)
{
	static const uint64_t values[] = { 0,          1,           0x7f,        0x80,
					   0xff,       0x7fff,      0x8000,      0xffff,
					   0x7fffffff, 0x80000000u, 0xffffffffu, 0x7fffffffffffffff,
					   1ull << 63, ~0ull,       4096,        512 };

	return values[below(sizeof(values) / sizeof(values[0]))] + below(3) - 1;
}

static void mutate_once(void)
{
	size_t at = below(work_bytes);
	uint64_t v = below(2) ? interesting() : random64();
	size_t bytes = 1u << below(4);

	switch (below(5)) {
	case 0:
		if (work_bytes)
			work[at] ^= 1u << below(8);
		break;
	case 1:
	case 2:
		if (work_bytes >= bytes) {
			at = below(work_bytes - bytes + 1) & ~(bytes - 1);
			memcpy(work + at, &v, bytes);
		}
		break;
	case 3: work_bytes = below(8) ? work_bytes : at; break;
	default:
		bytes = below(64);
		for (size_t i = 0; i < bytes && work_bytes < INPUT_MAX && below(4) == 0; i++)
			work[work_bytes++] = random64();
	}
}

static void mutate(void)
{
	const struct input *from = inputs ? &corpus[below(inputs)] : NULL;

	work_bytes = from ? from->bytes : below(256);
	if (from)
		memcpy(work, from->data, from->bytes);
	else
		for (size_t i = 0; i < work_bytes; i++)
			work[i] = random64();
	for (size_t n = 1 + below(8); n > 0; n--)
		mutate_once();
}

/* Each input is a heap block of its own size, so that ASan sees a read beyond it. */
static void run(const uint8_t *data, size_t bytes)
{
	uint8_t *copy = malloc(bytes ? bytes : 1);

	if (bytes)
		memcpy(copy, data, bytes);
	LLVMFuzzerTestOneInput(copy, bytes);
	free(copy);
}

/* Also called when a sanitizer has complained. */
static void leave_input(void)
{
	FILE *f = fopen("crash.bin", "wb");

	if (f) {
		fwrite(work, 1, work_bytes, f);
		fclose(f);
	}
}

static void leave_crash(int number)
{
	leave_input();
	signal(number, SIG_DFL);
	raise(number);
}

static int write_seed(const char *path)
{
	FILE *f = &fuzz_seed ? fopen(path, "wb") : NULL;

	if (f) {
		fwrite(work, 1, fuzz_seed(work, INPUT_MAX), f);
		fclose(f);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;

	if (argc > 2 && !strcmp(argv[1], "seed"))
		return write_seed(argv[2]);
	state = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 0x9e3779b97f4a7c15ull;
	signal(SIGABRT, leave_crash);
	signal(SIGSEGV, leave_crash);
	__sanitizer_set_death_callback(leave_input);
	if (&fuzz_seed)
		corpus[0].data = malloc(INPUT_MAX), inputs = 1,
		corpus[0].bytes = fuzz_seed(corpus[0].data, INPUT_MAX);
	read_corpus(name);
	for (size_t i = 0; i < inputs; i++) {
		work_bytes = corpus[i].bytes;
		memcpy(work, corpus[i].data, work_bytes);
		run(work, work_bytes);
	}
	for (unsigned long i = 0; i < runs; i++) {
		mutate();
		run(work, work_bytes);
	}
	printf("fuzz %s: %lu runs from %zu seeds, no complaint\n", name, runs, inputs);
	return 0;
}
