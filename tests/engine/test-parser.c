/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/parser.h"

#include <sys/mman.h>

#include "engine/hash-priv.h"
#include "engine/scan-priv.h"
#include "tests/lib/corpus.h"
#include "tests/lib/split.h"
#include "tests/lib/transcribe.h"

static gboolean
has_defect(const PliStructure *structure, PliDefectId id)
{
	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (defect.id == id)
			return TRUE;
	}
	return FALSE;
}

static char *
repeat(const char *text, guint n)
{
	GString *s = g_string_new(NULL);

	while (n-- > 0)
		g_string_append(s, text);
	return g_string_free(s, FALSE);
}

/* The fixtures mean the same to every kernel. */
static void
test_kernels_whole(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *octets = NULL;
		g_autoptr(GBytes) want = NULL;
		PliSlice message;

		g_assert_true(g_file_get_contents(files->pdata[i], &octets,
		                                  &message.len, NULL));
		message.data = (guint8 *)octets;
		want = pli_transcribe(&message, 1, NULL);
		for (PliScanKernel k = PLI_SCAN_KERNEL_PORTABLE;
		     k <= PLI_SCAN_KERNEL_AVX512; k++) {
			g_autoptr(GBytes) have = NULL;

			if (!pli_scan_force_kernel(k))
				continue;
			have = pli_transcribe(&message, 1, NULL);
			g_assert_true(g_bytes_equal(want, have));
		}
	}
	pli_scan_force_kernel(PLI_SCAN_KERNEL_BEST);
}

static void
test_depth_limit(void)
{
	g_autofree char *levels =
	        repeat("Content-Type: message/rfc822\r\n\r\n", 1000);
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_from_string(levels), PLI_LINE_AS_IS, NULL);

	g_assert_cmpuint(pli_structure_get_n_parts(structure), ==,
	                 pli_limits_default.depth + 1);
	g_assert_true(has_defect(structure, PLI_DEFECT_LIMIT_DEPTH));
	g_assert_cmpuint(pli_structure_get_lines(structure), ==, 2000);
}

static void
test_parts_limit(void)
{
	g_autofree char *parts = repeat("--b\r\n\r\nx\r\n", 20000);
	g_autofree char *message = g_strconcat(
	        "Content-Type: multipart/mixed; boundary=b\r\n\r\n", parts,
	        NULL);
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);
	guint32 n = pli_structure_get_n_parts(structure);
	PliPart last;

	g_assert_cmpuint(n, ==, pli_limits_default.parts + 1);
	g_assert_true(has_defect(structure, PLI_DEFECT_LIMIT_PARTS));
	pli_structure_get_part(structure, n - 1, &last);
	g_assert_true(last.flags & PLI_PART_OPAQUE);
	g_assert_cmpuint(last.body.offset + last.body.length, ==,
	                 strlen(message));
	g_assert_cmpuint(last.body_lines, ==,
	                 3 * (20000 - (pli_limits_default.parts - 1)) - 1);
}

static void
test_field_limits(void)
{
	g_autofree char *fields = repeat("X: y\r\n", 30000);
	g_autofree char *longer = g_strnfill(400 * 1024, 'x');
	g_autofree char *message = g_strconcat("To: ", longer, "\r\n", fields,
	                                       "\r\nbody\r\n", NULL);
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);
	PliField field;
	PliPart root;

	g_assert_cmpuint(pli_structure_get_n_fields(structure), ==,
	                 pli_limits_default.fields);
	g_assert_true(has_defect(structure, PLI_DEFECT_LIMIT_FIELDS));
	g_assert_true(has_defect(structure, PLI_DEFECT_LIMIT_FIELD_OCTETS));
	pli_structure_get_field(structure, 0, &field);
	g_assert_cmpuint(field.span.length, ==, 400 * 1024 + 6);
	pli_structure_get_part(structure, 0, &root);
	g_assert_cmpuint(root.body.length, ==, 6);
	g_assert_cmpuint(root.header_lines, ==, 30002);
}

static void
test_header_limit(void)
{
	PliLimits limits = pli_limits_default;
	g_autoptr(PliStructure) structure = NULL;

	limits.header_octets = 20;
	structure = pli_parser_parse(
	        pli_slice_from_string("A: b\r\nLong: field of octets\r\n"
	                              "Subject: late\r\n\r\nbody"),
	        PLI_LINE_AS_IS, &limits);
	g_assert_cmpuint(pli_structure_get_n_fields(structure), ==, 1);
	g_assert_true(has_defect(structure, PLI_DEFECT_LIMIT_HEADER_OCTETS));
	g_assert_true(pli_structure_get_flags(structure) &
	              PLI_STRUCTURE_LIMITED);
}

static void
test_defect_limit(void)
{
	g_autofree char *lines = repeat("--bx\r\n", 5000);
	g_autofree char *message = g_strconcat(
	        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n",
	        lines, "--b--\r\n", NULL);
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);

	g_assert_cmpuint(pli_structure_get_n_defects(structure), ==,
	                 pli_limits_default.defects);
	g_assert_true(has_defect(structure, PLI_DEFECT_LIMIT_DEFECTS));
}

/* Memory does not grow with the body, nor with a header line that never
 * ends. */
static void
test_memory(void)
{
	g_autofree char *body = repeat("some text of a body\r\n", 3000);
	static const char head[] = "Subject: x\r\n\r\n";

	for (guint in_header = 0; in_header < 2; in_header++) {
		g_autoptr(PliParser) parser =
			pli_parser_new(PLI_LINE_AS_IS, NULL);
		gsize len = strlen(body);

		if (in_header)
			memset(body, 'x', len);
		else
			pli_parser_scan(parser, pli_slice_from_string(head));
		for (guint i = 0; i < 200; i++)
			pli_parser_scan(parser, pli_slice_new(body, len));
		g_assert_cmpuint(pli_parser_get_memory(parser), <,
		                 in_header ? 1024 * 1024 : 32 * 1024);
		g_assert_cmpuint(pli_parser_get_scanned(parser), ==,
		                 200 * len + (in_header ? 0 : strlen(head)));
	}
}

/* A snapshot at any octet opens, is flagged, and changes nothing. */
static void
test_snapshot(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *octets = NULL;
		g_autoptr(PliParser) parser =
			pli_parser_new(PLI_LINE_AS_IS, NULL);
		g_autoptr(PliStructure) end = NULL, whole = NULL;
		PliParserEvent event;
		gsize len;

		g_assert_true(g_file_get_contents(files->pdata[i], &octets,
		                                  &len, NULL));
		for (gsize at = 0; at < len; at++) {
			g_autoptr(PliStructure) now =
				pli_parser_snapshot(parser);
			g_autoptr(PliStructure) opened = pli_structure_open(
			        pli_structure_get_bytes(now), NULL);

			g_assert_nonnull(opened);
			g_assert_true(pli_structure_get_flags(now) &
			              PLI_STRUCTURE_INCOMPLETE);
			g_assert_cmpuint(pli_structure_get_length(now), ==, at);
			pli_parser_scan(parser, pli_slice_new(octets + at, 1));
		}
		pli_parser_finish(parser, PLI_FINISH_COMPLETE);
		while (pli_parser_next(parser, &event) == PLI_STEP_READY)
			;
		end = pli_parser_steal_structure(parser);
		whole = pli_parser_parse(pli_slice_new(octets, len),
		                         PLI_LINE_AS_IS, NULL);
		g_assert_true(g_bytes_equal(pli_structure_get_bytes(end),
		                            pli_structure_get_bytes(whole)));
	}
}

/* A multipart with much text before, in and after its one part. */
static char *
make_long_message(void)
{
	g_autofree char *text = repeat("some text of a part\r\n", 1000);

	return g_strconcat("Content-Type: multipart/mixed; boundary=b\r\n\r\n",
	                   text, "--b\r\n\r\n", text, "--b--\r\n", text,
	                   NULL);
}

/* The hash of each leaf, one that is still open too, is that of the octets
 * that the structure gives it. */
static void
check_hashes(const PliStructure *structure, const char *octets)
{
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.kind != PLI_PART_LEAF)
			continue;
		g_assert_cmphex(part.body_hash, ==,
		                pli_hash_octets(pli_slice_new(
		                        octets + part.body.offset,
		                        part.body.length)));
	}
}

/* Looks at the parser before each event and after the last. */
static void
scan_and_look(PliParser *parser, PliSlice octets, const char *message)
{
	PliParserEvent event;

	pli_parser_feed(parser, octets);
	do {
		g_autoptr(PliStructure) now = pli_parser_snapshot(parser);

		check_hashes(now, message);
	} while (pli_parser_next(parser, &event) == PLI_STEP_READY);
}

/* The hash of a body goes on after a snapshot as if there had been none: the
 * copy's is a hash of its own. */
static void
test_snapshot_hashes(void)
{
	g_autofree char *message = make_long_message();
	gsize len = strlen(message), step = len / 61;
	g_autoptr(PliStructure) whole = pli_parser_parse(
	        pli_slice_new(message, len), PLI_LINE_AS_IS, NULL);

	check_hashes(whole, message);
	for (gsize cut = 1; cut < len; cut += step) {
		g_autoptr(PliParser) parser =
		        pli_parser_new(PLI_LINE_AS_IS, NULL);
		g_autoptr(PliStructure) end = NULL;
		PliSlice rest = pli_slice_new(message + cut, len - cut);
		PliParserEvent event;

		scan_and_look(parser, pli_slice_new(message, cut), message);
		scan_and_look(parser, rest, message);
		pli_parser_finish(parser, PLI_FINISH_COMPLETE);
		while (pli_parser_next(parser, &event) == PLI_STEP_READY)
			;
		end = pli_parser_steal_structure(parser);
		g_assert_true(g_bytes_equal(pli_structure_get_bytes(end),
		                            pli_structure_get_bytes(whole)));
	}
}

static void
test_abort(void)
{
	static const char start[] = "Content-Type: multipart/mixed; "
				    "boundary=b\r\n\r\n--b\r\n\r\nhal";
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) structure = NULL;
	PliParserEvent event;

	pli_parser_scan(parser, pli_slice_from_string(start));
	pli_parser_finish(parser, PLI_FINISH_ABORTED);
	while (pli_parser_next(parser, &event) == PLI_STEP_READY)
		;
	structure = pli_parser_steal_structure(parser);
	g_assert_true(pli_structure_get_flags(structure) &
	              PLI_STRUCTURE_INCOMPLETE);
	g_assert_true(has_defect(structure, PLI_DEFECT_TRUNCATED_MESSAGE));
}

/* One parser for many messages. */
static void
test_reset(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *octets = NULL;
		g_autoptr(PliStructure) again = NULL, fresh = NULL;
		PliParserEvent event;
		gsize len;

		g_assert_true(g_file_get_contents(files->pdata[i], &octets,
		                                  &len, NULL));
		pli_parser_scan(parser, pli_slice_new(octets, len));
		pli_parser_finish(parser, PLI_FINISH_COMPLETE);
		while (pli_parser_next(parser, &event) == PLI_STEP_READY)
			;
		again = pli_parser_steal_structure(parser);
		fresh = pli_parser_parse(pli_slice_new(octets, len),
		                         PLI_LINE_AS_IS, NULL);
		g_assert_true(g_bytes_equal(pli_structure_get_bytes(again),
		                            pli_structure_get_bytes(fresh)));
		pli_parser_reset(parser);
	}
}

/* A field of 5 GiB in one slice, and one after it: more than 32 bits count. The
 * octets are NULs that no memory stands for. */
static void
test_long_field(void)
{
	static const char start[] = "a: b\r\nc: ", end[] = "\r\nd: e\r\n\r\nf";
	const gsize len = G_GUINT64_CONSTANT(5) << 30;
	const gsize n_start = strlen(start), n_end = strlen(end);
	guint8 *octets = mmap(NULL, len, PROT_READ | PROT_WRITE,
	                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
	                      0);
	g_autoptr(PliStructure) structure = NULL;
	PliPart part;

	g_assert_true(octets != MAP_FAILED);
	memcpy(octets, start, n_start);
	memcpy(octets + len - n_end, end, n_end);
	structure = pli_parser_parse(pli_slice_new(octets, len), PLI_LINE_AS_IS,
	                             NULL);
	munmap(octets, len);
	pli_structure_get_part(structure, 0, &part);
	g_assert_cmpuint(part.header.length, ==, len - 1);
	g_assert_cmpuint(part.header_lines, ==, 4);
	g_assert_cmpuint(part.body.length, ==, 1);
	g_assert_true(has_defect(structure, PLI_DEFECT_LIMIT_HEADER_OCTETS));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/parser/kernels-whole", test_kernels_whole);
	g_test_add_func("/engine/parser/depth-limit", test_depth_limit);
	g_test_add_func("/engine/parser/parts-limit", test_parts_limit);
	g_test_add_func("/engine/parser/field-limits", test_field_limits);
	g_test_add_func("/engine/parser/header-limit", test_header_limit);
	g_test_add_func("/engine/parser/defect-limit", test_defect_limit);
	g_test_add_func("/engine/parser/memory", test_memory);
	g_test_add_func("/engine/parser/snapshot", test_snapshot);
	g_test_add_func("/engine/parser/snapshot-hashes", test_snapshot_hashes);
	g_test_add_func("/engine/parser/abort", test_abort);
	g_test_add_func("/engine/parser/reset", test_reset);
	g_test_add_func("/engine/parser/long-field", test_long_field);
	return g_test_run();
}
