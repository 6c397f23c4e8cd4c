/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoded-source.h"

#include "engine/hash-priv.h"
#include "engine/parser.h"
#include "tests/lib/corpus.h"

/* A source that has nothing yet every other time it is asked, and then at
 * most three octets. */
typedef struct {
	PliSource base;
	PliSource *message;
	gboolean has_waited;
	gboolean never_waits;
} SlowSource;

static PliStep
slow_read_at(PliSource *source, guint64 offset, gsize max, PliSlice *ret_octets,
             GError **error)
{
	SlowSource *self = (SlowSource *)source;

	self->has_waited = !self->has_waited;
	if (self->has_waited && !self->never_waits)
		return PLI_STEP_WANT;
	return pli_source_read_at(self->message, offset, MIN(max, 3),
	                          ret_octets, error);
}

static guint64
slow_get_length(const PliSource *source)
{
	return pli_source_get_length(((const SlowSource *)source)->message);
}

static void
slow_free(PliSource *source)
{
	pli_source_unref(((SlowSource *)source)->message);
	g_free(source);
}

static const PliSourceClass slow_class = {
	.read_at = slow_read_at,
	.get_length = slow_get_length,
	.free = slow_free,
};

static PliSource *
slow_new(PliSource *message, gboolean never_waits)
{
	SlowSource *self = g_new0(SlowSource, 1);

	pli_source_init(&self->base, &slow_class);
	self->message = pli_source_ref(message);
	self->never_waits = never_waits;
	return &self->base;
}

static void
read_span(PliSource *source, PliSpan span, GByteArray *out)
{
	g_autoptr(GError) error = NULL;

	g_byte_array_set_size(out, 0);
	g_assert_cmpint(pli_source_read(source, span.offset, span.length, out,
	                                &error),
	                ==, PLI_STEP_READY);
	g_assert_no_error(error);
}

/* Every field and leaf of the source has the octets that were hashed when it
 * was scanned. The last part comes first, so that it starts over often. */
static guint
check_hashes(const PliStructure *structure, PliSource *source, guint32 index)
{
	g_autoptr(GByteArray) octets = g_byte_array_new();
	guint32 n_fields = pli_structure_get_n_fields(structure);
	guint n = 0;

	for (guint32 i = pli_structure_get_n_parts(structure); i-- > 0;) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.body.source != index || part.kind != PLI_PART_LEAF)
			continue;
		read_span(source, part.body, octets);
		g_assert_cmpuint(part.body_hash, ==,
		                 pli_hash_octets(pli_slice_new(octets->data,
		                                               octets->len)));
		n++;
	}
	for (guint32 i = 0; i < n_fields; i++) {
		PliField field;

		pli_structure_get_field(structure, i, &field);
		if (field.span.source != index)
			continue;
		read_span(source, field.span, octets);
		g_assert_cmpuint(field.hash, ==,
		                 pli_hash_add_crc(
		                         0, pli_slice_new(octets->data,
		                                          octets->len)));
		n++;
	}
	return n;
}

/* The same octets by single steps, with waits, as in one go. */
static void
check_waits(PliSource *source, PliSource *slow)
{
	g_autoptr(GByteArray) whole = g_byte_array_new();
	PliSpan all = {0, 0, pli_source_get_length(source)};
	guint64 at = 0;

	read_span(source, all, whole);
	while (at < all.length) {
		PliSlice octets;
		PliStep step =
		        pli_source_read_at(slow, at, 2, &octets, NULL);

		g_assert_cmpint(step, !=, PLI_STEP_FAIL);
		if (step == PLI_STEP_WANT)
			continue;
		g_assert_cmpuint(octets.len, >, 0);
		g_assert_cmpmem(octets.data, octets.len, whole->data + at,
		                octets.len);
		at += octets.len;
	}
	g_assert_cmpint(pli_source_get_fd(source, &at), ==, -1);
}

static guint
check_message(const char *path, PliLineMode mode)
{
	g_autofree char *octets = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(PliSource) message = NULL, waits = NULL, trickle = NULL;
	g_autoptr(PliStructure) structure = NULL;
	guint n = 0;
	gsize len;

	g_assert_true(g_file_get_contents(path, &octets, &len, NULL));
	bytes = g_bytes_new_static(octets, len);
	message = pli_source_new_bytes(bytes);
	waits = slow_new(message, FALSE);
	trickle = slow_new(message, TRUE);
	structure = pli_parser_parse(pli_slice_new(octets, len), mode, NULL);
	for (guint32 k = 1; k <= pli_structure_get_n_sources(structure); k++) {
		g_autoptr(PliSource) source =
		        pli_decoded_source_new(structure, message, k);
		g_autoptr(PliSource) slow =
		        pli_decoded_source_new(structure, waits, k);
		g_autoptr(PliSource) slower =
		        pli_decoded_source_new(structure, trickle, k);

		n += check_hashes(structure, source, k);
		n += check_hashes(structure, slower, k);
		check_waits(source, slow);
	}
	return n;
}

static void
test_golden(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();
	guint n = 0;

	for (guint i = 0; i < files->len; i++) {
		n += check_message(files->pdata[i], PLI_LINE_AS_IS);
		n += check_message(files->pdata[i], PLI_LINE_LF_FILE);
	}
	g_assert_cmpuint(n, >, 100);
}

/* The same message in LF and in CRLF lines has the same inside. */
static void
test_line_ends(void)
{
	static const char crlf[] =
		"Content-Type: message/rfc822\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		"Subject: a=\r\nb\r\n\r\n=41\r\n";
	g_autofree char *lf = g_malloc(sizeof crlf);
	g_autoptr(GByteArray) octets = g_byte_array_new();
	gsize n = 0;

	for (gsize i = 0; i + 1 < sizeof crlf; i++)
		if (crlf[i] != '\r')
			lf[n++] = crlf[i];
	for (guint in_lf = 0; in_lf < 2; in_lf++) {
		PliSlice text = in_lf ? pli_slice_new(lf, n)
		                      : pli_slice_from_string(crlf);
		g_autoptr(GBytes) bytes =
		        g_bytes_new_static(text.data, text.len);
		g_autoptr(PliSource) message = pli_source_new_bytes(bytes);
		g_autoptr(PliStructure) structure =
		        pli_parser_parse(text, PLI_LINE_LF_FILE, NULL);
		g_autoptr(PliSource) source =
		        pli_decoded_source_new(structure, message, 1);
		PliPart inside;

		g_assert_cmpuint(pli_source_get_length(source), ==, 18);
		read_span(source, (PliSpan){0, 0, 18}, octets);
		g_assert_cmpmem(octets->data, octets->len,
		                "Subject: ab\r\n\r\nA\r\n", 18);
		pli_structure_get_part(structure, 1, &inside);
		g_assert_cmpuint(inside.body_bare_lf, ==, 0);
		g_assert_cmpuint(
		        pli_structure_get_served_body(structure, &inside), ==,
		        3);
	}
}

static void
test_changed_message(void)
{
	static const char text[] = "Content-Type: message/rfc822\r\n"
				   "Content-Transfer-Encoding: base64\r\n\r\n"
				   "U3ViamVjdDogaGkKCmJvZHkK\r\n";
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_from_string(text), PLI_LINE_AS_IS, NULL);
	g_autofree char *other = g_strdup(text);
	g_autoptr(GByteArray) octets = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(PliSource) message = NULL, source = NULL;

	memset(strstr(other, "U3V"), '!', 8);
	bytes = g_bytes_new_static(other, strlen(other));
	message = pli_source_new_bytes(bytes);
	source = pli_decoded_source_new(structure, message, 1);
	g_assert_cmpint(pli_source_read(source, 0, 18, octets, &error), ==,
	                PLI_STEP_FAIL);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_IO);
	g_clear_error(&error);
	g_assert_cmpint(pli_source_read(source, 17, 1, octets, &error), ==,
	                PLI_STEP_FAIL);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_IO);
}

static void
test_message_itself(void)
{
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        PLI_SLICE_LITERAL("A: b\r\n\r\n"), PLI_LINE_AS_IS, NULL);
	g_autoptr(GBytes) bytes = g_bytes_new_static("A: b\r\n\r\n", 8);
	g_autoptr(PliSource) message = pli_source_new_bytes(bytes);
	g_autoptr(PliSource) same =
	        pli_decoded_source_new(structure, message, 0);

	g_assert_true(same == message);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/decoded-source/golden", test_golden);
	g_test_add_func("/engine/decoded-source/line-ends", test_line_ends);
	g_test_add_func("/engine/decoded-source/changed-message",
	                test_changed_message);
	g_test_add_func("/engine/decoded-source/message-itself",
	                test_message_itself);
	return g_test_run();
}
