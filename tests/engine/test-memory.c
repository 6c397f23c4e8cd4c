/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a scan adds to the resident memory of a process: less than 1 MB for a
 * message of any size with up to 100 parts and 1,000 fields, less than 16 MB
 * for any message. Each is streamed, in a process of its own, and its peak is
 * the kernel's word.
 */
#include "engine/parser.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK ((gsize)64 * 1024)
#define SMALL_KIB 1024
#define LARGE_KIB (16 * 1024)
#ifdef PLI_SANITIZED
#define BIG ((guint64)16 << 20)
#else
#define BIG ((guint64)1 << 30)
#endif

typedef struct {
	PliParser *parser;
	guint64 fed;
} Sink;

typedef struct {
	const char *name;
	void (*give)(Sink *sink);
	guint64 max_kib;
	guint32 n_parts, n_fields; /* at least so many are in the structure */
} MemoryCase;

static void
drain(Sink *sink)
{
	PliParserEvent event;

	while (pli_parser_next(sink->parser, &event) == PLI_STEP_READY)
		;
}

static void
give(Sink *sink, const void *data, gsize len)
{
	pli_parser_feed(sink->parser, pli_slice_new(data, len));
	drain(sink);
	sink->fed += len;
}

static void
give_text(Sink *sink, const char *text)
{
	give(sink, text, strlen(text));
}

/* `line` again and again, to `octets` or a little more. */
static void
give_lines(Sink *sink, const char *line, guint64 octets)
{
	static char block[2 * BLOCK];
	const gsize len = strlen(line);
	gsize n = 0;

	while (n < BLOCK) {
		memcpy(block + n, line, len);
		n += len;
	}
	for (guint64 i = 0; i < octets; i += n)
		give(sink, block, n);
}

static void
give_body(Sink *sink)
{
	give_text(sink, "Subject: big\r\n"
	                "Content-Transfer-Encoding: base64\r\n\r\n");
	give_lines(sink, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZn\r\n",
	           BIG);
}

static void
give_one_line(Sink *sink)
{
	give_text(sink, "Subject: long\r\n\r\n");
	give_lines(sink, "no end of it ", BIG);
}

static void
give_parts_and_fields(Sink *sink)
{
	give_text(sink, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (guint i = 0; i < 99; i++) {
		g_autoptr(GString) header = g_string_new("--b\r\n");

		g_string_append_printf(
		        header,
		        "Content-Type: application/octet-stream; "
		        "name=f%u.bin\r\n"
		        "Content-Disposition: attachment; filename=f%u.bin\r\n"
		        "Content-ID: <%u@example.org>\r\n",
		        i, i, i);
		for (guint k = 0; k < 7; k++)
			g_string_append_printf(header,
			                       "X-Note-%u: what is of no "
			                       "concern to anybody\r\n",
			                       k);
		g_string_append(header, "\r\n");
		give(sink, header->str, header->len);
		give_lines(sink, "a line of this part's body, and no more\r\n",
		           BIG / 100);
		give_text(sink, "\r\n");
	}
	give_text(sink, "--b--\r\n");
}

static void
give_one_field(Sink *sink)
{
	give_text(sink, "Subject: x");
	give_lines(sink, " word\r\n", BIG / 4);
	give_text(sink, "\r\nbody\r\n");
}

/* Every table full, or a little less: `n` parts with two fields, items and
 * strings, a defect each. */
static void
give_full_parts(Sink *sink, guint n)
{
	give_text(sink, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (guint i = 0; i < n; i++) {
		g_autofree char *part = g_strdup_printf(
		        "--b\r\nContent-Type: text/plain; charset=utf-8; "
		        "name=\"%060u\"; name=again; format=flowed\r\n"
		        "Content-Disposition: attachment; a=1; b=2; "
		        "filename=\"%060u\"\r\n\r\nbody\r\n",
		        i, i);

		give_text(sink, part);
	}
	give_text(sink, "--b--\r\n");
}

static void
give_within(Sink *sink)
{
	give_full_parts(sink, 9900);
}

static void
give_beyond(Sink *sink)
{
	give_full_parts(sink, 200000);
}

static void
give_fields(Sink *sink)
{
	for (guint i = 0; i < 19990; i++) {
		g_autofree char *field = g_strdup_printf(
		        "%s-%u: %0180u\r\n", i % 2 ? "Subject" : "X-Note", i,
		        i);

		give_text(sink, field);
	}
	give_text(sink, "\r\nbody\r\n");
}

static void
give_messages(Sink *sink)
{
	give_text(sink, "Content-Type: multipart/digest; boundary=b\r\n\r\n");
	for (guint i = 0; i < 3000; i++) {
		g_autofree char *part = g_strdup_printf(
		        "--b\r\n\r\nFrom: a%u@example.org\r\nTo: %0200u@x\r\n"
		        "Subject: %0200u\r\nMessage-ID: <%0100u@x>\r\n"
		        "References: <%0300u@x>\r\n\r\nbody\r\n",
		        i, i, i, i, i);

		give_text(sink, part);
	}
	give_text(sink, "--b--\r\n");
}

static const MemoryCase cases[] = {
        {"body", give_body, SMALL_KIB, 1, 2},
        {"one-line", give_one_line, SMALL_KIB, 1, 1},
        {"100-parts-1000-fields", give_parts_and_fields, SMALL_KIB, 100, 991},
        {"one-field", give_one_field, LARGE_KIB, 1, 0},
        {"within-limits", give_within, LARGE_KIB, 9901, 19801},
        {"beyond-limits", give_beyond, LARGE_KIB, 10000, 19990},
        {"fields", give_fields, LARGE_KIB, 1, 19990},
        {"messages", give_messages, LARGE_KIB, 6001, 15000},
};

/* A line of /proc/self/status in KiB; 0 where there is none. */
static guint64
read_status(const char *key)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	guint64 kib = 0;

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (g_str_has_prefix(line, key))
			kib = g_ascii_strtoull(line + strlen(key), NULL, 10);
	if (f != NULL)
		fclose(f);
	return kib;
}

static PliStructure *
scan(const MemoryCase *test, gsize *ret_memory)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	Sink sink = {parser, 0};

	test->give(&sink);
	pli_parser_finish(parser, PLI_FINISH_COMPLETE);
	drain(&sink);
	g_assert_cmpuint(pli_parser_get_scanned(parser), ==, sink.fed);
	*ret_memory = pli_parser_get_memory(parser);
	return pli_parser_steal_structure(parser);
}

static void
give_little(Sink *sink)
{
	give_text(sink, "a: b\r\n\r\n");
	give_lines(sink, "warm\r\n", 1);
}

/* In the child: 0 when all is as it should be. */
static int
run_child(const MemoryCase *test)
{
	static const MemoryCase little = {.give = give_little};
	PliStructure *structure;
	guint64 before, grown;
	gsize memory;

	pli_structure_unref(scan(&little, &memory));
	(void)read_status("VmHWM:");
	before = read_status("VmRSS:");
	structure = scan(test, &memory);
	grown = read_status("VmHWM:") - before;
	fprintf(stderr,
	        "# %s: %" G_GUINT64_FORMAT " octets, %u parts, %u fields: %"
	        G_GUINT64_FORMAT " KiB resident, parser %" G_GSIZE_FORMAT
	        " KiB\n",
	        test->name, pli_structure_get_length(structure),
	        pli_structure_get_n_parts(structure),
	        pli_structure_get_n_fields(structure), grown, memory / 1024);
	if (pli_structure_get_n_parts(structure) < test->n_parts ||
	    pli_structure_get_n_fields(structure) < test->n_fields)
		return 2;
	if (memory / 1024 >= test->max_kib)
		return 3;
#ifndef PLI_SANITIZED /* whose allocator keeps what is freed */
	if (grown >= test->max_kib)
		return 4;
#endif
	return 0;
}

static void
test_memory(gconstpointer data)
{
	int status;
	pid_t child;

	if (read_status("VmHWM:") == 0) {
		g_test_skip("there is no /proc/self/status");
		return;
	}
	fflush(NULL);
	child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0)
		_exit(run_child(data));
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path =
		        g_strconcat("/engine/memory/", cases[i].name, NULL);

		g_test_add_data_func(path, &cases[i], test_memory);
	}
	return g_test_run();
}
