/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts to GMime's objects and back: types, names, header text and decoded
 * octets stay; hostile messages do no harm. The fixtures and the shared
 * corpus; those on which readers must agree are compared.
 */
#include "engine/gmime/bridge.h"

#include "engine/context.h"
#include "engine/gmime/leaf.h"
#include "engine/line-end.h"
#include "engine/param.h"
#include "engine/parser.h"
#include "engine/word.h"
#include "tests/lib/corpus.h"
#include "tests/lib/peer.h"

#define CEILING (64 * 1024 * 1024)

/* How many have to be compared, see test-oracle.c. */
#define LEAST_FIXTURES 15
#define LEAST_CORPUS 1000

static GBytes *
make_crlf(const char *octets, gsize len)
{
	PliLineEnd state = {FALSE};
	guint8 *out = g_malloc(PLI_LINE_END_BOUND(len));
	gsize n = pli_line_end_feed_crlf(&state, pli_slice_new(octets, len),
					 out);

	return g_bytes_new_take(out, n);
}

static void
append_item(GString *out, PliContext *context, const PliStructure *structure,
	    const PliPart *part, PliItemKind kind)
{
	g_autofree char *text = NULL;
	PliItem item;

	if (!pli_structure_find_item(structure, part, kind, &item))
		return;
	text = pli_word_decode_dup(context, item.value);
	g_string_append_printf(out, " %d:%s", kind, g_strstrip(text));
}

/* GMime ends the text of a message inside with a line end, if there is none. */
static GBytes *
cut_line_end(const PliPart *part, GBytes *octets)
{
	gsize len = g_bytes_get_size(octets);
	const char *data = g_bytes_get_data(octets, NULL);

	if (part->flags & PLI_PART_IS_MESSAGE && part->depth > 0 && len >= 2 &&
	    memcmp(data + len - 2, "\r\n", 2) == 0)
		len -= 2;
	return g_bytes_new_from_bytes(octets, 0, len);
}

/* A line a part: all that is to be the same afterwards. */
static char *
describe(const PliStructure *structure, PliSource *source)
{
	g_autoptr(PliContext) context = pli_context_new();
	GString *out = g_string_new(NULL);
	guint32 n = pli_structure_get_n_parts(structure);
	g_auto(PliLeafSources) sources = {.made = NULL};

	pli_leaf_sources_init(&sources, structure, source);
	for (guint32 i = 0; i < n; i++) {
		g_autofree char *name = NULL, *sum = NULL;
		g_autoptr(GBytes) octets = NULL, text = NULL;
		PliSlice type, subtype;
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.flags & PLI_PART_SYNTHETIC)
			continue;
		pli_structure_get_type(structure, &part, &type, &subtype);
		name = pli_param_decode_filename(context, structure, &part,
						 NULL);
		g_string_append_printf(out, "%u %.*s/%.*s name=%s", part.depth,
				       (int)type.len, type.data,
				       (int)subtype.len, subtype.data,
				       name != NULL ? name : "-");
		append_item(out, context, structure, &part, PLI_ITEM_SUBJECT);
		append_item(out, context, structure, &part,
			    PLI_ITEM_DISPOSITION);
		if (part.kind == PLI_PART_LEAF) {
			octets = pli_leaf_read(&sources, i, CEILING, NULL);
			g_assert_nonnull(octets);
			text = cut_line_end(&part, octets);
			sum = g_compute_checksum_for_bytes(G_CHECKSUM_MD5,
							   text);
			g_string_append_printf(out, " %s", sum);
		}
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

/* TRUE when it was compared. */
static gboolean
check_message(const char *path, const char *data, gsize len,
	      guint *n_different)
{
	g_autoptr(GBytes) octets = make_crlf(data, len);
	g_autoptr(PliSource) source = pli_source_new_bytes(octets);
	g_autoptr(PliStructure) structure = NULL, again = NULL;
	g_autoptr(PliSource) other = NULL;
	g_autoptr(GBytes) back = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *before = NULL, *after = NULL;
	GMimeObject *object;
	PliSlice slice;

	slice.data = g_bytes_get_data(octets, &slice.len);
	structure = pli_parser_parse(slice, PLI_LINE_AS_IS, NULL);
	object = pli_bridge_new_object(
		structure, source, 0,
		pli_structure_get_n_sources(structure) > 0 ? path : NULL);
	g_assert_true(GMIME_IS_MESSAGE(object));
	g_assert_true(pli_bridge_read_object(object, CEILING, &back, &again,
					     &error));
	g_object_unref(object);
	if (!pli_peer_is_vetted(structure, slice))
		return FALSE;
	other = pli_source_new_bytes(back);
	before = describe(structure, source);
	after = describe(again, other);
	if (strcmp(before, after) != 0) {
		g_test_message("%s:\nbefore:\n%safter:\n%s", path, before,
			       after);
		(*n_different)++;
	}
	return TRUE;
}

static void
check_all(GPtrArray *files, guint least)
{
	guint n_compared = 0, n_different = 0;

	for (guint i = 0; i < files->len; i++) {
		const char *path = g_ptr_array_index(files, i);
		g_autofree char *data = NULL;
		gsize len;

		g_assert_true(g_file_get_contents(path, &data, &len, NULL));
		n_compared += check_message(path, data, len, &n_different);
	}
	g_test_message("%u of %u messages compared", n_compared, files->len);
	g_assert_cmpuint(n_different, ==, 0);
	g_assert_cmpuint(n_compared, >=, least);
}

static void
test_fixtures(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();

	check_all(files, LEAST_FIXTURES);
}

static void
test_corpus(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list(".eml");

	if (files != NULL)
		check_all(files, LEAST_CORPUS);
}

static const char nested[] =
	"From: =?utf-8?q?=C3=84nn?= <ann@example.org>\r\n"
	"To: g: a@example.org, (c) b@example.org;, c@example.org\r\n"
	"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
	"Date: Thu, 26 Nov 2026 12:00:00 +0000\r\n"
	"Message-ID: <1@example.org>\r\nX-Kept: as it is\r\n"
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
	"--o\r\nContent-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
	"--o\r\nContent-Type: message/rfc822\r\n\r\n"
	"Subject: inner\r\n\r\ninside\r\n"
	"--o\r\nContent-Type: image/png; name*=utf-8''%C3%84.png\r\n"
	"Content-ID: <c@d>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	"iVBORw0KGgo=\r\n--o--\r\n";

/* What a program on top of GMime gets to see. */
static void
test_object(void)
{
	g_autoptr(GBytes) octets =
		g_bytes_new_static(nested, sizeof nested - 1);
	g_autoptr(PliSource) source = pli_source_new_bytes(octets);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_from_string(nested), PLI_LINE_AS_IS, NULL);
	GMimeObject *object = pli_bridge_new_object(structure, source, 0, NULL);
	GMimeMessage *message = GMIME_MESSAGE(object);
	GMimeMultipart *mixed =
		GMIME_MULTIPART(g_mime_message_get_mime_part(message));
	GMimeObject *text, *inner, *image;
	InternetAddressList *to = g_mime_message_get_to(message);
	InternetAddress *group = internet_address_list_get_address(to, 0);
	g_autofree char *words = NULL;

	g_assert_cmpstr(g_mime_message_get_subject(message), ==,
			"Gr\303\274\303\237e");
	g_assert_cmpstr(g_mime_message_get_message_id(message), ==,
			"1@example.org");
	g_assert_cmpstr(internet_address_get_name(
				internet_address_list_get_address(
					g_mime_message_get_from(message), 0)),
			==, "\303\204nn");
	g_assert_cmpint(internet_address_list_length(to), ==, 2);
	g_assert_true(INTERNET_ADDRESS_IS_GROUP(group));
	g_assert_cmpint(internet_address_list_length(
				internet_address_group_get_members(
					INTERNET_ADDRESS_GROUP(group))),
			==, 2);
	g_assert_cmpstr(g_mime_object_get_header(object, "X-Kept"), ==,
			"as it is");
	g_assert_cmpint(g_mime_multipart_get_count(mixed), ==, 3);
	g_assert_cmpstr(g_mime_multipart_get_boundary(mixed), ==, "o");
	text = g_mime_multipart_get_part(mixed, 0);
	words = g_mime_text_part_get_text(GMIME_TEXT_PART(text));
	g_assert_cmpstr(words, ==, "Gr\303\274\303\237e");
	inner = g_mime_multipart_get_part(mixed, 1);
	g_assert_cmpstr(g_mime_message_get_subject(
				g_mime_message_part_get_message(
					GMIME_MESSAGE_PART(inner))),
			==, "inner");
	image = g_mime_multipart_get_part(mixed, 2);
	g_assert_cmpstr(g_mime_part_get_filename(GMIME_PART(image)), ==,
			"\303\204.png");
	g_assert_cmpstr(g_mime_object_get_content_id(image), ==, "c@d");
	g_object_unref(object);
}

/* A part alone, with boundaries of a seed. */
static void
test_part(void)
{
	g_autoptr(GBytes) octets =
		g_bytes_new_static(nested, sizeof nested - 1);
	g_autoptr(PliSource) source = pli_source_new_bytes(octets);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_from_string(nested), PLI_LINE_AS_IS, NULL);
	GMimeObject *object = pli_bridge_new_object(structure, source, 2, NULL);
	g_autoptr(PliStructure) again = NULL;
	g_autoptr(GBytes) back = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_true(GMIME_IS_MESSAGE_PART(object));
	g_object_unref(object);
	object = pli_bridge_new_object(structure, source, 0, "seed");
	g_assert_true(pli_bridge_read_object(object, CEILING, &back, &again,
					     &error));
	g_assert_cmpuint(pli_structure_get_n_parts(again), ==, 5);
	g_assert_null(g_strstr_len(g_bytes_get_data(back, NULL),
				   (gssize)g_bytes_get_size(back), "--o\r\n"));
	g_clear_pointer(&again, pli_structure_unref);
	g_clear_pointer(&back, g_bytes_unref);
	g_assert_false(pli_bridge_read_object(object, 100, &back, &again,
					      &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
	g_object_unref(object);
}

/* What GMime's own parser dies of. */
static void
test_hostile(void)
{
	GString *text = g_string_new("To: ");
	g_autoptr(GString) owned = text;
	guint n_different = 0;

	for (guint i = 0; i < 60000; i++)
		g_string_append(text, "g:");
	g_string_append(text, "\r\nCc: ");
	for (guint i = 0; i < 30000; i++)
		g_string_append(text, "(<\"");
	g_string_append(text, "\r\nReferences: ");
	for (guint i = 0; i < 30000; i++)
		g_string_append(text, "<(");
	g_string_append(text, "\r\nContent-Type: text/plain; ");
	for (guint i = 0; i < 30000; i++)
		g_string_append(text, "a*0*=\"");
	g_string_append(text, "\r\nContent-Disposition: ");
	for (guint i = 0; i < 30000; i++)
		g_string_append(text, "((;x=");
	g_string_append(text, "\r\n\r\nbody\r\n");
	check_message("hostile", text->str, text->len, &n_different);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_mime_init();
	g_test_add_func("/engine/bridge/object", test_object);
	g_test_add_func("/engine/bridge/part", test_part);
	g_test_add_func("/engine/bridge/hostile", test_hostile);
	g_test_add_func("/engine/bridge/fixtures", test_fixtures);
	g_test_add_func("/engine/bridge/corpus", test_corpus);
	return g_test_run();
}
