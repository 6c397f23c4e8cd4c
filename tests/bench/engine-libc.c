/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Yardsticks: how fast the memory can be read, and copied; and iconv. */
#include "bench.h"

#include <glib.h>
#include <iconv.h>
#include <string.h>

static uint64_t
run_memchr(const BenchInput *input, bool count)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < input->n_messages; i++) {
		const unsigned char *p = input->messages[i].data;
		const unsigned char *end = p + input->messages[i].len;

		while (p < end && (p = memchr(p, '\n', end - p)) != NULL) {
			p++;
			lines++;
		}
	}
	return lines;
}

static uint64_t
run_memcpy(const BenchInput *input, bool count)
{
	static unsigned char *copy;
	static size_t room;
	uint64_t found = 0;

	if (room < input->longest) {
		g_free(copy);
		room = input->longest;
		copy = g_malloc(room);
	}
	for (size_t i = 0; i < input->n_messages; i++) {
		memcpy(copy, input->messages[i].data, input->messages[i].len);
		/* without this the copy might be left out */
		__asm__ volatile("" : : "r"(copy) : "memory");
		found += input->messages[i].len;
	}
	return found;
}

static uint64_t
to_utf8(const BenchInput *input, const char *charset)
{
	iconv_t cd = iconv_open("UTF-8", charset);
	size_t room = input->longest * 3 + 16;
	g_autofree char *out = g_malloc(room);
	uint64_t found = 0;

	if (cd == (iconv_t)-1)
		g_error("iconv does not know %s", charset);
	for (size_t i = 0; i < input->n_messages; i++) {
		char *from = (char *)input->messages[i].data;
		size_t from_left = input->messages[i].len;
		char *to = out;
		size_t to_left = room;

		(void)iconv(cd, NULL, NULL, NULL, NULL);
		if (iconv(cd, &from, &from_left, &to, &to_left) == (size_t)-1)
			g_error("iconv stopped in %s text", charset);
		found += to - out;
	}
	iconv_close(cd);
	return found;
}

static uint64_t
run_utf8(const BenchInput *input, bool count)
{
	return to_utf8(input, "UTF-8");
}

static uint64_t
run_windows_1252(const BenchInput *input, bool count)
{
	return to_utf8(input, "WINDOWS-1252");
}

const BenchEngine bench_engines_libc[] = {
        {"memchr", NULL, BENCH_STRUCTURE, run_memchr},
        {"memcpy", NULL, BENCH_STRUCTURE, run_memcpy},
        {"memcpy", NULL, BENCH_BASE64_DECODE, run_memcpy},
        {"memcpy", NULL, BENCH_QP_DECODE, run_memcpy},
        {"memcpy", NULL, BENCH_BASE64_ENCODE, run_memcpy},
        {"memcpy", NULL, BENCH_QP_ENCODE, run_memcpy},
        {"iconv", NULL, BENCH_UTF8, run_utf8},
        {"memcpy", NULL, BENCH_UTF8, run_memcpy},
        {"iconv", NULL, BENCH_WINDOWS_1252, run_windows_1252},
        {"memcpy", NULL, BENCH_WINDOWS_1252, run_memcpy},
        {NULL, NULL, 0, NULL},
};
