/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/parser.h"

#include "engine/derive.h"
#include "engine/structure-priv.h"
#include "tests/lib/corpus.h"

#define ENCODED                                                                \
	"Content-Type: message/rfc822\r\n"                                     \
	"Content-Transfer-Encoding: base64\r\n\r\n"

/* A message with `inside` in it, in base64, put in `inside`'s place. */
static void
wrap(GString *inside)
{
	g_autofree char *text =
	        g_base64_encode((guint8 *)inside->str, inside->len);
	gsize len = strlen(text);

	g_string_assign(inside, ENCODED);
	for (gsize i = 0; i < len; i += 76) {
		g_string_append_len(inside, text + i, MIN(76, len - i));
		g_string_append(inside, "\r\n");
	}
}

static PliSlice
get_slice(const GString *text)
{
	return pli_slice_new(text->str, text->len);
}

static guint
count_defects(const PliStructure *structure, PliDefectId id)
{
	guint n = 0;

	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		n += defect.id == id;
	}
	return n;
}

static PliStructure *
finish(PliParser *parser, PliFinish how)
{
	PliParserEvent event;

	pli_parser_finish(parser, how);
	while (pli_parser_next(parser, &event) == PLI_STEP_READY)
		;
	return pli_parser_steal_structure(parser);
}

/* Decoded octets are counted apart, once a level. */
static void
test_counted(void)
{
	g_autoptr(GString) message = g_string_new("Subject: x\r\n\r\nbody\r\n");
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) structure = NULL;
	guint64 decoded = 0;

	for (guint i = 0; i < 3; i++)
		wrap(message);
	pli_parser_scan(parser, get_slice(message));
	structure = finish(parser, PLI_FINISH_COMPLETE);
	g_assert_cmpuint(pli_structure_get_n_sources(structure), ==, 3);
	for (guint32 i = 1; i <= 3; i++)
		decoded += pli_structure_get_source_length(structure, i);
	g_assert_cmpuint(pli_structure_get_source_length(structure, 3), ==, 20);
	g_assert_cmpuint(pli_parser_get_scanned(parser), ==, message->len);
	g_assert_cmpuint(pli_parser_get_decoded(parser), ==, decoded);
}

/* limits.depth counts through all sources. */
static void
test_depth(void)
{
	PliLimits limits = pli_limits_default;

	for (guint depth = 0; depth < 12; depth++) {
		g_autoptr(GString) message = g_string_new("\r\nbody\r\n");
		g_autoptr(PliStructure) structure = NULL;
		guint deepest = 0;

		for (guint i = 0; i < 8; i++)
			wrap(message);
		limits.depth = depth;
		limits.encodings = 100;
		structure = pli_parser_parse(get_slice(message), PLI_LINE_AS_IS,
		                             &limits);
		for (guint32 i = 0; i < pli_structure_get_n_parts(structure);
		     i++) {
			PliPart part;

			pli_structure_get_part(structure, i, &part);
			deepest = MAX(deepest, part.depth);
		}
		g_assert_cmpuint(deepest, ==, MIN(depth, 8));
		g_assert_cmpuint(
		        count_defects(structure, PLI_DEFECT_LIMIT_DEPTH), ==,
		        depth < 8 ? 1 : 0);
	}
}

/* Whatever limits.encodings says, sources never nest deeper than a stored
 * structure may. */
static void
test_levels(void)
{
	g_autoptr(GString) message = g_string_new("\r\nbody\r\n");
	PliLimits limits = pli_limits_default;
	g_autoptr(PliStructure) structure = NULL, opened = NULL, none = NULL;

	for (guint i = 0; i < PLI_STRUCTURE_SOURCE_LEVELS + 4; i++)
		wrap(message);
	limits.encodings = G_MAXUINT32;
	structure =
	        pli_parser_parse(get_slice(message), PLI_LINE_AS_IS, &limits);
	opened = pli_structure_open(pli_structure_get_bytes(structure), NULL);
	g_assert_nonnull(opened);
	g_assert_cmpuint(pli_structure_get_n_sources(opened), ==,
	                 PLI_STRUCTURE_SOURCE_LEVELS);
	g_assert_cmpuint(count_defects(opened, PLI_DEFECT_LIMIT_ENCODINGS), ==,
	                 1);
	g_assert_true(pli_structure_get_flags(opened) & PLI_STRUCTURE_LIMITED);
	limits.encodings = 0;
	none = pli_parser_parse(get_slice(message), PLI_LINE_AS_IS, &limits);
	g_assert_cmpuint(pli_structure_get_n_sources(none), ==, 0);
	g_assert_cmpuint(pli_structure_get_n_parts(none), ==, 1);
	g_assert_cmpuint(count_defects(none, PLI_DEFECT_LIMIT_ENCODINGS), ==,
	                 1);
}

/* Three encoded messages with ten parts each, under ever smaller limits. */
static GString *
make_many_parts(void)
{
	GString *message = g_string_new(
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n");

	for (guint i = 0; i < 3; i++) {
		g_autoptr(GString) inside = g_string_new(
			"Content-Type: multipart/mixed; boundary=i\r\n\r\n");

		for (guint n = 0; n < 10; n++)
			g_string_append(inside, "--i\r\nA: 1\r\nB : 2\r\n"
						"Content-ID: <x>\r\n\r\nx\r\n");
		wrap(inside);
		g_string_append(message, "--b\r\n");
		g_string_append_len(message, inside->str, inside->len);
	}
	g_string_append(message, "--b--\r\n");
	return message;
}

static void
test_totals(void)
{
	g_autoptr(GString) message = make_many_parts();
	g_autoptr(PliStructure) all = pli_parser_parse(get_slice(message),
	                                               PLI_LINE_AS_IS, NULL);
	guint32 n_parts = pli_structure_get_n_parts(all);
	guint32 n_fields = pli_structure_get_n_fields(all);
	guint32 n_defects = pli_structure_get_n_defects(all);

	g_assert_cmpuint(n_parts, ==, 1 + 3 * 12);
	g_assert_cmpuint(n_fields, ==, 1 + 3 * (2 + 1 + 30));
	for (guint32 n = 1; n < 120; n++) {
		PliLimits limits = pli_limits_default;
		g_autoptr(PliStructure) structure = NULL, opened = NULL;

		limits.parts = limits.fields = limits.defects = n;
		limits.string_octets = 16 * n;
		structure = pli_parser_parse(get_slice(message),
		                             PLI_LINE_AS_IS, &limits);
		opened = pli_structure_open(pli_structure_get_bytes(structure),
		                            NULL);
		g_assert_nonnull(opened);
		/* each level may have one that takes the rest */
		g_assert_cmpuint(pli_structure_get_n_parts(opened), <=,
		                 MIN(n + 2, n_parts));
		g_assert_cmpuint(pli_structure_get_n_fields(opened), <=,
		                 MIN(n, n_fields));
		g_assert_cmpuint(pli_structure_get_n_defects(opened), <=, n);
		if (n < n_parts || n < n_fields || n < n_defects)
			g_assert_true(pli_structure_get_flags(opened) &
			              PLI_STRUCTURE_LIMITED);
	}
}

/* Memory holds no octets of what is inside. */
static void
test_memory(void)
{
	g_autoptr(GString) message = g_string_new("Subject: x\r\n\r\n");
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) structure = NULL;
	gsize most = 0;

	for (guint i = 0; i < 100000; i++)
		g_string_append(message, "some text of a body\r\n");
	for (guint i = 0; i < 4; i++)
		wrap(message);
	for (gsize at = 0; at < message->len; at += 5000) {
		gsize n = MIN(5000, message->len - at);

		pli_parser_scan(parser, pli_slice_new(message->str + at, n));
		most = MAX(most, pli_parser_get_memory(parser));
	}
	structure = finish(parser, PLI_FINISH_COMPLETE);
	g_assert_cmpuint(pli_structure_get_n_sources(structure), ==, 4);
	g_assert_cmpuint(pli_structure_get_source_length(structure, 4), ==,
	                 14 + 100000 * 21);
	g_assert_cmpuint(most, <, 256 * 1024);
}

/* Cut off, started over and freed at every octet. */
static void
test_abort(void)
{
	g_autoptr(GString) message = g_string_new("Subject: x\r\n\r\nbody\r\n");
	g_autoptr(PliParser) again = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) whole = NULL, same = NULL;

	wrap(message);
	wrap(message);
	for (gsize n = 0; n <= message->len; n++) {
		g_autoptr(PliParser) parser =
		        pli_parser_new(PLI_LINE_AS_IS, NULL);
		g_autoptr(PliStructure) cut = NULL, opened = NULL;
		PliSlice octets = pli_slice_new(message->str, n);

		pli_parser_scan(parser, octets);
		pli_parser_scan(again, octets);
		pli_parser_reset(again);
		if (n % 3 == 0)
			continue;
		cut = finish(parser, PLI_FINISH_ABORTED);
		opened =
		        pli_structure_open(pli_structure_get_bytes(cut), NULL);
		g_assert_nonnull(opened);
		g_assert_true(pli_structure_get_flags(opened) &
		              PLI_STRUCTURE_INCOMPLETE);
		g_assert_cmpuint(count_defects(opened,
		                               PLI_DEFECT_TRUNCATED_MESSAGE),
		                 ==, 1);
	}
	pli_parser_scan(again, get_slice(message));
	same = finish(again, PLI_FINISH_COMPLETE);
	whole = pli_parser_parse(get_slice(message), PLI_LINE_AS_IS, NULL);
	g_assert_true(g_bytes_equal(pli_structure_get_bytes(same),
	                            pli_structure_get_bytes(whole)));
}

static void
test_derive(void)
{
	static const char fields[] =
		"Return-Path: <>\r\nReceived: by x;\r\n\t1\r\n";
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();
	guint n = 0;

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *octets = NULL;
		gsize len;

		g_assert_true(g_file_get_contents(files->pdata[i], &octets,
		                                  &len, NULL));
		for (PliLineMode mode = PLI_LINE_AS_IS;
		     mode <= PLI_LINE_LF_FILE; mode++) {
			g_autoptr(GString) edited = g_string_new(fields);
			g_autoptr(PliStructure) before = pli_parser_parse(
			        pli_slice_new(octets, len), mode, NULL);
			g_autoptr(PliStructure) derived = NULL, scanned = NULL;

			if (pli_structure_get_n_sources(before) == 0)
				continue;
			g_string_append_len(edited, octets, len);
			derived = pli_derive_prepend(
			        before, pli_slice_from_string(fields), NULL,
			        NULL);
			g_assert_nonnull(derived);
			scanned = pli_parser_parse(get_slice(edited), mode,
			                           NULL);
			g_assert_true(g_bytes_equal(
			        pli_structure_get_bytes(derived),
			        pli_structure_get_bytes(scanned)));
			n++;
		}
	}
	g_assert_cmpuint(n, >=, 20);
}

/* A record of a stored structure's section, from its start. */
static guint8 *
find_record(guint8 *data, guint32 id, guint32 index)
{
	for (guint32 i = 0; i < pli_load32(data + PLI_HEAD_N_SECTIONS); i++) {
		guint8 *entry = data + PLI_HEAD_SIZE +
		                i * PLI_DIRECTORY_ENTRY_SIZE;

		if (pli_load32(entry) == id)
			return data + pli_load32(entry + 8) +
			       index * pli_load32(entry + 4);
	}
	g_assert_not_reached();
}

/* Sources that are not what the parts say, under a right checksum. */
static void
test_forged(void)
{
	static const struct {
		guint32 section, index, at, value;
	} rows[] = {
	        {PLI_SECTION_SOURCES, 0, PLI_SOURCE_AT_PART, 1},
	        {PLI_SECTION_SOURCES, 0, PLI_SOURCE_AT_PART, 9},
	        {PLI_SECTION_SOURCES, 1, PLI_SOURCE_AT_PART, 0},
	        {PLI_SECTION_SOURCES, 0, PLI_SOURCE_AT_OUTER, 1},
	        {PLI_SECTION_SOURCES, 1, PLI_SOURCE_AT_OUTER, 0},
	        {PLI_SECTION_SOURCES, 1, PLI_SOURCE_AT_OUTER, 2},
	        {PLI_SECTION_SOURCES, 1, PLI_SOURCE_AT_OUTER, 3},
	        {PLI_SECTION_SOURCES, 0, PLI_SOURCE_AT_ENCODING, 3},
	        {PLI_SECTION_SOURCES, 0, PLI_SOURCE_AT_ENCODING, 0},
	        {PLI_SECTION_SOURCES, 0, PLI_SOURCE_AT_LENGTH, 5},
	        {PLI_SECTION_SOURCES, 1, PLI_SOURCE_AT_LENGTH, 5},
	        {PLI_SECTION_PARTS, 0, PLI_PART_AT_SOURCE, 1},
	        {PLI_SECTION_PARTS, 1, PLI_PART_AT_SOURCE, 0},
	        {PLI_SECTION_PARTS, 1, PLI_PART_AT_SOURCE, 2},
	        {PLI_SECTION_PARTS, 2, PLI_PART_AT_SOURCE, 3},
	        {PLI_SECTION_PARTS, 2, PLI_PART_AT_SOURCE, G_MAXUINT32},
	        {PLI_SECTION_FIELD_TABLE, 0, PLI_FIELD_AT_SOURCE, 3},
	        {PLI_SECTION_DEFECTS, 0, PLI_DEFECT_AT_SOURCE, 3},
	};
	g_autoptr(GString) message = g_string_new("Subject: x\r\n\r\nbody\r\n");
	g_autoptr(PliStructure) structure = NULL;
	gconstpointer data;
	gsize len;

	wrap(message);
	wrap(message);
	structure = pli_parser_parse(get_slice(message), PLI_LINE_AS_IS, NULL);
	g_assert_cmpuint(pli_structure_get_n_parts(structure), ==, 3);
	data = g_bytes_get_data(pli_structure_get_bytes(structure), &len);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree guint8 *copy = g_memdup2(data, len);
		g_autoptr(GBytes) bytes = g_bytes_new_static(copy, len);
		g_autoptr(GError) error = NULL;
		guint8 *p = find_record(copy, rows[i].section, rows[i].index) +
		            rows[i].at;

		g_assert_cmpuint(pli_load32(p), !=, rows[i].value);
		pli_store32(p, rows[i].value);
		pli_store64(copy + PLI_HEAD_CHECKSUM,
		            pli_structure_compute_checksum(copy, len));
		if (pli_structure_open(bytes, &error) != NULL)
			g_error("row %" G_GSIZE_FORMAT " was accepted", i);
		g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/parser-inner/counted", test_counted);
	g_test_add_func("/engine/parser-inner/depth", test_depth);
	g_test_add_func("/engine/parser-inner/levels", test_levels);
	g_test_add_func("/engine/parser-inner/totals", test_totals);
	g_test_add_func("/engine/parser-inner/memory", test_memory);
	g_test_add_func("/engine/parser-inner/abort", test_abort);
	g_test_add_func("/engine/parser-inner/derive", test_derive);
	g_test_add_func("/engine/parser-inner/forged", test_forged);
	return g_test_run();
}
