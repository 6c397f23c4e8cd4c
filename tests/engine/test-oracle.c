/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part trees against GMime's: the fixtures, and the shared corpus. Messages
 * with an ambiguity defect are left out, since that is what the defect says;
 * so are those at a limit, and those GMime's parser should not be given.
 */
#include "engine/parser.h"
#include "tests/lib/corpus.h"

#include <gmime/gmime.h>

/* strict.md rows without an ambiguity defect on which GMime differs: it drops
 * a part whose header runs to the end of the message, and opens message/news.
 * GMime reads addresses recursively: no header field longer than this. */
#define VETTED_FIELD_OCTETS 16384

static gboolean
is_vetted(const PliStructure *structure)
{
	const guint32 out = PLI_STRUCTURE_AMBIGUOUS | PLI_STRUCTURE_LIMITED |
	                    PLI_STRUCTURE_INCOMPLETE;

	if (pli_structure_get_flags(structure) & out)
		return FALSE;
	for (guint32 i = 0; i < pli_structure_get_n_fields(structure); i++) {
		PliField field;

		pli_structure_get_field(structure, i, &field);
		if (field.span.length > VETTED_FIELD_OCTETS)
			return FALSE;
	}
	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (defect.id == PLI_DEFECT_HEADER_UNTERMINATED)
			return FALSE;
	}
	return pli_structure_get_length(structure) > 0;
}

static void
put_line(GString *out, guint depth, const char *type)
{
	g_string_append_printf(out, "%*s%s\n", (int)(2 * depth), "", type);
}

static void
put_pli(GString *out, const PliStructure *structure)
{
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliSlice type, subtype;
		g_autofree char *both = NULL;
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.flags & PLI_PART_SYNTHETIC)
			continue;
		pli_structure_get_type(structure, &part, &type, &subtype);
		both = g_strdup_printf("%.*s/%.*s", (int)type.len, type.data,
		                       (int)subtype.len, subtype.data);
		put_line(out, part.depth, both);
	}
}

typedef struct {
	GMimeObject *object;
	guint depth;
} Visit;

static void
push_visit(GArray *stack, GMimeObject *object, guint depth)
{
	Visit visit = {object, depth};

	if (object != NULL)
		g_array_append_val(stack, visit);
}

static void
put_gmime(GString *out, GMimeMessage *message)
{
	g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(Visit));

	push_visit(stack, g_mime_message_get_mime_part(message), 0);
	while (stack->len > 0) {
		Visit v = g_array_index(stack, Visit, stack->len - 1);
		g_autofree char *type = g_mime_content_type_get_mime_type(
		        g_mime_object_get_content_type(v.object));
		g_autofree char *lower = g_ascii_strdown(type, -1);

		g_array_set_size(stack, stack->len - 1);
		put_line(out, v.depth, lower);
		if (GMIME_IS_MULTIPART(v.object)) {
			GMimeMultipart *m = GMIME_MULTIPART(v.object);

			for (int i = g_mime_multipart_get_count(m); i > 0; i--)
				push_visit(stack,
				           g_mime_multipart_get_part(m, i - 1),
				           v.depth + 1);
		} else if (GMIME_IS_MESSAGE_PART(v.object) &&
		           strcmp(lower, "message/news") != 0) {
			GMimeMessage *inner = g_mime_message_part_get_message(
			        GMIME_MESSAGE_PART(v.object));

			if (inner != NULL)
				push_visit(stack,
				           g_mime_message_get_mime_part(inner),
				           v.depth + 1);
		}
	}
}

static GMimeMessage *
parse_gmime(PliSlice message)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(
	        (const char *)message.data, message.len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *result = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return result;
}

/* TRUE when compared. */
static gboolean
compare(const char *path, PliSlice message, guint *n_different)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(message, PLI_LINE_LF_FILE, NULL);
	g_autoptr(GString) ours = g_string_new(NULL);
	g_autoptr(GString) theirs = g_string_new(NULL);
	GMimeMessage *parsed;

	if (!is_vetted(structure))
		return FALSE;
	parsed = parse_gmime(message);
	if (parsed == NULL)
		return FALSE;
	put_pli(ours, structure);
	put_gmime(theirs, parsed);
	g_object_unref(parsed);
	if (strcmp(ours->str, theirs->str) != 0) {
		g_test_message("%s:\npli:\n%sgmime:\n%s", path, ours->str,
		               theirs->str);
		(*n_different)++;
	}
	return TRUE;
}

static void
compare_all(GPtrArray *files)
{
	guint n_compared = 0, n_different = 0;

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *octets = NULL;
		gsize len;

		g_assert_true(g_file_get_contents(files->pdata[i], &octets,
		                                  &len, NULL));
		n_compared += compare(files->pdata[i],
		                      pli_slice_new(octets, len), &n_different);
	}
	g_test_message("%u of %u compared", n_compared, files->len);
	g_assert_cmpuint(n_compared, >, files->len / 3);
	g_assert_cmpuint(n_different, ==, 0);
}

static void
test_fixtures(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();

	compare_all(files);
}

static void
test_corpus(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list(".eml");

	if (files != NULL)
		compare_all(files);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_mime_init();
	g_test_add_func("/engine/oracle/fixtures", test_fixtures);
	g_test_add_func("/engine/oracle/corpus", test_corpus);
	return g_test_run();
}
